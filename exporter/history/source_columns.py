"""Turns rows of one source, which hold what moved, into one column of changes per series."""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence

from exporter.history.column import is_same
from exporter.history.wal_format import WrittenRows
from exporter.model.labels import Labels
from exporter.model.sample import STALE
from exporter.store import Chunk


class SeriesColumn:
    """The rows in which a series changed, and its values from there on; the stale marker for none."""

    __slots__ = ("rows", "values")

    def __init__(self) -> None:
        self.rows = array("I", [0])
        self.values = array("d", [STALE])

    def set(self, row: int, value: float) -> None:
        """Set the value from a row on, which is the last one or a later one."""
        if self.rows[-1] == row:
            self.values[-1] = value
        elif not is_same(self.values[-1], value):
            self.rows.append(row)
            self.values.append(value)


class SourceColumns:
    """All rows of one source in the order in which they were written.

    A row with the timestamp of the one before replaces it. So does one of an earlier moment, which there is
    where the name has gone over to another server.
    """

    def __init__(self) -> None:
        self.times = array("q")
        self.columns: dict[Labels, SeriesColumn] = {}
        self._series: Sequence[Labels] = ()
        # Along the series of the stream under way.
        self._current: list[SeriesColumn] = []

    def add(self, series: Sequence[Labels], rows: WrittenRows) -> None:
        """Add rows of a stream that has these series; the first one of a stream needs a base."""
        for number, at in enumerate(rows.times):
            is_new = not self.times or at > self.times[-1]
            if is_new:
                self.times.append(at)
            row = len(self.times) - 1
            base = rows.base if number == 0 else None
            if base is not None:
                self._begin(series, row, base)
            if is_new and base is None and row:
                self._append(row, *rows.changes[number])
            else:
                for index, value in zip(*rows.changes[number], strict=True):
                    self._current[index].set(row, value)

    def _append(self, row: int, indexes: "array[int]", values: "array[float]") -> None:
        """Add a row that no series has yet, with what has moved in it."""
        current = self._current
        for index, value in zip(indexes, values, strict=True):
            column = current[index]
            column.rows.append(row)
            column.values.append(value)

    def _begin(self, series: Sequence[Labels], row: int, base: "array[float]") -> None:
        """Set the value of every series."""
        self._switch(series, row)
        for column, value in zip(self._current, base, strict=True):
            column.set(row, value)

    def _switch(self, series: Sequence[Labels], row: int) -> None:
        """Go over to these series; others end in this row."""
        if series is self._series:
            return
        before, columns = self._current, self.columns
        for one in series:
            if one not in columns:
                columns[one] = SeriesColumn()
        self._current = [columns[one] for one in series]
        self._series = series
        now = set(map(id, self._current))
        for column in before:
            if id(column) not in now:
                column.set(row, STALE)

    def add_chunk(self, chunk: Chunk) -> None:
        """Add rows that were saved as a chunk; those that are here already are left out."""
        known = bisect_right(chunk.times, self.times[-1]) if self.times else 0
        if known == len(chunk.times):
            return
        first = len(self.times) - known
        self.times.extend(chunk.times[known:])
        self._switch(chunk.series, first + known)
        for column, row, value in zip(chunk.columns, chunk.rows, chunk.values, strict=True):
            self._current[column].set(first + max(row, known), value)


def columns_of(chunks: Iterable[Chunk]) -> dict[str, SourceColumns]:
    """Return the columns of each source, of chunks in the order in which they were saved."""
    found: dict[str, SourceColumns] = {}
    for chunk in chunks:
        if chunk.times:
            found.setdefault(chunk.source, SourceColumns()).add_chunk(chunk)
    return found
