"""Appends what is new in the store to the write-ahead log, about once a second.

Nothing is done on the way of a sample, and nothing is written while the disk refuses: rows wait in the store,
and are read from there once it takes them again.
"""

import asyncio
import contextlib
import errno
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from exporter.clock import Clock, to_milliseconds
from exporter.history.wal_files import WalFiles
from exporter.history.wal_writer import WalWriter
from exporter.log import get_logger
from exporter.store import RowReader, Rows, Store
from exporter.timing.job import Job

PAUSE_SECONDS: Final = 1.0
"""How long what is new waits to be written: the most that `kill -9` costs."""

RETRY_SECONDS: Final = 5.0
SPAN_MS: Final = 1_800_000
"""A file holds the rows of one span of time; then it is sealed into a block."""

SHORTEST_SPAN_MS: Final = 300_000
"""A span ends as early as that where memory has dropped some of it: only blocks are read in its place."""

MAX_FILE_BYTES: Final = 256 << 20
_MAX_ROWS_AT_ONCE: Final = 1_000
_FLUSH_DEADLINE_SECONDS: Final = 120.0

_log = get_logger(__name__)


class WriteAheadLog:
    """The write-ahead log in a directory, which only one process may use.

    `rows_total` counts rows that were written, `failures` writes that went wrong, `open_number` is the number
    of the file that is being written. `close` it at the end.
    """

    def __init__(self, files: WalFiles, clock: Clock) -> None:
        self.rows_total = 0
        self.failures = 0
        self.is_healthy = True
        self.open_number: int | None = None
        self._files = files
        self._clock = clock
        self._store: Store | None = None
        self._reader: RowReader | None = None
        self._writer: WalWriter | None = None
        self._span = 0
        # The oldest row of the file, and whether somebody has taken it from us.
        self._oldest_ms: int | None = None
        self._is_lost = False
        # Numbers go on from here; a restart looks at the files.
        self._last_number = 0
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="wal")

    @property
    def lost_rows(self) -> int:
        """Rows that were dropped from memory before they could be written."""
        return self._reader.lost_rows if self._reader else 0

    def follow(self, store: Store, last_number: int) -> None:
        """Write rows of the store from now on, into files with numbers above `last_number`."""
        self._store = store
        self._reader = RowReader(store)
        self._last_number = last_number

    @property
    def job(self) -> Job:
        """Writing of what is new, about once a second."""
        return Job("write_ahead_log", self.flush, self._pause_seconds, _FLUSH_DEADLINE_SECONDS)

    def _pause_seconds(self) -> float:
        return PAUSE_SECONDS if self.is_healthy else RETRY_SECONDS

    async def flush(self) -> None:
        """Write what is new; on failure it stays to be written the next time."""
        reader = self._reader
        while reader is not None:
            self._rotate(reader)
            found = reader.read(_MAX_ROWS_AT_ONCE)
            if not found and (not reader.shift_ms or self._writer is None):
                return
            if not await self._append(found, reader.shift_ms):
                return
            if self._oldest_ms is None:
                self._oldest_ms = min((rows.times[0] for rows in found), default=None)
            else:
                self._oldest_ms += reader.shift_ms
            reader.ack()
            rows = sum(len(rows.times) for rows in found)
            self.rows_total += rows
            if rows < _MAX_ROWS_AT_ONCE:
                return

    async def close(self) -> None:
        """Write what is left, if that is possible at once, and close the file."""
        await self.flush()
        self._reader = None
        await self._in_thread(self._close_file)
        self._executor.shutdown(wait=False)

    def _rotate(self, reader: RowReader) -> None:
        """Close the file whose span is over; a new one begins with whole rows."""
        now_ms = to_milliseconds(self._clock.now())
        span = now_ms // SPAN_MS
        writer = self._writer
        if writer is not None and (
            span != self._span or writer.bytes > MAX_FILE_BYTES or self._has_gone_from_memory(now_ms)
        ):
            self._executor.submit(self._close, writer)
            self._writer = None
        if self._writer is None:
            reader.require_base()
            if self._is_lost and self._oldest_ms is not None:
                # What memory still holds of it is written once more.
                reader.rewind(self._oldest_ms - 1)
            self._is_lost, self._oldest_ms = False, None
            self._span = span

    def _has_gone_from_memory(self, now_ms: int) -> bool:
        """Whether memory was so short, or keeps so little, that it no longer has all of the file."""
        oldest_ms, store = self._oldest_ms, self._store
        if oldest_ms is None or store is None or now_ms - oldest_ms < SHORTEST_SPAN_MS:
            return False
        return store.completeness.after_ms >= oldest_ms

    async def _append(self, found: Sequence[Rows], shift_ms: int) -> bool:
        try:
            await self._in_thread(self._write, found, shift_ms)
        except OSError as error:
            self._fail(error)
            return False
        if not self.is_healthy:
            self.is_healthy = True
            _log.info("the history can be written again", lost_rows=self.lost_rows)
        return True

    def _fail(self, error: OSError) -> None:
        self.failures += 1
        if self.is_healthy:
            self.is_healthy = False
            _log.error(
                "the history cannot be written, samples wait in memory",
                path=self._files.directory,
                error=error.strerror or error,
            )

    async def _in_thread(self, call: object, *arguments: object) -> None:
        await asyncio.get_running_loop().run_in_executor(self._executor, call, *arguments)  # type: ignore[arg-type]

    def _write(self, found: Sequence[Rows], shift_ms: int) -> None:
        """Append to the file, which is made if there is none. Runs in the thread."""
        try:
            if self._writer is None:
                self._writer = self._new_file()
            elif not self._writer.is_in_place:
                self._is_lost = True
                raise FileNotFoundError(errno.ENOENT, "somebody has deleted or changed the file")
            self._writer.append(found, shift_ms)
        except OSError:
            self._close_file()
            raise

    def _new_file(self) -> WalWriter:
        self._files.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._last_number += 1
        self.open_number = self._last_number
        return WalWriter(self._files.path_of(self._last_number))

    def _close_file(self) -> None:
        """Close the file, and remove it where nothing was written. Runs in the thread."""
        writer, self._writer = self._writer, None
        if writer is not None:
            self._close(writer)

    def _close(self, writer: WalWriter) -> None:
        writer.close()
        if writer.is_empty:
            with contextlib.suppress(OSError):
                os.unlink(writer.path)
        self.open_number = None
