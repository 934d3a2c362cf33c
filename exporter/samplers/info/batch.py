"""Batches of lines of INFO: joined, cut and converted by a few calls, instead of a few per line."""

import re
import sys
from collections.abc import Sequence
from math import isfinite
from operator import mul
from typing import Final

from exporter.samplers.info.line_reader import LineReader

_PLAIN: Final = re.compile(r"[0-9.]+")


class _Batch:
    """Lines of these indexes; `separator` stands between their names and numbers."""

    __slots__ = ("_indexes", "_names", "_order", "_places", "_scales", "_separator", "lines")

    def __init__(
        self, separator: str, order: Sequence[int], heads: Sequence[str], readers: Sequence[LineReader]
    ) -> None:
        self.lines = frozenset(order)
        self._order = order
        self._separator = separator
        self._names: list[str] = []
        self._places: list[int] = []
        self._indexes: list[int] = []
        self._scales: list[float] = []
        for line in order:
            reader = readers[line]
            for place, index, scale in reader.targets:
                self._places.append(len(self._names) + place)
                self._indexes.append(index)
                self._scales.append(scale)
            # The same for all targets.
            self._names += map(sys.intern, reader.batch_names(heads[line]))

    def replacement_for(self, moved: Sequence[int]) -> Sequence[int] | None:
        """Return the lines of a batch that suits better than this one.

        None if this one has those that moved, and at most as many others.
        """
        limit = 2 * len(moved)
        if self.lines.issuperset(moved) and len(self.lines) <= limit:
            return None
        both = self.lines.union(moved)
        return sorted(both) if len(both) <= limit else moved

    def read(self, lines: Sequence[str], values: list[float | None]) -> bool:
        """Write the values; returns False, with nothing written, if a line is not as expected."""
        if not self._order:
            return True
        parts = ",".join([lines[line] for line in self._order]).replace(self._separator, ",").split(",")
        texts = parts[1::2]
        if parts[::2] != self._names or len(parts) % 2 or not _PLAIN.fullmatch("".join(texts)):
            return False
        try:
            numbers = list(map(float, texts))
        except ValueError:
            return False
        if not isfinite(sum(numbers)):
            return False
        found = map(mul, [numbers[place] for place in self._places], self._scales)
        for index, number in zip(self._indexes, found, strict=True):
            values[index] = number
        return True


class BatchReader:
    """Reads lines of one make at once: those that moved in the last passes, since they mostly move again.

    `heads` are the names and colons that all lines of the reply begin with, `readers` read what follows; both
    may grow.
    """

    def __init__(self, separator: str, heads: Sequence[str], readers: Sequence[LineReader]) -> None:
        self._separator = separator
        self._heads = heads
        self._readers = readers
        self._batch = self._make([])

    def _make(self, order: Sequence[int]) -> _Batch:
        return _Batch(self._separator, order, self._heads, self._readers)

    def read(self, moved: Sequence[int], lines: Sequence[str], values: list[float | None]) -> bool:
        """Write the values of the lines of these indexes.

        Returns False, with nothing written, if one of them has to be read on its own.
        """
        order = self._batch.replacement_for(moved)
        if order is not None:
            self._batch = self._make(order)
        if self._batch.read(lines, values):
            return True
        # The line that could not be read is not taken along the next time.
        self._batch = self._make([])
        return False
