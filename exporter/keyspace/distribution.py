"""A histogram that takes weighted values in bulk."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate

from exporter.metrics.histogram import format_bound

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86_400.0
SPAN_BOUNDS = (
    10.0,
    _MINUTE,
    5 * _MINUTE,
    30 * _MINUTE,
    _HOUR,
    6 * _HOUR,
    _DAY,
    3 * _DAY,
    7 * _DAY,
    30 * _DAY,
    90 * _DAY,
    365 * _DAY,
)
"""Upper bounds in seconds, for TTLs and idle times."""
FREQUENCY_BOUNDS = (0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 254.0)
"""Upper bounds of the LFU counter, a logarithm of the number of uses (0 to 255)."""


class Distribution:
    """Weights per bucket; `bounds` are the upper bounds, ascending, without infinity."""

    __slots__ = ("bounds", "sum", "weights")

    def __init__(self, bounds: Sequence[float] = SPAN_BOUNDS) -> None:
        self.bounds = bounds
        self.weights = [0.0] * (len(bounds) + 1)
        self.sum = 0.0

    def add(self, values: Iterable[float], weight: float = 1.0) -> None:
        """Take in values of one weight."""
        ordered = sorted(values)
        self.sum += weight * sum(ordered)
        before = 0
        for index, bound in enumerate(self.bounds):
            upto = bisect_right(ordered, bound)
            self.weights[index] += weight * (upto - before)
            before = upto
        self.weights[-1] += weight * (len(ordered) - before)

    def merge(self, other: "Distribution", factor: float = 1.0) -> None:
        """Add the weights of another one with the same bounds, `factor` times."""
        self.weights = [
            mine + factor * theirs for mine, theirs in zip(self.weights, other.weights, strict=True)
        ]
        self.sum += factor * other.sum

    @property
    def total(self) -> float:
        """The weight of all values."""
        return sum(self.weights)

    @property
    def buckets(self) -> list[tuple[str, float]]:
        """Cumulative (le, weight) pairs, ending with `+Inf`."""
        names = [*(format_bound(bound) for bound in self.bounds), "+Inf"]
        return list(zip(names, accumulate(self.weights), strict=True))

    def quantile(self, share: float) -> float:
        """The bound below which this share of the weight lies, interpolated; 0 where there is nothing."""
        wanted = share * self.total
        passed = 0.0
        low = 0.0
        for bound, weight in zip(self.bounds, self.weights, strict=False):
            if weight and passed + weight >= wanted:
                return low + (bound - low) * (wanted - passed) / weight
            passed += weight
            low = bound
        return low if self.total else 0.0

    def to_list(self) -> list[float]:
        """For `from_list`: the sum, then the weights."""
        return [self.sum, *self.weights]

    @classmethod
    def from_list(cls, values: Sequence[float], bounds: Sequence[float] = SPAN_BOUNDS) -> "Distribution":
        """Raises `ValueError` where this is not what `to_list` has returned."""
        distribution = cls(bounds)
        if len(values) != len(bounds) + 2:
            raise ValueError("another number of buckets")
        distribution.sum, *distribution.weights = (float(value) for value in values)
        return distribution
