"""A histogram that a sampler fills itself, and the text of its bounds."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate


class Histogram:
    """Counts of observations per bucket; `bounds` are the upper bounds, ascending, without infinity."""

    __slots__ = ("_counts", "bounds", "count", "sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = tuple(bounds)
        self._counts = [0] * (len(self.bounds) + 1)
        self.count = 0
        self.sum = 0.0

    def observe(self, value: float, times: int = 1) -> None:
        """Count a value, `times` times."""
        self._counts[bisect_left(self.bounds, value)] += times
        self.count += times
        self.sum += value * times

    @property
    def cumulated(self) -> Sequence[float]:
        """The cumulative counts; the last one counts everything."""
        return list(accumulate(self._counts))

    @property
    def buckets(self) -> Iterator[tuple[str, float]]:
        """Cumulative (le, count) pairs, ending with `+Inf`."""
        return zip(_bucket_names(self.bounds), self.cumulated, strict=True)


@lru_cache
def _bucket_names(bounds: tuple[float, ...]) -> tuple[str, ...]:
    return (*map(format_bound, bounds), "+Inf")


def format_bound(bound: float) -> str:
    """Return a bucket bound as the text format writes it: `0.1`, `1`, `+Inf`."""
    if bound == float("inf"):
        return "+Inf"
    return str(int(bound)) if bound == int(bound) and abs(bound) < 1e15 else repr(bound)
