"""Prefetching reads what a selector yields at the next steps of a query, series by series.

A step then costs no more than taking a row out of a table. The values of a series are laid out once for all
steps, and what the series of one source have in common is worked out once.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Final, Protocol

from exporter.model.series import ReadableSeries, SeriesOfRows
from exporter.promql.functions.sliding_ranges import SlidingRanges
from exporter.promql.operators.selection import Selection
from exporter.promql.operators.tables import Table
from exporter.promql.run import Run
from exporter.promql.vector import Key

Values = Sequence[float | None]
"""One value for each of the steps; None for none."""

# The steps to read ahead: so many values in all, but within these bounds.
TABLE_VALUES: Final = 1 << 16
LEAST_STEPS: Final = 8
MOST_STEPS: Final = 512
# With fewer steps it does not pay.
_WORTHWHILE: Final = 3
# A source with more rows than this to a step is better looked up step by step.
_ROWS_PER_STEP: Final = 50
# Of so many rows one is read: then it pays to look up each.
_SPARSE: Final = 8
# So it does for the edges of ranges, since all else need not be laid out.
_EDGES: Final = 4


class Reader(Protocol):
    """A way to read a selector at many steps."""

    def one_by_one(self, run: Run, series: ReadableSeries, steps: Sequence[int]) -> Values:
        """The values of any series, step by step."""
        ...

    def bounds(self, run: Run, steps: Sequence[int]) -> tuple[int, int]:
        """All that is read at these steps lies in (start, end], in milliseconds."""
        ...

    @property
    def lasts_only(self) -> bool:
        """Whether only the last row of each range is looked at."""
        ...

    @property
    def edges_only(self) -> bool:
        """Whether only the first and the last row of each range are, where values rise."""
        ...

    def ranges(self, run: Run, times: list[int], steps: Sequence[int]) -> SlidingRanges:
        """Return the rows that are read at each step, of a source whose rows have these times."""
        ...

    def prepare(
        self, run: Run, ranges: SlidingRanges, steps: Sequence[int]
    ) -> Callable[[list[float]], Values]:
        """Return what computes the values of a series of that source from one value per row."""
        ...


class _Table:
    """The values read ahead: a row for each step, in the order of the keys."""

    def __init__(self, keys: Sequence[Key], steps: Sequence[int], columns: list[Values]) -> None:
        self.keys = keys
        self.size = len(steps) * len(columns)
        self._steps = iter(steps)
        self._rows = zip(*columns, strict=True)
        self._at: int | None = None
        self._row: list[float | None] = []

    def row(self, at_ms: int) -> list[float | None] | None:
        """The values at a step, which is the same as before or a later one; None where it is not here."""
        while self._at is None or self._at < at_ms:
            self._at = next(self._steps, None)
            if self._at is None:
                return None
            values = next(self._rows)
            if self._at == at_ms:
                self._row = list(values)
        return self._row if self._at == at_ms else None


class Prefetch:
    """The values of a selector at the next steps."""

    def __init__(self, selection: Selection, reader: Reader) -> None:
        self._selection = selection
        self._reader = reader

    def row(self, run: Run, at_ms: int) -> tuple[Sequence[Key], list[float | None]] | None:
        """The keys and values at a step; None where it is to be read by itself."""
        if not run.step_ms:
            return None
        table: _Table | None = run.memory.get(self)
        found = None if table is None else table.row(at_ms)
        if found is None:
            if table is not None:
                del run.memory[self]
                run.prefetched -= table.size
            table = self._read(run, at_ms)
            if table is None:
                return None
            run.memory[self] = table
            found = table.row(at_ms)
            assert found is not None
        assert table is not None
        return table.keys, found

    def width(self, run: Run) -> int:
        """The number of series."""
        return len(self._selection.read(run)[0])

    def table(self, run: Run, steps: range) -> Table | None:
        """The values at some steps; None where these are too few."""
        if len(steps) < _WORTHWHILE:
            return None
        series, keys = self._selection.read(run)
        run.account_temporary(len(series))
        return Table.of(keys, list(self._columns(run, series, steps)), run)

    def _read(self, run: Run, at_ms: int) -> _Table | None:
        steps = range(at_ms, run.last_step_ms + 1, run.step_ms)
        if len(steps) < _WORTHWHILE:
            return None
        series, keys = self._selection.read(run)
        if not series:
            return None
        steps = steps[: min(MOST_STEPS, max(LEAST_STEPS, TABLE_VALUES // len(series)))]
        run.prefetched += len(steps) * len(series)
        return _Table(keys, steps, list(self._columns(run, series, steps)))

    def _columns(self, run: Run, series: Sequence[ReadableSeries], steps: Sequence[int]) -> Iterator[Values]:
        reader = self._reader
        sources: dict[object, _Source] = {}
        known: _Source | None = None
        for each in series:
            one = run.bound(each)
            rows = one.by_rows
            values = None
            if rows is not None:
                timeline = rows.timeline
                if timeline not in sources:
                    known = sources[timeline] = _Source.of(reader, run, rows, steps, known)
                values = sources[timeline].read(rows)
            run.work(len(steps))
            yield reader.one_by_one(run, one, steps) if values is None else values


class _Shared:
    """The part of reading that all series have in common whose rows have the same times.

    `edges` and `needed` are the numbers of rows that are looked up one by one, where these are few.
    """

    def __init__(self, reader: Reader, run: Run, times: list[int], steps: Sequence[int]) -> None:
        self.times = times
        self.edges: list[int] | None = None
        self.needed: list[int] | None = None
        self._reader = reader
        self.run = run
        self._steps = steps
        self._ranges = reader.ranges(run, times, steps)
        if reader.edges_only:
            edges = self._ranges.edges()
            self.edges = edges if len(edges) * _EDGES < len(times) else None
        needed = self._ranges.needed(lasts_only=reader.lasts_only)
        self.needed = needed if len(needed) * _SPARSE < len(times) else None

    @cached_property
    def of_edges(self) -> Callable[[list[float]], Values]:
        """What computes the values of a series from those of the edges."""
        return self._reader.prepare(self.run, self._ranges.at_edges(self.edges or ()), self._steps)

    @cached_property
    def of_rows(self) -> Callable[[list[float]], Values] | None:
        """What computes them from those of the needed rows, or of all; None where these are too many."""
        if self.needed is not None:
            ranges = self._ranges.among(self.needed, lasts_only=self._reader.lasts_only)
            return self._reader.prepare(self.run, ranges, self._steps)
        if len(self.times) > len(self._steps) * _ROWS_PER_STEP:
            return None
        return self._reader.prepare(self.run, self._ranges, self._steps)


class _Source:
    """The rows of one source."""

    def __init__(self, first_row: int, shared: _Shared) -> None:
        self._first_row = first_row
        self._shared = shared
        self._edges, self._needed = (
            None if rows is None else [first_row + row for row in rows]
            for rows in (shared.edges, shared.needed)
        )

    @staticmethod
    def of(
        reader: Reader, run: Run, series: SeriesOfRows, steps: Sequence[int], other: "_Source | None"
    ) -> "_Source":
        """The source of a series.

        What was worked out for another source holds for one whose rows have the same times.
        """
        first_row, times = series.rows(*reader.bounds(run, steps))
        run.work(len(times))
        if other is not None and other._shared.times == times:
            return _Source(first_row, other._shared)
        return _Source(first_row, _Shared(reader, run, times, steps))

    def read(self, series: SeriesOfRows) -> Values | None:
        """The values of a series of this source; None where it is better read step by step.

        So it is where the store has dropped the rows meanwhile.
        """
        count = len(self._shared.times)
        if self._edges:
            self._shared.run.work(count)
            is_counter = series.rises_over(self._first_row, count)
            values = series.values_at(self._edges) if is_counter else None
            if values is not None:
                return self._shared.of_edges(values)
        compute = self._shared.of_rows
        if compute is None:
            return None
        if self._needed is None:
            values = series.values_in(self._first_row, count)
            self._shared.run.work(count)
        else:
            values = series.values_at(self._needed)
        return None if values is None else compute(values)


def spread(found: Sequence[float | None], places: Sequence[int], steps: int) -> Values:
    """Values at some places of all steps, and None at the others."""
    if len(places) == steps:
        return found
    column: list[float | None] = [None] * steps
    for place, value in zip(places, found, strict=True):
        column[place] = value
    return column
