"""Reads what has been written lately, of the series that somebody needs."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from exporter.store.block import Block
from exporter.store.piece import Piece
from exporter.store.store import Store


@dataclass(slots=True)
class _Mark:
    """How far a block has been read; `shape` is that of the series that were needed then."""

    block: Block
    version: int
    next_row: int
    shape: int


class Tail:
    """Follows a store. `read` as often as you like; `confirm` makes the next read begin after the last one.

    Samplers and rules notice nothing of it: what is new is found afterwards, from the changes that the store
    keeps anyway.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._marks: dict[str, _Mark] = {}
        self._read: dict[str, _Mark] = {}
        self._skipped: int = 0
        self.skipped_rows = 0

    def read(self, since_ms: int, max_rows: int) -> list[Piece]:
        """One piece for each source that has written something since the last confirmed read; rows up to
        `since_ms` (milliseconds) are left out. After about `max_rows` rows the rest waits for the next
        read."""
        self._read = {}
        self._skipped = 0
        pieces: list[Piece] = []
        rows = 0
        for piece in self._pieces(since_ms):
            pieces.append(piece)
            rows += len(piece.times)
            if rows >= max_rows:
                break
        return pieces

    def confirm(self) -> None:
        """What was read last is in good hands."""
        self._marks.update(self._read)
        self.skipped_rows += self._skipped
        self._read = {}
        self._skipped = 0

    def skip_present(self) -> None:
        """What the store holds now is known already."""
        for block in self._store.blocks:
            self._marks[block.source] = _Mark(block, block.version, block.end_row, -1)

    def start_over(self) -> None:
        """Nothing counts as read any more, not even what was read last."""
        self._marks.clear()
        self._read = {}
        self._skipped = 0

    def begin_anew(self) -> None:
        """The next piece of each source is complete, though only of rows that were not read yet."""
        for mark in self._marks.values():
            mark.shape = -1

    def forget_gone(self) -> None:
        """Let go of sources that the store no longer holds."""
        for source in [source for source, mark in self._marks.items() if not self._holds(source, mark)]:
            del self._marks[source]

    def _holds(self, source: str, mark: _Mark) -> bool:
        return self._store.block(source) is mark.block

    def _pieces(self, since_ms: int) -> Iterator[Piece]:
        marks = self._marks
        for block in self._store.blocks:
            if not block.needed:
                continue
            mark = marks.get(block.source)
            if mark is not None and mark.version == block.version and mark.block is block:
                continue
            piece = self._piece(block, mark if mark and mark.block is block else None, since_ms)
            if piece is not None:
                yield piece

    def _piece(self, block: Block, mark: _Mark | None, since_ms: int) -> Piece | None:
        first = block.first_row if mark is None else max(mark.next_row, block.first_row)
        low = max(first - block.first_row, bisect_right(block.times, since_ms))
        self._read[block.source] = _Mark(block, block.version, block.end_row, block.shape)
        if mark is not None:
            self._skipped += block.first_row + low - mark.next_row
        if low >= len(block.times):
            return None
        is_complete = mark is None or mark.shape != block.shape or low + block.first_row != mark.next_row
        labels = [series.labels for series in block.needed]
        piece = Piece(block.source, labels, is_complete, block.times[low:])
        piece.collect(block.needed, block.first_row + low)
        return piece
