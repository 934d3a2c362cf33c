"""A chunk of one source's samples, to be taken out of one store and put into another."""

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from exporter.model.labels import Labels
from exporter.model.sample import STALE
from exporter.store.series import Series

Relabel = Callable[[Labels], Labels]
"""The labels that a series has now which an earlier version wrote."""

# After how many series others may have a turn.
_SOME: Final = 100


def _times() -> "array[int]":
    return array("q")


def _numbers() -> "array[int]":
    return array("I")


def _values() -> "array[float]":
    return array("d")


@dataclass(slots=True)
class Chunk:
    """Rows that one source wrote one after the other, and the changes in them.

    `times` are the timestamps of the rows in milliseconds. Change number i: series `columns[i]` (an index
    into `series`) has `values[i]` from row `rows[i]` of the chunk on, the stale marker for none. The first
    row of a complete chunk has the value of every series; another chunk continues the one before it, and has
    the same series.
    """

    source: str
    series: Sequence[Labels]
    is_complete: bool
    times: "array[int]" = field(default_factory=_times)
    columns: "array[int]" = field(default_factory=_numbers)
    rows: "array[int]" = field(default_factory=_numbers)
    values: "array[float]" = field(default_factory=_values)

    def add(self, column: int, row: int, value: float) -> None:
        """Append a change."""
        self.columns.append(column)
        self.rows.append(row)
        self.values.append(value)

    def collect(self, required: Iterable[Series], first_row: int) -> Iterator[None]:
        """Take the changes of the chunk's series from row `first_row` of their group on.

        Rows that come meanwhile are left out. A generator of small steps: the caller does other things
        between two of them.
        """
        end_row = first_row + len(self.times)
        for column, series in enumerate(required):
            rows, values = series.changes_from(first_row)
            if self.is_complete and (not rows or rows[0] > first_row):
                before = series.value_in(first_row)
                self.add(column, 0, STALE if before is None else before)
            for row, value in zip(rows, values, strict=True):
                if row >= end_row:
                    break
                self.add(column, row - first_row, value)
            if column % _SOME == 0:
                yield


def relabelled(chunks: Iterable[Chunk], relabel: Relabel) -> Iterator[Chunk]:
    """Yield the chunks with the labels of now; those of one source share their series."""
    # By source: the series of its last chunk, and the same with the labels of now.
    known: dict[str, tuple[Sequence[Labels], Sequence[Labels]]] = {}
    for chunk in chunks:
        before, after = known.get(chunk.source, ((), ()))
        if chunk.series is not before:
            after = tuple(map(relabel, chunk.series))
            known[chunk.source] = chunk.series, after
        yield replace(chunk, series=after)
