"""A chart computed: the values of its series at even distances, and where they lie."""

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from exporter.charts.chart import Chart, Kind, Series
from exporter.charts.resampling import GAP, resample
from exporter.charts.scale import Scale, scale_of

MOST_LINES: Final = 8
_OTHER: Final = "other"
_GREY: Final = 8


@dataclass(frozen=True, slots=True)
class Line:
    """One series with a value for each step; NaN is a gap."""

    series: Series
    values: "array[float]"

    @property
    def known(self) -> Sequence[float]:
        """The values that there are."""
        return [value for value in self.values if not math.isnan(value)]


@dataclass(frozen=True, slots=True)
class Drawing:
    """The lines of a chart with their scale; `hidden` is how many were left out or summed up."""

    chart: Chart
    lines: Sequence[Line]
    scale: Scale
    hidden: int


def compute(chart: Chart) -> Drawing:
    """Return what is to be drawn: the largest series, of a stack the others as one."""
    lines = [Line(one, resample(chart, one.points)) for one in chart.series]
    hidden = 0
    if len(lines) > MOST_LINES:
        ranked = sorted(lines, key=_size, reverse=True)
        kept = set(map(id, ranked[: MOST_LINES - 1]))
        rest = [line for line in lines if id(line) not in kept]
        hidden = len(rest)
        lines = [line for line in lines if id(line) in kept]
        if chart.kind is Kind.STACKED:
            lines.append(_sum_of(rest))
    return Drawing(chart, lines, scale_of(chart, _extent(chart, lines)), hidden)


def total(lines: Sequence[Line]) -> "array[float]":
    """Return the sum of lines, where any of them has a value."""
    found = array("d", [GAP]) * max((len(line.values) for line in lines), default=0)
    for line in lines:
        for index, value in enumerate(line.values):
            if not math.isnan(value):
                found[index] = value if math.isnan(found[index]) else found[index] + value
    return found


def _extent(chart: Chart, lines: Sequence[Line]) -> Sequence[float]:
    if chart.kind is Kind.STACKED:
        return total(lines)
    return [value for line in lines for value in line.values]


def _size(line: Line) -> float:
    known = line.known
    return max(known[-1], sum(known) / len(known)) if known else -math.inf


def _sum_of(rest: Sequence[Line]) -> Line:
    series = replace(rest[0].series, name=f"{_OTHER}, {len(rest)}", colour=_GREY, points=())
    return Line(series, total(rest))
