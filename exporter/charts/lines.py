"""A chart computed: the values of its series at even distances, and where they lie."""

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Final

from exporter.charts.chart import Chart, Kind, Series
from exporter.charts.colours import GREY, choose
from exporter.charts.resampling import GAP, resample, resample_together
from exporter.charts.scale import Scale, scale_of

MOST_LINES: Final = 8
_OTHER: Final = "other"


@dataclass(frozen=True, slots=True)
class Line:
    """One series with a value for each step; NaN is a gap. `known` are the values that there are."""

    series: Series
    values: "array[float]"
    known: Sequence[float]


@dataclass(frozen=True, slots=True)
class Drawing:
    """The lines of a chart with their scale; `hidden` is how many were left out or summed up.

    `tops` are the values up to which a line is drawn, in a stack on top of those before it.
    """

    chart: Chart
    lines: Sequence[Line]
    tops: Sequence[Sequence[float]]
    scale: Scale
    hidden: int


def compute(chart: Chart) -> Drawing:
    """Return what is to be drawn: the largest series, of a stack the others as one."""
    # A time without a length, or steps without one, have no places on an axis.
    end_ms, step_ms = max(chart.end_ms, chart.start_ms + 1), max(chart.step_ms, 1)
    chart = replace(chart, end_ms=end_ms, step_ms=step_ms)
    several = [one.points for one in chart.series]
    if chart.kind is Kind.STACKED:
        values = resample_together(chart, several)
    else:
        values = [resample(chart, points) for points in several]
    lines = [_line(*pair) for pair in zip(chart.series, values, strict=True)]
    kept, hidden = _largest(lines, is_stack=chart.kind is Kind.STACKED)
    kept = _coloured(kept)
    if chart.kind is not Kind.STACKED:
        extent = chain.from_iterable((min(line.known), max(line.known)) for line in kept if line.known)
        return Drawing(chart, kept, [line.values for line in kept], scale_of(chart, extent), hidden)
    tops = _tops(kept)
    return Drawing(chart, kept, tops, scale_of(chart, chain(*tops)), hidden)


def total(lines: Sequence[Line]) -> "array[float]":
    """Return the sum of lines, where any of them has a value."""
    found = array("d", [GAP]) * max((len(line.values) for line in lines), default=0)
    for line in lines:
        for index, value in enumerate(line.values):
            if not math.isnan(value):
                found[index] = value if math.isnan(found[index]) else found[index] + value
    return found


def _line(series: Series, values: "array[float]") -> Line:
    known = [value for value in values if value == value] if math.isnan(sum(values)) else values
    return Line(series, values, known)


def _coloured(lines: Sequence[Line]) -> Sequence[Line]:
    """A forecast has the colour of what it is about, so it takes none from the others."""
    measured = [line.series for line in lines if not line.series.is_forecast]
    colours = dict(zip(map(id, measured), choose([(one.name, one.colour) for one in measured]), strict=True))
    first = next(iter(colours.values()), 1)
    return [
        replace(
            line,
            series=replace(line.series, colour=colours.get(id(line.series), line.series.colour or first)),
        )
        for line in lines
    ]


def _largest(lines: Sequence[Line], *, is_stack: bool) -> tuple[Sequence[Line], int]:
    if len(lines) <= MOST_LINES:
        return lines, 0
    ranked = sorted(lines, key=_size, reverse=True)
    rest = ranked[MOST_LINES - 1 :]
    left_out = set(map(id, rest))
    kept = [line for line in lines if id(line) not in left_out]
    if is_stack:
        kept.append(_sum_of(rest))
    return kept, len(rest)


def _tops(lines: Sequence[Line]) -> Sequence[Sequence[float]]:
    """The upper edges of a stack; what is missing counts as nothing."""
    tops: list[list[float]] = []
    below = [0.0] * max((len(line.values) for line in lines), default=0)
    for line in lines:
        below = [
            low + value if value == value else low for low, value in zip(below, line.values, strict=True)
        ]
        tops.append(below)
    return tops


def _size(line: Line) -> float:
    return max(line.known[-1], sum(line.known) / len(line.known)) if line.known else -math.inf


def _sum_of(rest: Sequence[Line]) -> Line:
    series = replace(rest[0].series, name=f"{_OTHER}, {len(rest)}", colour=GREY, points=())
    return _line(series, total(rest))
