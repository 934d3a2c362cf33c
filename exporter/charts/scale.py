"""Where a value lies on the axis."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from exporter.charts.chart import Chart, Kind, drawable
from exporter.charts.ticks import decades, linear_ticks
from exporter.charts.units import Unit

# Room above the highest value.
_HEADROOM = 1.04
_FOUR_DECADES = 1e-4


@dataclass(frozen=True, slots=True)
class Scale:
    """The axis of values. `place` tells where a value lies, from 0 (top) to 1 (bottom)."""

    ticks: Sequence[float]
    place: Callable[[float], float]


def scale_of(chart: Chart, values: Iterable[float]) -> Scale:
    """Return the scale on which these values, and the chart's thresholds, can be seen."""
    seen = [value for value in values if not math.isnan(value)]
    if chart.kind is Kind.LOGARITHMIC:
        return _logarithmic(chart, [value for value in seen if value > 0])
    seen += [value for one in chart.thresholds if not math.isnan(value := drawable(one.value))]
    low, high = min(seen, default=0.0), max(seen, default=1.0)
    if chart.is_from_zero or chart.kind in (Kind.AREA, Kind.STACKED):
        low, high = min(0.0, low), max(0.0, high)
    elif not high - low > abs(high) * 1e-3:
        # What hardly moves is drawn flat, in the middle.
        low, high = low - (abs(low) or 1) / 10, high + (abs(high) or 1) / 10
    if chart.highest is None:
        high += (high - low) * (_HEADROOM - 1)
    low = low if chart.lowest is None else min(low, chart.lowest)
    high = high if chart.highest is None else max(high, chart.highest)
    ticks = linear_ticks(low, high, binary=chart.unit in (Unit.BYTES, Unit.BYTES_PER_SECOND))
    if chart.unit is Unit.RATIO and high <= 1.0 < ticks[-1]:
        ticks = [*(tick for tick in ticks if tick < 1), 1.0]
    bottom, top = ticks[0], ticks[-1]
    return Scale(ticks, lambda value: 1 - (value - bottom) / (top - bottom))


def _logarithmic(chart: Chart, values: Sequence[float]) -> Scale:
    high = max(values, default=1.0)
    # What is far below the rest lies at the bottom, so that the rest can be seen.
    low = max(min(values, default=0.1), high * _FOUR_DECADES)
    high = max([high, low, *(drawable(one.value) for one in chart.thresholds if one.value > 0)])
    ticks = decades(low, high)
    bottom, top = math.log10(ticks[0]), math.log10(ticks[-1])

    def place(value: float) -> float:
        if value <= ticks[0]:
            return 1.0
        return 1 - (math.log10(value) - bottom) / (top - bottom)

    return Scale(ticks, place)
