"""Reads the samples that were written since the last reading, of the series that rules read."""

from bisect import bisect_right
from collections.abc import AsyncIterator
from dataclasses import dataclass

from exporter.store.chunk import Chunk
from exporter.store.series_group import SeriesGroup
from exporter.store.store import Store
from exporter.time_slice import TimeSlice


@dataclass(slots=True)
class _Mark:
    """How far a group has been read, and which series were required then."""

    group: SeriesGroup
    version: int
    next_row: int
    required_version: int

    def is_continued_by(self, later: "_Mark") -> bool:
        """Whether the same series were required at a later reading."""
        return self.required_version == later.required_version


class ChunkReader:
    """Follows a store: `read` as often as you like, `ack` makes the next reading begin after the last.

    Samplers and rules do nothing for it: new samples are found afterwards, from the changes that the store
    keeps anyway. `skipped_rows` counts rows that were dropped before they were read.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._marks: dict[str, _Mark] = {}
        self._read: dict[str, _Mark] = {}
        self._skipped: int = 0
        self.skipped_rows = 0

    async def read(self, since_ms: int, max_rows: int) -> list[Chunk]:
        """Return one chunk for each source that has written since the last acknowledged reading.

        Rows up to `since_ms` (milliseconds) are left out. After about `max_rows` rows the rest waits for the
        next reading. Gives way to the event loop; each chunk is of one moment.
        """
        self._read = {}
        self._skipped = 0
        chunks: list[Chunk] = []
        rows = 0
        time_slice = TimeSlice()
        await time_slice.through(self._store.refresh_required())
        async for chunk in self._chunks(since_ms, time_slice):
            chunks.append(chunk)
            rows += len(chunk.times)
            if rows >= max_rows:
                break
        return chunks

    def ack(self) -> None:
        """Acknowledge the last reading: the next one starts after it."""
        self._marks.update(self._read)
        self.skipped_rows += self._skipped
        self._read = {}
        self._skipped = 0

    def seek_to_end(self) -> None:
        """Count what the store holds now as read."""
        for group in self._store.groups:
            self._marks[group.source] = _Mark(group, group.version, group.end_row, -1)

    def rewind(self) -> None:
        """Count nothing as read any more, not even the last reading."""
        self._marks.clear()
        self._read = {}
        self._skipped = 0

    def require_complete(self) -> None:
        """Make the next chunk of each source a complete one, though only of rows that were not read yet."""
        for mark in self._marks.values():
            mark.required_version = -1

    def drop_removed(self) -> None:
        """Drop the marks of sources that the store no longer holds."""
        for source in [source for source, mark in self._marks.items() if not self._holds(source, mark)]:
            del self._marks[source]

    def _holds(self, source: str, mark: _Mark) -> bool:
        return self._store.group(source) is mark.group

    async def _chunks(self, since_ms: int, time_slice: TimeSlice) -> AsyncIterator[Chunk]:
        marks = self._marks
        async for group in time_slice.each(list(self._store.groups)):
            if not group.required:
                continue
            mark = marks.get(group.source)
            if mark is not None and mark.version == group.version and mark.group is group:
                continue
            chunk = await self._chunk(
                group, mark if mark and mark.group is group else None, since_ms, time_slice
            )
            if chunk is not None:
                yield chunk

    async def _chunk(
        self, group: SeriesGroup, mark: _Mark | None, since_ms: int, time_slice: TimeSlice
    ) -> Chunk | None:
        first = group.first_row if mark is None else max(mark.next_row, group.first_row)
        low = max(first - group.first_row, bisect_right(group.times, since_ms))
        first = group.first_row + low
        read = _Mark(group, group.version, group.end_row, group.required_version)
        chunk = None
        if low < len(group.times):
            is_complete = (
                mark is None or mark.required_version != group.required_version or first != mark.next_row
            )
            required, breaks = group.required, self._store.breaks
            chunk = Chunk(
                group.source, [series.labels for series in required], is_complete, group.times[low:]
            )
            await time_slice.through(chunk.collect(required, first))
            if group.first_row > first or self._store.breaks != breaks or not self._holds(group.source, read):
                # Rows were dropped or moved meanwhile: the next reading returns what is left.
                return None
        self._read[group.source] = read
        if mark is not None:
            self._skipped += first - mark.next_row
        return chunk
