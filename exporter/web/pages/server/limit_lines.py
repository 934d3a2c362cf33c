"""Limits on a chart: thresholds that are near to what the lines reach, as dotted lines where they move."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from exporter.charts import Chart, Kind, Series, Threshold
from exporter.charts.colours import GREY
from exporter.web.pages.server.limits import Limit

# What is further away would press the lines flat.
_NEAR: Final = 2.0
_NEAR_LOGARITHMIC: Final = 20.0
_ABOVE: Final = (">", ">=")


def with_limits(chart: Chart, limits: Sequence[Limit]) -> tuple[Chart, Sequence[str]]:
    """The chart with the limits that can be seen on it, and the texts of the others."""
    reach = _reach(chart)
    thresholds, lines, beyond = list(chart.thresholds), list(chart.series), []
    taken = {one.value for one in thresholds}
    for one in limits:
        if not _is_near(one, chart, reach):
            beyond.append(one.text)
        elif one.value is None:
            lines.append(Series(one.rule, one.points, GREY, is_forecast=True, note=one.text))
        elif one.value not in taken:
            taken.add(one.value)
            thresholds.append(Threshold(one.value, one.text, one.tone))
    return replace(chart, thresholds=thresholds, series=lines), beyond


def _reach(chart: Chart) -> float:
    """The highest value that there is on a chart anyway."""
    if chart.kind is Kind.STACKED:
        sums: dict[int, float] = {}
        for at_ms, value in _values(chart):
            sums[at_ms] = sums.get(at_ms, 0.0) + value
        highest = max(sums.values(), default=0.0)
    else:
        highest = max((value for _, value in _values(chart)), default=0.0)
    return max([highest, chart.highest or 0.0, *(one.value for one in chart.thresholds)])


def _values(chart: Chart) -> Iterable[tuple[int, float]]:
    return (point for one in chart.series for point in one.points)


def _is_near(limit: Limit, chart: Chart, reach: float) -> bool:
    lowest = chart.lowest or 0.0
    far = reach * (_NEAR_LOGARITHMIC if chart.kind is Kind.LOGARITHMIC else _NEAR)
    values = [value for _, value in limit.points]
    return lowest <= min(values) and max(values) <= far
