"""Where a value lies on the axis."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from exporter.charts.chart import Chart, Kind, drawable
from exporter.charts.ticks import decades, linear_ticks
from exporter.charts.units import Unit

# Room above the highest value.
_HEADROOM: Final = 0.04
_FOUR_DECADES: Final = 1e-4
_WHOLE: Final = (Unit.COUNT, Unit.BYTES)


@dataclass(frozen=True, slots=True)
class Scale:
    """The axis of values, from `low` at the bottom to `high` at the top."""

    ticks: Sequence[float]
    low: float
    high: float
    is_log: bool = False

    def place(self, value: float) -> float:
        """Where a value lies, from 0 (top) to 1 (bottom); what is beyond lies outside of these."""
        if not self.is_log:
            return (self.high - value) / (self.high - self.low)
        if value <= self.low:
            return 1.0
        return math.log10(self.high / value) / math.log10(self.high / self.low)

    def heights(self, values: Iterable[float], height: int) -> list[int]:
        """How far below the top numbers lie that are on the axis, in whole parts of `height`."""
        high, factor = self.high, height / (self.high - self.low)
        if self.is_log:
            place = self.place
            return [round(min(1.0, max(0.0, place(value))) * height) for value in values]
        ys = [round((high - value) * factor) for value in values]
        if ys and (min(ys) < 0 or max(ys) > height):
            return [min(height, max(0, y)) for y in ys]
        return ys


def scale_of(chart: Chart, values: Iterable[float]) -> Scale:
    """Return the scale on which these values, none of them NaN, and the chart's thresholds can be seen."""
    seen = list(values)
    if chart.kind is Kind.LOGARITHMIC:
        return _logarithmic(chart, [value for value in seen if value > 0])
    is_whole = chart.unit in _WHOLE and all(value == int(value) for value in seen)
    seen += [value for one in chart.thresholds if not math.isnan(value := drawable(one.value))]
    low, high = min(seen, default=0.0), max(seen, default=1.0)
    if chart.is_from_zero or chart.kind in (Kind.AREA, Kind.STACKED):
        low, high = min(0.0, low), max(0.0, high)
    elif not high - low > abs(high) * 1e-3:
        # What hardly moves is drawn flat, in the middle.
        low, high = low - (abs(low) or 1) / 10, high + (abs(high) or 1) / 10
    if chart.highest is None and not (chart.unit is Unit.RATIO and high == 1.0):
        high += (high - low) * _HEADROOM
    low = low if chart.lowest is None else min(low, chart.lowest)
    high = high if chart.highest is None else max(high, chart.highest)
    binary = chart.unit in (Unit.BYTES, Unit.BYTES_PER_SECOND)
    ticks = linear_ticks(low, high, binary=binary, is_whole=is_whole)
    return Scale(ticks, ticks[0], max(high, ticks[-1]))


def _logarithmic(chart: Chart, values: Sequence[float]) -> Scale:
    high = max(values, default=1.0)
    # What is far below the rest lies at the bottom, so that the rest can be seen.
    low = max(min(values, default=0.1), high * _FOUR_DECADES)
    high = max([high, low, *(drawable(one.value) for one in chart.thresholds if one.value > 0)])
    ticks = decades(low, high)
    return Scale(ticks, ticks[0], ticks[-1], is_log=True)
