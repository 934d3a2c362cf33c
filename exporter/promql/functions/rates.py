"""Rates and their kin tell how a series changes over a range.

Source of the extrapolation: `extrapolatedRate` of github.com/prometheus/prometheus, promql/functions.go.
"""

import operator
from collections.abc import Sequence
from itertools import islice

# All but irate and idelta also take values without repetitions: fewer values than times.


def delta(times: Sequence[int], values: Sequence[float], start_ms: int, end_ms: int) -> float | None:
    """The change of a gauge, extrapolated to the whole range; None for fewer than two samples."""
    if len(times) < 2:
        return None
    return (values[-1] - values[0]) * extrapolation(times[0], times[-1], len(times), start_ms, end_ms)


def increase(times: Sequence[int], values: Sequence[float], start_ms: int, end_ms: int) -> float | None:
    """The growth of a counter, resets added back, extrapolated to the range but never below zero."""
    if len(times) < 2:
        return None
    growth = _growth(values)
    return growth * extrapolation(times[0], times[-1], len(times), start_ms, end_ms, values[0], growth)


def rate(times: Sequence[int], values: Sequence[float], start_ms: int, end_ms: int) -> float | None:
    """`increase` per second."""
    if len(times) < 2:
        return None
    growth = _growth(values)
    factor = extrapolation(times[0], times[-1], len(times), start_ms, end_ms, values[0], growth)
    return growth * (factor / ((end_ms - start_ms) / 1000))


def _growth(values: Sequence[float]) -> float:
    growth = values[-1] - values[0]
    if any(map(operator.lt, islice(values, 1, None), values)):
        previous = values[0]
        for value in islice(values, 1, None):
            if value < previous:
                growth += previous
            previous = value
    return growth


def extrapolation(
    oldest_ms: int,
    newest_ms: int,
    count: int,
    start_ms: int,
    end_ms: int,
    first: float | None = None,
    growth: float = 0.0,
) -> float:
    """Return the factor by which the time from the oldest to the newest sample is to be extended.

    `count` is the number of samples, `first` the first value of a counter, None for a gauge.
    """
    to_start = (oldest_ms - start_ms) / 1000
    to_end = (end_ms - newest_ms) / 1000
    sampled = (newest_ms - oldest_ms) / 1000
    interval = sampled / (count - 1)
    threshold = interval * 1.1
    if to_start >= threshold:
        to_start = interval / 2
    if first is not None and growth > 0 and first >= 0:
        # A counter cannot have been below zero before its first sample.
        to_start = min(to_start, sampled * (first / growth))
    if to_end >= threshold:
        to_end = interval / 2
    return (sampled + to_start + to_end) / sampled


def irate(times: Sequence[int], values: Sequence[float], start_ms: int, end_ms: int) -> float | None:
    """The growth per second between the last two samples of a counter."""
    if len(values) < 2 or times[-1] == times[-2]:
        return None
    change = values[-1] if values[-1] < values[-2] else values[-1] - values[-2]
    return change / ((times[-1] - times[-2]) / 1000)


def idelta(times: Sequence[int], values: Sequence[float], start_ms: int, end_ms: int) -> float | None:
    """The difference between the last two samples."""
    if len(values) < 2 or times[-1] == times[-2]:
        return None
    return values[-1] - values[-2]


def resets(times: Sequence[int], values: Sequence[float], start_ms: int, end_ms: int) -> float:
    """The number of times that the value fell."""
    return float(sum(map(operator.lt, islice(values, 1, None), values)))


def changes(times: Sequence[int], values: Sequence[float], start_ms: int, end_ms: int) -> float:
    """The number of times that the value changed; from NaN to NaN is no change."""
    count = 0
    previous = values[0]
    for value in islice(values, 1, None):
        if value != previous and not (value != value and previous != previous):
            count += 1
        previous = value
    return float(count)
