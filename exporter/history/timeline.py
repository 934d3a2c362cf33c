"""The rows of one source over several blocks and memory, as one timeline."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from exporter.history.reading import ReadableColumn
from exporter.model.rising import rises
from exporter.model.sample import STALE, is_stale
from exporter.model.series import ReadableSeries
from exporter.store.spreading import spread, values_at


class Columns(Protocol):
    """A series, as the parts of its timeline ask for its values."""

    def is_in(self, block: int) -> bool:
        """Whether it is in a block, by the number of the block."""
        ...

    def column(self, block: int) -> ReadableColumn | None:
        """Its changes in a block; None where it is not there."""
        ...

    @property
    def memory(self) -> ReadableSeries | None:
        """The same series in memory; None where it is not there."""
        ...


class Part(Protocol):
    """Successive rows that one block has, or memory. Rows are counted from the first one of the part."""

    def values(self, series: Columns, low: int, high: int) -> list[float]:
        """One value for each row of a range, the stale marker for none."""
        ...

    def values_at(self, series: Columns, rows: Sequence[int]) -> list[float]:
        """As `values`, for some rows, in order."""
        ...

    def own_rows(self, rows: Sequence[int]) -> Sequence[int]:
        """Rows of the part, as `values_at` takes them."""
        ...

    def changes(self, series: Columns, low: int, high: int) -> list[float]:
        """As `values`, but consecutive equal ones may be one."""
        ...

    def rise(self, series: Columns, low: int, high: int) -> tuple[float, float] | None:
        """The first and the last value in a range of rows, in which values rise; None where they do not."""
        ...

    def value(self, series: Columns, row: int) -> float:
        """The value in a row, the stale marker for none."""
        ...

    def has_samples(self, series: Columns, low: int, high: int) -> bool:
        """Whether there is any value in a range of rows."""
        ...


class BlockPart(NamedTuple):
    """Rows of a block, from its row `offset` on; the source has so many rows there in all."""

    block: int
    offset: int
    rows: int

    def values(self, series: Columns, low: int, high: int) -> list[float]:
        """As `Part.values`."""
        column = series.column(self.block)
        if column is None:
            return [STALE] * (high - low)
        first, end = self.offset + low, self.offset + high
        change, after = _changes_in(column, first, end)
        return spread(column.values[change:after].tolist(), column.rows, change, first, end)

    def own_rows(self, rows: Sequence[int]) -> Sequence[int]:
        """Those of the block."""
        return [self.offset + row for row in rows]

    def values_at(self, series: Columns, rows: Sequence[int]) -> list[float]:
        """As `Part.values_at`."""
        column = series.column(self.block)
        return [STALE] * len(rows) if column is None else values_at(rows, column.rows, column.values)

    def changes(self, series: Columns, low: int, high: int) -> list[float]:
        """As `Part.changes`."""
        column = series.column(self.block)
        if column is None:
            return [STALE]
        change, after = _changes_in(column, self.offset + low, self.offset + high)
        return column.values[change:after].tolist()

    def rise(self, series: Columns, low: int, high: int) -> tuple[float, float] | None:
        """As `Part.rise`."""
        column = series.column(self.block)
        if column is None:
            return None
        change, after = _changes_in(column, self.offset + low, self.offset + high)
        values = column.values
        if not column.rises and (high - low == self.rows or not rises(values[change:after].tolist())):
            return None
        return values[change], values[after - 1]

    def value(self, series: Columns, row: int) -> float:
        """As `Part.value`."""
        column = series.column(self.block)
        return STALE if column is None else column.values[bisect_right(column.rows, self.offset + row) - 1]

    def has_samples(self, series: Columns, low: int, high: int) -> bool:
        """As `Part.has_samples`; a block has only series with samples."""
        if not series.is_in(self.block):
            return False
        return high - low == self.rows or not all(map(is_stale, self.changes(series, low, high)))


def _changes_in(column: ReadableColumn, first: int, end: int) -> tuple[int, int]:
    """The change in force in the first row, and the one after all before the end."""
    return bisect_right(column.rows, first) - 1, bisect_left(column.rows, end)


class MemoryPart(NamedTuple):
    """Rows of a source in memory, from its row `offset` on; `times` are their timestamps."""

    times: Sequence[int]
    offset: int

    def values(self, series: Columns, low: int, high: int) -> list[float]:
        """As `Part.values`; none in rows that were dropped meanwhile."""
        memory = series.memory
        rows = None if memory is None else memory.by_rows
        if memory is None or rows is None:
            return [STALE] * (high - low)
        found = rows.values_in(self.offset + low, high - low)
        if found is not None:
            return found
        kept = dict(zip(*memory.window(self.times[low] - 1, self.times[high - 1]), strict=True))
        return [kept.get(at_ms, STALE) for at_ms in self.times[low:high]]

    def own_rows(self, rows: Sequence[int]) -> Sequence[int]:
        """Those of the source in memory."""
        return [self.offset + row for row in rows]

    def values_at(self, series: Columns, rows: Sequence[int]) -> list[float]:
        """As `Part.values_at`."""
        memory = series.memory
        source = None if memory is None else memory.by_rows
        found = None if source is None else source.values_at(rows)
        if found is not None:
            return found
        return [self.value(series, row - self.offset) for row in rows]

    def changes(self, series: Columns, low: int, high: int) -> list[float]:
        """As `Part.changes`."""
        return self.values(series, low, high)

    def rise(self, series: Columns, low: int, high: int) -> tuple[float, float] | None:
        """As `Part.rise`."""
        values = self.values(series, low, high)
        return (values[0], values[-1]) if rises(values) else None

    def value(self, series: Columns, row: int) -> float:
        """As `Part.value`."""
        return self.values(series, row, row + 1)[0]

    def has_samples(self, series: Columns, low: int, high: int) -> bool:
        """As `Part.has_samples`."""
        memory = series.memory
        return memory is not None and memory.has_samples(self.times[low], self.times[high - 1])


class SourceTimeline:
    """The rows of a source that a query reads; `times` are their timestamps, in milliseconds.

    `series` of a timeline find their values part by part.
    """

    def __init__(self) -> None:
        self.times = array("q")
        self._parts: list[Part] = []
        # The rows that were asked for last, part by part.
        self._wanted: Sequence[int] = ()
        self._split: list[tuple[Part, Sequence[int]]] = []
        # The first row of each part.
        self._firsts: list[int] = []

    def add(self, part: Part, times: Sequence[int]) -> None:
        """Add later rows."""
        self._firsts.append(len(self.times))
        self._parts.append(part)
        self.times.extend(times)

    def clear(self) -> None:
        """Let go of all rows."""
        self.times, self._parts, self._firsts = array("q"), [], []
        self._wanted, self._split = (), []

    def rows(self, start_ms: int, end_ms: int) -> tuple[int, int]:
        """The rows in (start, end], the first one and the one after the last."""
        return bisect_right(self.times, start_ms), bisect_right(self.times, end_ms)

    def split(self, rows: Sequence[int]) -> Sequence[tuple[Part, Sequence[int]]]:
        """The parts of some rows, in order, with these rows as `Part.values_at` takes them."""
        if rows is not self._wanted:
            self._wanted, self._split = rows, []
            done = 0
            for number, (part, first) in enumerate(zip(self._parts, self._firsts, strict=True), 1):
                end = self._firsts[number] if number < len(self._firsts) else len(self.times)
                upto = bisect_left(rows, end)
                if done < upto:
                    self._split.append((part, part.own_rows([row - first for row in rows[done:upto]])))
                done = upto
        return self._split

    def parts(self, low: int, high: int) -> Iterator[tuple[Part, int, int]]:
        """The parts that have rows of a range, which of their own rows these are, in order."""
        number = bisect_right(self._firsts, low) - 1
        while low < high:
            first = self._firsts[number]
            end = self._firsts[number + 1] if number + 1 < len(self._firsts) else len(self.times)
            yield self._parts[number], low - first, min(high, end) - first
            low, number = end, number + 1
