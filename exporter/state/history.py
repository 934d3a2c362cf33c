"""Saves the samples that rules read: after a restart `rate(x[5m])` goes on as if nothing had been.

Nothing is written on the way of a sample. About once a second new samples are read from the store, and
appended as one row. Rows belong to segments; a segment can be read without those before it (a checkpoint of
every series opens it), so that old ones are simply dropped.
"""

import sqlite3
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from exporter.clock import Clock, to_milliseconds
from exporter.errors import StateError
from exporter.log import get_logger
from exporter.rules.job_labels import unchanged
from exporter.state.chunk_encoding import ChunkDecoder, encode_chunks
from exporter.state.database import Database
from exporter.store import Chunk, ChunkReader, Relabel, Store, relabelled
from exporter.timing.job import Job

PAUSE_SECONDS: Final = 1.0
"""How long what is new waits to be written: the most that `kill -9` costs."""

RETRY_SECONDS: Final = 5.0
_FLUSH_DEADLINE_SECONDS: Final = 120.0
MAX_ROWS_AT_ONCE: Final = 500
MAX_BYTES: Final = 512 << 20
"""How much of the file samples may take; beyond it the oldest segments go, and that is counted."""

_SHORTEST_SEGMENT_MS: Final = 60_000
_SEGMENTS_PER_RANGE: Final = 6
# A segment is named by the moment of its beginning, in a column that keeps its name of release 0.1.
_CHECKPOINT = "(SELECT max(chapter) FROM sample_history WHERE chapter <= ?)"

_log = get_logger(__name__)


TakeOver = Callable[[list[Chunk]], Awaitable[bool]]
"""Takes chunks over; whether that went well."""


class SampleHistory(Protocol):
    """Keeps the samples that rules read over a restart."""

    async def restore(self, store: Store, relabel: Relabel = unchanged) -> None:
        """Restore what was saved into the store; never fails."""
        ...

    def follow(self, store: Store) -> None:
        """Save what is written into the store from now on."""
        ...

    def rewrite(self) -> None:
        """Save what the store holds now in the place of what was saved, since its times have changed."""
        ...

    async def migrate(self, take: TakeOver) -> None:
        """Hand over to a history of all series what was saved, and forget it; never fails."""
        ...


class NoHistory:
    """Keeps no samples."""

    async def restore(self, store: Store, relabel: Relabel = unchanged) -> None:
        """Restore nothing."""

    def follow(self, store: Store) -> None:
        """Save nothing."""

    def rewrite(self) -> None:
        """Rewrite nothing."""

    async def migrate(self, take: TakeOver) -> None:
        """Hand over nothing."""


