"""Reads what has been written lately, of the series that somebody needs."""

from bisect import bisect_right
from collections.abc import AsyncIterator
from dataclasses import dataclass

from exporter.store.block import Block
from exporter.store.piece import Piece
from exporter.store.store import Store
from exporter.time_slice import TimeSlice


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

    async def read(self, since_ms: int, max_rows: int) -> list[Piece]:
        """One piece for each source that has written something since the last confirmed read; rows up to
        `since_ms` (milliseconds) are left out. After about `max_rows` rows the rest waits for the next
        read. Gives way to the event loop; each piece is of one moment."""
        self._read = {}
        self._skipped = 0
        pieces: list[Piece] = []
        rows = 0
        time_slice = TimeSlice()
        await time_slice.through(self._store.find_needed())
        async for piece in self._pieces(since_ms, time_slice):
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

    async def _pieces(self, since_ms: int, time_slice: TimeSlice) -> AsyncIterator[Piece]:
        marks = self._marks
        async for block in time_slice.each(list(self._store.blocks)):
            if not block.needed:
                continue
            mark = marks.get(block.source)
            if mark is not None and mark.version == block.version and mark.block is block:
                continue
            piece = await self._piece(
                block, mark if mark and mark.block is block else None, since_ms, time_slice
            )
            if piece is not None:
                yield piece

    async def _piece(
        self, block: Block, mark: _Mark | None, since_ms: int, time_slice: TimeSlice
    ) -> Piece | None:
        first = block.first_row if mark is None else max(mark.next_row, block.first_row)
        low = max(first - block.first_row, bisect_right(block.times, since_ms))
        first = block.first_row + low
        read = _Mark(block, block.version, block.end_row, block.shape)
        piece = None
        if low < len(block.times):
            is_complete = mark is None or mark.shape != block.shape or first != mark.next_row
            needed, breaks = block.needed, self._store.breaks
            piece = Piece(block.source, [series.labels for series in needed], is_complete, block.times[low:])
            await time_slice.through(piece.collect(needed, first))
            if block.first_row > first or self._store.breaks != breaks or not self._holds(block.source, read):
                # What was to be read was dropped or moved meanwhile: the next read sees what is left.
                return None
        self._read[block.source] = read
        if mark is not None:
            self._skipped += first - mark.next_row
        return piece
