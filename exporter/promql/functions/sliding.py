"""Sliding ranges apply a function to one series over many ranges at once, which overlap as a rule.

What all series of a source have in common (which rows lie in which range, how far a rate is extrapolated) is
worked out once; a series then costs a few passes in C over its values. Ranges in which there is more to see
(a reset, a counter near zero, a gap) are left to the plain function of `RANGE_FUNCTIONS`, as are functions
that have no faster way, so that every digit is what it would be range by range.
"""

import operator
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from copy import copy
from functools import cached_property
from itertools import accumulate, chain, compress, count, islice, repeat
from typing import Any, Final

from exporter.model.sample import is_stale
from exporter.promql.functions.ranges import RangeFunction
from exporter.promql.functions.rates import extrapolation

_Found = tuple[list[float], Iterable[int]]
_Column = Callable[[list[float]], _Found]
"""The values of a series, one per row -> the result of each range, and the ranges to be computed one by one
after all."""

# Up to this, whole numbers are added without rounding.
_EXACT: Final = 2.0**53
# So many values of a slice cost as much to look at as one pair of two columns.
_PAIR: Final = 6
# So many values of what is no counter mostly show that.
_FEW: Final = 100
# With fewer strides to a range, joining them does not pay.
_LEAST_STRIDES: Final = 3


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


def rises(values: list[float]) -> bool:
    """Whether no value is lower than the one before it, and all are numbers."""
    total = sum(values)
    return total == total and not _falls(values)


def gather(places: Sequence[int]) -> Callable[[Sequence[Any]], Sequence[Any]]:
    """Return what picks the elements at these places out of a list."""
    if len(places) == 1:
        place = places[0]
        return lambda column: (column[place],)
    return operator.itemgetter(*places) if places else lambda column: ()


def slide(
    function: RangeFunction, sliding: "Slide | None", ranges: SlidingRanges
) -> Callable[[list[float]], list[float | None]]:
    """Return what computes a function of the values of one series, range by range."""
    column = sliding(ranges) if sliding is not None else None
    range_ms = ranges.range_ms

    def one(values: list[float], index: int) -> float | None:
        times, inside = ranges.samples(values, index)
        end = ranges.ends[index]
        return function(times, inside, end - range_ms, end) if times else None

    def compute(values: list[float]) -> list[float | None]:
        if column is None:
            return [one(values, index) for index in range(len(ranges.lows))]
        ranges.work(len(values))
        fast, doubtful = column(values)
        found: list[float | None] = list(fast)
        for index in chain(doubtful, ranges.gaps(values)):
            found[index] = one(values, index)
        return found

    return compute


def _extrapolated(ranges: SlidingRanges, *, is_counter: bool, per_second: bool) -> _Column:
    times, seconds = ranges.times, ranges.range_ms / 1000
    factors: list[float] = []
    unusual: list[int] = []
    for index, (low, high, end) in enumerate(zip(ranges.lows, ranges.highs, ranges.ends, strict=True)):
        oldest_ms, newest_ms, start = times[low], times[high - 1], end - ranges.range_ms
        if oldest_ms == newest_ms or (is_counter and oldest_ms - start > newest_ms - oldest_ms):
            unusual.append(index)
            factors.append(0.0)
            continue
        factor = extrapolation(oldest_ms, newest_ms, high - low, start, end)
        factors.append(factor / seconds if per_second else factor)

    def column(values: list[float]) -> _Found:
        firsts = ranges.firsts(values)
        growths = list(map(operator.sub, ranges.lasts(values), firsts))
        results = list(map(operator.mul, growths, factors))
        if not is_counter:
            return results, unusual
        doubtful = unusual
        if any(map(operator.lt, firsts, growths)):
            # So near to zero that the extrapolation may have to end there.
            doubtful = doubtful + list(compress(count(), map(operator.lt, firsts, growths)))
        if _falls(values):
            doubtful = doubtful + list(compress(count(), ranges.moves(values, operator.lt)))
        return results, doubtful

    return column


def _falls(values: list[float]) -> bool:
    """Whether a value is lower than the one before it."""
    if any(map(operator.lt, values[1:_FEW], values)):
        return True
    if len(values) > _FEW and (total := sum(values)) == total:
        # Numbers that are in order are sorted in a fifth of the time that comparing them one by one takes.
        return sorted(values) != values
    return any(map(operator.lt, islice(values, 1, None), values))


def _rate(ranges: SlidingRanges) -> _Column:
    return _extrapolated(ranges, is_counter=True, per_second=True)


def _increase(ranges: SlidingRanges) -> _Column:
    return _extrapolated(ranges, is_counter=True, per_second=False)


def _delta(ranges: SlidingRanges) -> _Column:
    return _extrapolated(ranges, is_counter=False, per_second=False)


def _lately(ranges: SlidingRanges, *, is_counter: bool) -> _Column:
    """`irate` and `idelta`."""
    short = [index for index, size in enumerate(ranges.sizes) if size < 2]
    # Where there is none before the last row, any will do.
    places = [max(0, high - 2) for high in ranges.highs]
    before = gather(places)
    stamps = zip(ranges.lasts(ranges.times), before(ranges.times), strict=True)
    seconds = [(newest_ms - older_ms) / 1000 or 1.0 for newest_ms, older_ms in stamps]

    def column(values: list[float]) -> _Found:
        lasts, previous = ranges.lasts(values), before(values)
        differences = list(map(operator.sub, lasts, previous))
        if not is_counter:
            return differences, short
        falls = list(compress(count(), map(operator.lt, lasts, previous)))
        return list(map(operator.truediv, differences, seconds)), short + falls

    return column


