"""Points of a series as values at even distances, as many as can be seen; NaN is a gap.

Where there are more steps than can be seen, each pair of values stands for many: for the lowest and the
highest of them, in the order in which they came, so that no spike is lost.
"""

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from operator import itemgetter, sub
from typing import Final

from exporter.charts.chart import FURTHEST, Chart, Point, drawable

MOST_VALUES: Final = 220
GAP: Final = math.nan

BINS: Final = 90
"""Into so many parts the time is divided where there are more steps; each has two values."""
_NOTHING: Final = (None, None)
_LATE: Final = 1.5  # steps: nothing for longer is a gap
_time_of, _value_of = itemgetter(0), itemgetter(1)


def resample(chart: Chart, points: Sequence[Point]) -> "array[float]":
    """Return the values of one series."""
    points, values = _drawable(points)
    steps = _steps(chart)
    if steps >= MOST_VALUES:
        chosen = _extremes(values, _bounds(chart, points))
        return _bounded([GAP if index is None else values[index] for index in chosen])
    found = [GAP] * (steps + 1)
    times = list(map(_time_of, points))
    if _hangs_together(chart, times):
        first = round((times[0] - chart.start_ms) / chart.step_ms)
        found[first : first + len(values)] = values
        return _bounded(found)
    for at_ms, value in zip(times, values, strict=True):
        index = round((at_ms - chart.start_ms) / chart.step_ms)
        if 0 <= index <= steps:
            found[index] = value
    return _bounded(found)


def resample_together(chart: Chart, several: Sequence[Sequence[Point]]) -> "list[array[float]]":
    """Return the values of series that stand on each other, of the moments at which their sum is extreme."""
    if _steps(chart) < MOST_VALUES:
        return [resample(chart, points) for points in several]
    start_ms, step_ms = chart.start_ms, chart.step_ms
    by_step = [
        {round((at_ms - start_ms) / step_ms): value for at_ms, value in _drawable(points)[0]}
        for points in several
    ]
    sums: dict[int, float] = {}
    for values in by_step:
        for step, value in values.items():
            sums[step] = sums.get(step, 0.0) + value
    steps = sorted(sums)
    totals = [(start_ms + step * step_ms, sums[step]) for step in steps]
    chosen = _extremes([total for _, total in totals], _bounds(chart, totals))
    return [
        _bounded([GAP if index is None else values.get(steps[index], GAP) for index in chosen])
        for values in by_step
    ]


def thin(values: Sequence[float], most: int) -> Sequence[float]:
    """Return at most `most` of values at even distances, the lowest and the highest of each bin."""
    if len(values) <= most:
        return values
    bins, thinned = most // 2, []
    for index in range(bins):
        part = values[index * len(values) // bins : (index + 1) * len(values) // bins]
        known = [value for value in part if value == value]
        if known:
            low, high = min(known), max(known)
            thinned += [low, high] if known.index(low) <= known.index(high) else [high, low]
        else:
            thinned += [GAP, GAP]
    return thinned


def _steps(chart: Chart) -> int:
    return max(1, (chart.end_ms - chart.start_ms) // chart.step_ms)


def _drawable(points: Sequence[Point]) -> tuple[Sequence[Point], list[float]]:
    """Points without those that cannot be drawn, and their values."""
    values = list(map(_value_of, points))
    try:
        is_plain = math.isfinite(sum(values))
    except TypeError:  # None among them
        is_plain = False
    if not is_plain:
        points = [(at_ms, number) for at_ms, value in points if (number := drawable(value)) == number]
        values = list(map(_value_of, points))
    return points, values


def _bounded(values: Iterable[float]) -> "array[float]":
    """The values, none of them so far from 0 that a sum of some would be infinite."""
    found = array("d", values)
    if max(map(abs, found), default=0.0) < FURTHEST and math.isfinite(sum(found)):
        return found
    return array("d", [drawable(value) for value in found])


def _hangs_together(chart: Chart, times: Sequence[int]) -> bool:
    """Whether there is one value for each step from the first to the last of them, all within the chart."""
    return (
        len(times) > 0
        and times[0] >= chart.start_ms
        and times[-1] <= chart.end_ms
        and times[-1] - times[0] == (len(times) - 1) * chart.step_ms
        and max(map(sub, times[1:], times), default=0) <= _LATE * chart.step_ms
    )


def _bounds(chart: Chart, points: Sequence[Point]) -> Sequence[int]:
    """The indices at which the bins of time begin, and that at which the last of them ends."""
    if points:
        bounds, expected = _even_bounds(
            chart.start_ms, chart.end_ms, chart.step_ms, points[0][0], len(points)
        )
        if all(points[index][0] == at_ms for index, at_ms in expected):
            return bounds
    return [
        *(bisect_left(points, edge, key=_time_of) for edge in _edges(chart.start_ms, chart.end_ms)),
        bisect_right(points, chart.end_ms, key=_time_of),
    ]


def _edges(start_ms: int, end_ms: int) -> list[int]:
    # Whole numbers: they are compared three times as fast as those of two types.
    return [start_ms + (end_ms - start_ms) * number // BINS for number in range(BINS)]


@lru_cache(maxsize=64)
def _even_bounds(
    start_ms: int, end_ms: int, step_ms: int, first_ms: int, count: int
) -> tuple[Sequence[int], Sequence[tuple[int, int]]]:
    """The same for points that are a step apart, and what times those at the bounds have if they are."""
    # The first whose time is an edge or later; and the first after the end.
    starts = [-((first_ms - edge) // step_ms) for edge in _edges(start_ms, end_ms)]
    bounds = [min(count, max(0, bound)) for bound in [*starts, (end_ms - first_ms) // step_ms + 1]]
    checked = {*(bound for bound in bounds if bound < count), count - 1}
    return bounds, [(index, first_ms + index * step_ms) for index in sorted(checked)]


def _extremes(values: Sequence[float], bounds: Sequence[int]) -> list[int | None]:
    """Two indices for each bin, those of its lowest and its highest value; None where it is empty."""
    chosen: list[int | None] = []
    for first, last in pairwise(bounds):
        part = values[first:last]
        if part:
            low, high = part.index(min(part)), part.index(max(part))
            chosen += (first + low, first + high) if low <= high else (first + high, first + low)
        else:
            chosen += _NOTHING
    return chosen
