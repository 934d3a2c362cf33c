"""Reads INFO by difference: a line that says the same as in the last reply costs one comparison.

A server answers with some 250 lines, of which a few dozen have moved since the last pass. Each line gets a
reader when it is first seen; from then on only the readers of lines that moved run, most of them in batches.
When lines come or go, or one moves in a way that changes labels, everything is parsed again. What that saves:
benchmarks/info.py, docs/performance.md.
"""

import sys
from collections.abc import Collection, Sequence
from itertools import compress
from operator import ne

from exporter.samplers.info.batch import BatchReader
from exporter.samplers.info.line_reader import LineReader
from exporter.time_slice import TimeSlice


class InfoDiff:
    """The lines of the last reply with their readers, and the fields of the given names (`fields`)."""

    def __init__(self, kept: Collection[str]) -> None:
        self.fields: dict[str, str] = {}
        self._kept = {f"{name}:": name for name in kept}
        self.clear()

    def clear(self) -> None:
        """Forget everything: the next reply is parsed as a whole."""
        self.fields = {}
        self._lines: Sequence[str] = ()
        self._heads: list[str] = []
        self._readers: list[LineReader] = []
        # By what stands between name and number; and by line, None for those that are read on their own.
        self._batches = {mark: BatchReader(mark, self._heads, self._readers) for mark in ":="}
        self._batch_of: list[BatchReader | None] = []

    def set_field(self, name: str, text: str) -> None:
        """Remember a field of a reply that is parsed as a whole, if its name is one of the given."""
        if f"{name}:" in self._kept:
            self.fields[sys.intern(name)] = text

    def add(self, head: str, text: str, reader: LineReader) -> None:
        """Add the next line of a reply that is parsed as a whole.

        `head` stays (the name and the colon), `text` is what comes after.
        """
        # The same for all targets.
        head = sys.intern(head)
        self._heads.append(head)
        self._readers.append(reader)
        is_plain = head not in self._kept and reader.is_plain(text)
        self._batch_of.append(self._batches[reader.separator] if is_plain else None)

    def commit(self, lines: Sequence[str]) -> None:
        """Compare the next reply with these lines, which have been added.

        Where a field stands twice, the later one counts, which no difference shows: such replies are parsed
        as a whole each time.
        """
        fields = [head for head in self._heads if head.endswith(":")]
        self._lines = lines if len(set(fields)) == len(fields) else ()

    async def update(self, lines: Sequence[str], values: list[float | None]) -> bool:
        """Run the readers of the lines that moved; gives way to the event loop.

        Returns False if everything has to be parsed as a whole.
        """
        before, self._lines = self._lines, ()
        if len(lines) != len(before):
            return False
        moved = list(compress(range(len(lines)), map(ne, lines, before)))
        turn = TimeSlice()
        for line in self._read_batches(moved, lines, values):
            if not self._read(line, lines[line], values):
                return False
            if turn.is_over:
                await turn.yield_control()
        self._lines = lines
        return True

    def _read_batches(
        self, moved: Sequence[int], lines: Sequence[str], values: list[float | None]
    ) -> Sequence[int]:
        """Read what can be read in batches; returns the indexes of the other lines that moved."""
        others: list[int] = []
        members: dict[BatchReader | None, list[int]] = {None: others}
        members |= {batch: [] for batch in self._batches.values()}
        for line in moved:
            members[self._batch_of[line]].append(line)
        for batch, own in members.items():
            # Words that stand for numbers, or -1 for what is not known, only a reader of one line knows.
            if batch is not None and not batch.read(own, lines, values):
                others += own
        return others

    def _read(self, line: int, whole: str, values: list[float | None]) -> bool:
        head = self._heads[line]
        if not whole.startswith(head):
            return False
        text = whole[len(head) :]
        name = self._kept.get(head)
        if name is not None:
            self.fields[name] = text
        return self._readers[line].read(text, values)