class SqliteHistory:
    """Implements `SampleHistory` on a `Database` that others may use too.

    `rows_total` counts rows of sources written, `lost_rows` those that grew too old, or too many, while the
    database failed. While it fails everything stays in the store, and is read again from there.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._store: Store | None = None
        self._reader: ChunkReader | None = None
        self._segment_ms = 0
        # How many rewrites were asked for, and how many were done.
        self._starts = self._replaced = 0
        self._generation = 0
        self.rows_total = 0
        self.dropped_segments = 0

    @property
    def lost_rows(self) -> int:
        """Rows that were never written."""
        return self._reader.skipped_rows if self._reader else 0

    async def restore(self, store: Store, relabel: Relabel = unchanged) -> None:
        """Restore what was saved into the store; what cannot be read is left out."""
        now_ms = self._now_ms()
        horizon_ms = now_ms - store.longest_range_ms
        try:
            chunks = await self._database.read(lambda connection: _read(connection, horizon_ms))
            self._generation = self._database.generation
        except StateError as error:
            _log.error("the samples from before the restart cannot be read", error=error)
            return
        rows = store.restore(relabelled(chunks, relabel), now_ms)
        if any(chunk.times and chunk.times[-1] > now_ms for chunk in chunks):
            # The clock was ahead when these were written: left in the file, they would be restored once it
            # is that late.
            self._starts += 1
        if rows:
            _log.info("samples from before the restart are back", rows=rows, series=store.series_count)

    def follow(self, store: Store) -> None:
        """Save new samples of the store from now on; `job` does that."""
        self._store = store
        self._reader = ChunkReader(store)
        if self._starts == self._replaced:
            self._reader.seek_to_end()

    def rewrite(self) -> None:
        """Save everything that rules read once more, in the place of what was saved before."""
        self._starts += 1
        self._segment_ms = 0
        if self._reader is not None:
            self._reader.rewind()

    async def migrate(self, take: TakeOver) -> None:
        """Hand over what was saved, which an earlier version did, and delete it if it was taken."""
        try:
            chunks = await self._database.read(lambda connection: _read(connection, 0))
            if chunks and await take(chunks):
                await self._database.run(lambda connection: connection.execute("DELETE FROM sample_history"))
        except StateError as error:
            _log.error("the samples that an earlier version saved cannot be read", error=error)

    async def close(self) -> None:
        """Write what is left, if that is possible at once."""
        await self.flush()

    @property
    def job(self) -> Job:
        """Writing of what is new, about once a second."""
        return Job("sample_history", self.flush, self._pause_seconds, _FLUSH_DEADLINE_SECONDS)

    def _pause_seconds(self) -> float:
        return PAUSE_SECONDS if self._database.is_healthy else RETRY_SECONDS

    async def flush(self) -> None:
        """Write what is new; on failure it stays to be written the next time."""
        while self._store is not None and self._reader is not None:
            if self._generation != self._database.generation:
                # The file was lost, and everything has to be saved again.
                self._generation = self._database.generation
                self.rewrite()
            now_ms = self._now_ms()
            horizon_ms = now_ms - self._store.longest_range_ms
            is_new_segment = self._rotate(now_ms, self._store.longest_range_ms, self._reader)
            starts = self._starts
            chunks = await self._reader.read(horizon_ms, MAX_ROWS_AT_ONCE)
            if starts != self._starts:
                # A rewrite was asked for meanwhile, which has to include these chunks.
                continue
            if not chunks or not await self._write(chunks, horizon_ms if is_new_segment else None):
                return
            self._reader.ack()
            rows = sum(len(chunk.times) for chunk in chunks)
            self.rows_total += rows
            if rows < MAX_ROWS_AT_ONCE:
                return

    def _rotate(self, now_ms: int, range_ms: int, reader: ChunkReader) -> bool:
        """Begin a new segment when the one under way is long enough; whether one was begun."""
        length_ms = max(_SHORTEST_SEGMENT_MS, range_ms // _SEGMENTS_PER_RANGE)
        if 0 <= now_ms - self._segment_ms < length_ms:
            return False
        self._segment_ms = now_ms
        reader.drop_removed()
        reader.require_complete()
        return True

    async def _write(self, chunks: list[Chunk], horizon_ms: int | None) -> bool:
        """Append chunks, and drop rows before the horizon (None: keep all); whether that went well."""
        segment_ms, starts = self._segment_ms, self._starts
        replaces = starts != self._replaced

        def write(connection: sqlite3.Connection) -> int:
            if replaces:
                connection.execute("DELETE FROM sample_history")
            # Encoded here, because this runs in the thread of the database.
            row = (segment_ms, encode_chunks(chunks))
            connection.execute("INSERT INTO sample_history (chapter, data) VALUES (?, ?)", row)
            return 0 if horizon_ms is None else _prune(connection, horizon_ms)

        try:
            self.dropped_segments += await self._database.run(write)
        except StateError:
            # The segment may lack its checkpoint now: begin another with complete chunks.
            self._segment_ms = 0
            return False
        self._replaced = starts
        return True

    def _now_ms(self) -> int:
        return to_milliseconds(self._clock.now())


def _prune(connection: sqlite3.Connection, horizon_ms: int) -> int:
    """Drop the segments that end before the horizon, and the oldest above `MAX_BYTES`.

    Returns how many of the latter.
    """
    connection.execute(f"DELETE FROM sample_history WHERE chapter < {_CHECKPOINT}", (horizon_ms,))
    sizes = connection.execute(
        "SELECT chapter, sum(length(data)) FROM sample_history GROUP BY chapter ORDER BY chapter"
    ).fetchall()
    total, dropped = sum(size for _, size in sizes), 0
    for segment, size in sizes[:-1]:
        if total <= MAX_BYTES:
            break
        connection.execute("DELETE FROM sample_history WHERE chapter = ?", (segment,))
        total -= size
        dropped += 1
    return dropped


def _read(connection: sqlite3.Connection, horizon_ms: int) -> list[Chunk]:
    """Return all chunks from the horizon on, in the order in which they were written.

    Sources that had fallen silent before it are left out.
    """
    reader = ChunkDecoder()
    chunks: list[Chunk] = []
    for (data,) in connection.execute(
        f"SELECT data FROM sample_history WHERE chapter >= coalesce({_CHECKPOINT}, 0) ORDER BY id",
        (horizon_ms,),
    ):
        try:
            chunks.extend(reader.read(data))
        except ValueError as error:
            _log.error("saved samples cannot be read and are left out", error=str(error))
    alive = {chunk.source for chunk in chunks if chunk.times and chunk.times[-1] > horizon_ms}
    return [chunk for chunk in chunks if chunk.source in alive]
