"""The ranges that a function is applied to, over the rows of one source."""

import operator
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from copy import copy
from functools import cached_property
from itertools import accumulate, compress, count, islice, repeat
from typing import Any

from exporter.model.sample import is_stale


class SlidingRanges:
    """The rows of a source in each range (start, end]: from `lows[i]` to before `highs[i]`.

    `times` are the timestamps of the rows, in milliseconds. `places` are the numbers of the ranges that have
    any row; the others are left out. `work` is called with the number of values looked at, and may yield.
    """

    def __init__(
        self, times: list[int], ends: Sequence[int], range_ms: int, work: Callable[[int], None]
    ) -> None:
        self.times = times
        self.range_ms = range_ms
        self.work = work
        lows = list(map(bisect_right, repeat(times), [end - range_ms for end in ends]))
        highs = list(map(bisect_right, repeat(times), ends))
        filled = list(map(operator.lt, lows, highs))
        self.places: Sequence[int] = range(len(filled))
        self.ends = ends
        if not all(filled):
            self.places, self.ends = list(compress(count(), filled)), list(compress(ends, filled))
            lows, highs = list(compress(lows, filled)), list(compress(highs, filled))
        self.lows = lows
        self.highs = highs

    def needed(self, *, lasts_only: bool) -> list[int]:
        """The rows in any range, in order; with `lasts_only` the last one of each."""
        if lasts_only:
            return list(dict.fromkeys([high - 1 for high in self.highs]))
        rows: list[int] = []
        end = 0
        for low, high in zip(self.lows, self.highs, strict=True):
            rows.extend(range(max(low, end), high))
            end = high
        return rows

    def among(self, rows: Sequence[int], *, lasts_only: bool) -> "SlidingRanges":
        """The same ranges over those rows only which are needed."""
        place = dict(zip(rows, count()))
        same = copy(self)
        same.times = [self.times[row] for row in rows]
        same.highs = [place[high - 1] + 1 for high in self.highs]
        same.lows = [high - 1 for high in same.highs] if lasts_only else [place[low] for low in self.lows]
        return same

    def edges(self) -> list[int]:
        """The first and last rows of all ranges, in order."""
        return sorted({*self.lows, *(high - 1 for high in self.highs)})

    def at_edges(self, rows: Sequence[int]) -> "EdgeRanges":
        """The same ranges for functions that look at the first and last values only."""
        return EdgeRanges(self, rows)

    @cached_property
    def sizes(self) -> list[int]:
        """The number of rows in each range."""
        return list(map(operator.sub, self.highs, self.lows))

    @cached_property
    def even(self) -> tuple[int, int, int]:
        """The ranges in the middle that have one size and begin so many rows one after the other.

        Returns the first of them, the one after the last, and the number of rows.
        """
        lows, sizes = self.lows, self.sizes
        middle = len(lows) // 2
        if len(lows) < 2 or not (stride := lows[middle] - lows[middle - 1]):
            return 0, 0, 1
        size = sizes[middle]
        is_even = [
            later - low == stride and one == size and following == size
            for low, later, one, following in zip(
                lows, islice(lows, 1, None), sizes, islice(sizes, 1, None), strict=False
            )
        ]
        start = end = middle
        while start > 0 and is_even[start - 1]:
            start -= 1
        while end < len(is_even) and is_even[end]:
            end += 1
        return start, end + 1, stride

    @cached_property
    def firsts(self) -> Callable[[Sequence[Any]], Sequence[Any]]:
        """Pick the element of the first row of each range out of a list with an element for each row."""
        return gather(self.lows)

    @cached_property
    def lasts(self) -> Callable[[Sequence[Any]], Sequence[Any]]:
        """Pick those of the last rows."""
        return gather([high - 1 for high in self.highs])

    def samples(self, values: Sequence[float], index: int) -> tuple[Sequence[int], Sequence[float]]:
        """The times and values in a range, without stale markers."""
        low, high = self.lows[index], self.highs[index]
        times, inside = self.times[low:high], values[low:high]
        self.work(high - low)
        if any(map(operator.ne, inside, inside)):
            kept = [not is_stale(value) for value in inside]
            return list(compress(times, kept)), list(compress(inside, kept))
        return times, inside

    def gaps(self, values: list[float]) -> Iterable[int]:
        """The ranges with a value that is no number."""
        total = sum(values)
        if total == total:
            return ()
        before = list(accumulate(map(operator.ne, values, values), initial=0))
        return compress(count(), map(operator.ne, gather(self.lows)(before), gather(self.highs)(before)))

    def moves(self, values: list[float], differs: Callable[[float, float], bool]) -> Sequence[int]:
        """Count the values of each range that differ in a way from the one before them in it."""
        known = list(accumulate(map(differs, islice(values, 1, None), values), initial=0))
        return list(map(operator.sub, self.lasts(known), self.firsts(known)))


class EdgeRanges(SlidingRanges):
    """Ranges of which only the first and last values are known: of `rows`, one value each.

    In between, no value is lower than the one before it, and none is missing.
    """

    def __init__(self, ranges: SlidingRanges, rows: Sequence[int]) -> None:
        self.__dict__.update(vars(ranges))
        place = dict(zip(rows, count()))
        self._first = [place[low] for low in self.lows]
        self._last = [place[high - 1] for high in self.highs]
        self.firsts = gather(self._first)
        self.lasts = gather(self._last)

    def samples(self, values: Sequence[float], index: int) -> tuple[Sequence[int], Sequence[float]]:
        """All times in a range, and its first and last values."""
        first, last = self._first[index], self._last[index]
        times = self.times[self.lows[index] : self.highs[index]]
        return times, [values[first], values[last]][: last - first + 1]

    def gaps(self, values: list[float]) -> Iterable[int]:
        """None."""
        return ()


def gather(places: Sequence[int]) -> Callable[[Sequence[Any]], Sequence[Any]]:
    """Return what picks the elements at these places out of a list."""
    if len(places) == 1:
        place = places[0]
        return lambda column: (column[place],)
    return operator.itemgetter(*places) if places else lambda column: ()
