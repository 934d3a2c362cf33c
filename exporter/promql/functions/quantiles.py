"""Quantiles are computed of values, and of the buckets of classic histograms.

Source: github.com/prometheus/prometheus, promql/quantile.go.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import itemgetter

_SMALL_DELTA = 1e-12
_CLEARLY_MORE = 1.001
_SMALLEST_NORMAL = 2.2250738585072014e-308


def quantile(phi: float, values: Sequence[float]) -> float:
    """The quantile of some values, interpolated; infinite for a phi outside 0 to 1, NaN for NaN."""
    if not values or phi != phi:
        return math.nan
    if phi < 0:
        return -math.inf
    if phi > 1:
        return math.inf
    ordered = sort_values(values)
    rank = phi * (len(ordered) - 1)
    lower = max(0, math.floor(rank))
    upper = min(len(ordered) - 1, lower + 1)
    weight = rank - math.floor(rank)
    return ordered[lower] * (1 - weight) + ordered[upper] * weight


def sort_values(values: Iterable[float]) -> list[float]:
    """Sort in ascending order, NaN first."""
    return sorted(values, key=lambda value: (value == value, value if value == value else 0.0))


@dataclass(slots=True)
class Buckets:
    """The cumulative buckets of one classic histogram, ready for use.

    `bounds` ascend and differ, `counts` never fall. Where they did, `forced_low` and `forced_high` are the
    bounds between which that was put right, and `forced_diff` is the largest fall.
    """

    bounds: list[float]
    counts: list[float]
    forced_low: float = math.nan
    forced_high: float = math.nan
    forced_diff: float = 0.0

    @property
    def was_forced(self) -> bool:
        """True if counts had to be raised."""
        return self.forced_low == self.forced_low

    @property
    def is_complete(self) -> bool:
        """True if the last bucket holds everything, that is, reaches to infinity."""
        return self.bounds[-1] == math.inf


def merge_buckets(pairs: Sequence[tuple[float, float]]) -> Buckets:
    """Buckets from (upper bound, cumulative count) pairs, of which there is at least one, in any order."""
    ordered = sorted(pairs, key=itemgetter(0))
    bounds, counts = [ordered[0][0]], [ordered[0][1]]
    for (before, _), (bound, count) in pairwise(ordered):
        if bound == before:
            counts[-1] += count
        else:
            bounds.append(bound)
            counts.append(count)
    return Buckets(bounds, counts)


def force_monotonic(buckets: Buckets) -> None:
    """Raise counts that are lower than the one before.

    Tiny differences, as rounding makes them, are evened out silently.
    """
    previous = buckets.counts[0]
    for index in range(1, len(buckets.counts)):
        count = buckets.counts[index]
        if count == previous:
            continue
        if previous > 0 and previous * _CLEARLY_MORE < count:
            previous = count
        elif _almost_equal(previous, count):
            buckets.counts[index] = previous
        elif count < previous:
            bound = buckets.bounds[index]
            buckets.forced_low = min(bound, buckets.forced_low) if buckets.was_forced else bound
            buckets.forced_high = bound
            buckets.forced_diff = max(buckets.forced_diff, previous - count)
            buckets.counts[index] = previous
        else:
            previous = count


def _almost_equal(left: float, right: float) -> bool:
    if left != left or right != right:
        return left != left and right != right
    size, difference = abs(left) + abs(right), abs(left - right)
    if left == 0 or right == 0 or size < _SMALLEST_NORMAL:
        return difference < _SMALL_DELTA * _SMALLEST_NORMAL
    return difference / min(size, 1.7976931348623157e308) < _SMALL_DELTA


def bucket_quantile(phi: float, buckets: Buckets) -> float:
    """The quantile of a histogram, assuming values spread evenly within a bucket.

    The buckets get forced to be monotonic.
    NaN: without observations, without a bucket to infinity, or with that one only. In the topmost bucket: its
    lower bound; in a lowest bucket that ends at or below zero: its upper bound.
    """
    if phi != phi:
        return math.nan
    if phi < 0:
        return -math.inf
    if phi > 1:
        return math.inf
    if not buckets.is_complete:
        return math.nan
    force_monotonic(buckets)
    bounds, counts = buckets.bounds, buckets.counts
    last = len(bounds) - 1
    if last < 1 or counts[-1] == 0:
        return math.nan
    rank = phi * counts[-1]
    index = next((index for index in range(last) if counts[index] >= rank), last)
    if index == last:
        return bounds[last - 1]
    if index == 0 and bounds[0] <= 0:
        return bounds[0]
    below, lower = (counts[index - 1], bounds[index - 1]) if index else (0.0, 0.0)
    inside = counts[index] - below
    return lower + (bounds[index] - lower) * ((rank - below) / inside) if inside else math.nan


def bucket_fraction(lower: float, upper: float, buckets: Buckets) -> float:
    """Return the fraction of the observations between two values; NaN without observations or for NaN."""
    if not buckets.is_complete:
        return math.nan
    count = buckets.counts[-1]
    if count == 0 or lower != lower or upper != upper:
        return math.nan
    if lower >= upper:
        return 0.0
    return (_rank(upper, buckets) - _rank(lower, buckets)) / count


def _rank(value: float, buckets: Buckets) -> float:
    """Return the number of observations below a value."""
    below, start = 0.0, -math.inf
    for index, (bound, count) in enumerate(zip(buckets.bounds, buckets.counts, strict=True)):
        if index == 0 and bound > 0:
            # Values are taken not to be negative where no bucket says so.
            start = 0.0
        if start >= value:
            return min(below, buckets.counts[-1])
        if bound > value:
            return min(_interpolate(value, start, bound, below, count), buckets.counts[-1])
        below, start = count, bound
    return buckets.counts[-1]


def _interpolate(value: float, start: float, bound: float, below: float, count: float) -> float:
    if start == -math.inf:
        return count
    return below + (count - below) * (value - start) / (bound - start)