def _irate(ranges: SlidingRanges) -> _Column:
    return _lately(ranges, is_counter=True)


def _idelta(ranges: SlidingRanges) -> _Column:
    return _lately(ranges, is_counter=False)


def _moves(differs: Callable[[float, float], bool]) -> "Slide":
    return lambda ranges: lambda values: (list(map(float, ranges.moves(values, differs))), ())


def _sum(ranges: SlidingRanges) -> _Column:
    befores, afters = gather(ranges.lows), gather(ranges.highs)

    def column(values: list[float]) -> _Found:
        if not _adds_exactly(values):
            return [0.0] * len(ranges.lows), range(len(ranges.lows))
        sums = list(accumulate(values, initial=0.0))
        return list(map(operator.sub, afters(sums), befores(sums))), ()

    return column


def _average(ranges: SlidingRanges) -> _Column:
    sums_of = _sum(ranges)

    def column(values: list[float]) -> _Found:
        sums, doubtful = sums_of(values)
        return list(map(operator.truediv, sums, ranges.sizes)), doubtful

    return column


def _adds_exactly(values: list[float]) -> bool:
    """True if the values, added in any order, give the same sum, as whole numbers do."""
    return all(map(float.is_integer, values)) and sum(map(abs, values)) < _EXACT


def _extreme(pick: Callable[..., float]) -> "Slide":
    def prepare(ranges: SlidingRanges) -> _Column:
        levels = max(ranges.sizes, default=1).bit_length() - 1
        start, end, stride = ranges.even
        if end - start > len(ranges.lows) // 2 and ranges.sizes[start] >= _LEAST_STRIDES * stride:
            return lambda values: (_of_strides(pick, ranges, values), ())
        if sum(ranges.sizes) <= levels * len(ranges.times) * _PAIR:
            every = range(len(ranges.lows))
            return lambda values: (_of_slices(pick, ranges, values, every), ())
        # The largest power of two that fits a range, twice: from its first row on, and up to its last.
        spots = [
            (size.bit_length() - 1, low, high - (1 << (size.bit_length() - 1)))
            for size, low, high in zip(ranges.sizes, ranges.lows, ranges.highs, strict=True)
        ]

        def column(values: list[float]) -> _Found:
            table = [values]
            for level in range(levels):
                table.append(list(map(pick, table[-1], islice(table[-1], 1 << level, None))))
                ranges.work(len(values))
            return [pick(table[level][low], table[level][last]) for level, low, last in spots], ()

        return column

    return prepare


def _of_strides(pick: Callable[..., float], ranges: SlidingRanges, values: list[float]) -> list[float]:
    """Of ranges of which most are even: the rows from one to the next are looked at once, for all of them."""
    start, end, stride = ranges.even
    whole, rest = divmod(ranges.sizes[start], stride)
    inside = values[ranges.lows[start] : ranges.highs[end - 1]]
    ranges.work(len(inside))
    columns = [inside[place::stride] for place in range(stride)]
    strides = list(map(pick, *columns)) if stride > 1 else inside
    # Of 1, 2, 4, … strides, up to the largest power of two that fits; two of these make a range.
    width, joined = 1, strides
    while 2 * width <= whole:
        joined = list(map(pick, joined, islice(joined, width, None)))
        width *= 2
    found = list(map(pick, joined, islice(joined, whole - width, None)))
    for column in columns[:rest]:
        found = list(map(pick, found, islice(column, whole, None)))
    before = _of_slices(pick, ranges, values, range(start))
    after = _of_slices(pick, ranges, values, range(end, len(ranges.lows)))
    return [*before, *found[: end - start], *after]


def _of_slices(
    pick: Callable[..., float], ranges: SlidingRanges, values: list[float], places: range
) -> list[float]:
    found = []
    for place in places:
        low, high = ranges.lows[place], ranges.highs[place]
        ranges.work(high - low)
        found.append(pick(values[low:high]))
    return found


def _constant(results: Sequence[float]) -> _Column:
    return lambda values: (list(results), ())


Slide = Callable[[SlidingRanges], _Column]
"""Prepares a function for the ranges of one source."""

EDGES: Final = frozenset({"increase", "rate"})
"""Functions that look at the first and last values of a range only, where values rise."""

SLIDES: Final[dict[str, Slide]] = {
    "avg_over_time": _average,
    "changes": _moves(operator.ne),
    "count_over_time": lambda ranges: _constant(list(map(float, ranges.sizes))),
    "delta": _delta,
    "first_over_time": lambda ranges: lambda values: (list(ranges.firsts(values)), ()),
    "idelta": _idelta,
    "increase": _increase,
    "irate": _irate,
    "last_over_time": lambda ranges: lambda values: (list(ranges.lasts(values)), ()),
    "max_over_time": _extreme(max),
    "min_over_time": _extreme(min),
    "present_over_time": lambda ranges: _constant([1.0] * len(ranges.sizes)),
    "rate": _rate,
    "resets": _moves(operator.lt),
    "sum_over_time": _sum,
}
