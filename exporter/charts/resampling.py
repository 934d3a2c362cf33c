"""Points of a series as values at even distances, as many as can be seen; NaN is a gap.

Where there are more steps than can be seen, each pair of values stands for many: for the lowest and the
highest of them, in the order in which they came, so that no spike is lost.
"""

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from operator import itemgetter, sub
from typing import Final

from exporter.charts.chart import FURTHEST, Chart, Point, drawable

MOST_VALUES: Final = 220
GAP: Final = math.nan

_BINS: Final = MOST_VALUES // 2
_LATE: Final = 1.5  # steps: nothing for longer is a gap
_time_of, _value_of = itemgetter(0), itemgetter(1)


def resample(chart: Chart, points: Sequence[Point]) -> "array[float]":
    """Return the values of one series."""
    times, values = _columns(points)
    steps = _steps(chart)
    if steps >= MOST_VALUES:
        chosen = _extremes(chart, times, values)
        return _bounded([GAP if index is None else values[index] for index in chosen])
    if _is_whole(chart, steps, times):
        return _bounded(values)
    found = [GAP] * (steps + 1)
    for at_ms, value in zip(times, values, strict=True):
        index = round((at_ms - chart.start_ms) / chart.step_ms)
        if 0 <= index <= steps:
            found[index] = value
    return _bounded(found)


def resample_together(chart: Chart, several: Sequence[Sequence[Point]]) -> "list[array[float]]":
    """Return the values of series that stand on each other, of the moments at which their sum is extreme."""
    if _steps(chart) < MOST_VALUES:
        return [resample(chart, points) for points in several]
    by_step = [
        {
            round((at_ms - chart.start_ms) / chart.step_ms): value
            for at_ms, value in zip(*columns, strict=True)
        }
        for columns in map(_columns, several)
    ]
    sums: dict[int, float] = {}
    for values in by_step:
        for step, value in values.items():
            sums[step] = sums.get(step, 0.0) + value
    steps = sorted(sums)
    times = [chart.start_ms + step * chart.step_ms for step in steps]
    chosen = _extremes(chart, times, [sums[step] for step in steps])
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


def _columns(points: Sequence[Point]) -> tuple[Sequence[int], Sequence[float]]:
    """Times and values apart, without those that cannot be drawn."""
    values = list(map(_value_of, points))
    try:
        is_plain = math.isfinite(sum(values))
    except TypeError:
        is_plain = False
    if is_plain:
        return list(map(_time_of, points)), values
    known = [(at_ms, number) for at_ms, value in points if (number := drawable(value)) == number]
    return [at_ms for at_ms, _ in known], [number for _, number in known]


def _bounded(values: Iterable[float]) -> "array[float]":
    """The values, none of them so far from 0 that a sum of some would be infinite."""
    found = array("d", values)
    if max(map(abs, found), default=0.0) < FURTHEST and math.isfinite(sum(found)):
        return found
    return array("d", [drawable(value) for value in found])


def _is_whole(chart: Chart, steps: int, times: Sequence[int]) -> bool:
    """Whether there is one value for each step."""
    return (
        len(times) == steps + 1
        and times[0] == chart.start_ms
        and times[-1] == chart.end_ms
        and max(map(sub, times[1:], times)) <= _LATE * chart.step_ms
    )


def _extremes(chart: Chart, times: Sequence[int], values: Sequence[float]) -> list[int | None]:
    """Two indices for each bin of time, those of its lowest and its highest value; None where it is empty."""
    chosen: list[int | None] = []
    # Whole numbers: they are compared three times as fast as those of two types.
    start_ms, span_ms = chart.start_ms, chart.end_ms - chart.start_ms
    first = bisect_left(times, start_ms)
    for number in range(1, _BINS + 1):
        if number < _BINS:
            last = bisect_left(times, start_ms + span_ms * number // _BINS, first)
        else:
            last = bisect_right(times, chart.end_ms, first)
        if last > first:
            part = values[first:last]
            low, high = part.index(min(part)), part.index(max(part))
            chosen += (first + low, first + high) if low <= high else (first + high, first + low)
        else:
            chosen += (None, None)
        first = last
    return chosen
