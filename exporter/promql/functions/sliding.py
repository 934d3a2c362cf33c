"""Sliding ranges apply a function to one series over many ranges at once, which overlap as a rule.

What all series of a source have in common (which rows lie in which range, how far a rate is extrapolated) is
worked out once; a series then costs a few passes in C over its values. Ranges in which there is more to see
(a reset, a counter near zero, a gap) are left to the plain function of `RANGE_FUNCTIONS`, as are functions
that have no faster way, so that every digit is what it would be range by range.
"""

import operator
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate, chain, compress, count, islice
from typing import Final

from exporter.model.rising import falls
from exporter.promql.functions.ranges import RangeFunction
from exporter.promql.functions.rates import extrapolation
from exporter.promql.functions.sliding_ranges import SlidingRanges, gather

_Found = tuple[list[float], Iterable[int]]
_Column = Callable[[list[float]], _Found]
"""The values of a series, one per row -> the result of each range, and the ranges to be computed one by one
after all."""

# Up to this, whole numbers are added without rounding.
_EXACT: Final = 2.0**53
# So many values of a slice cost as much to look at as one pair of two columns.
_PAIR: Final = 6
# With fewer strides to a range, joining them does not pay.
_LEAST_STRIDES: Final = 3


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
        if falls(values):
            doubtful = doubtful + list(compress(count(), ranges.moves(values, operator.lt)))
        return results, doubtful

    return column


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
