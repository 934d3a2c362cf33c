"""The database of the events, used from one thread: in a file, or in memory while there is none to use."""

import contextlib
import os
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from exporter.errors import StateError
from exporter.events import rows
from exporter.events.event import Event
from exporter.events.opening import DamagedError, is_broken, open_file, open_memory, set_aside
from exporter.events.schema import NotOursError
from exporter.log import get_logger

MAX_EVENTS: Final = 1_000_000
"""How many events a file holds."""
MAX_EVENTS_IN_MEMORY: Final = 10_000
"""How many events there are without a file."""
MAX_KNOWN: Final = 20_000

_DELETED_AT_ONCE: Final = 5_000
# What one round of dropping may take; the next one goes on.
_PRUNE_SECONDS: Final = 1.0
_RETRY_SECONDS: Final = 30.0

ResultT = TypeVar("ResultT")

_log = get_logger(__name__)


@dataclass(slots=True)
class Numbers:
    """Numbers of the database, written by its thread.

    `stored` and `added`: events that there are, and that came, by kind. `evicted`: events that went before
    their time, since there were too many. `is_healthy`: whether the file can be written.
    """

    stored: dict[str, int] = field(default_factory=dict)
    added: dict[str, int] = field(default_factory=dict)
    evicted: int = 0
    damaged: int = 0
    bytes: int = 0
    is_healthy: bool = True


class EventDatabase:
    """Events in a file (None: in memory), at most `max_bytes` of them, which may be changed.

    A file that cannot be used is said once, and tried again; until then events are kept in memory. Errors of
    the file under way are raised as `StateError`.
    """

    def __init__(self, path: Path | None, max_bytes: int) -> None:
        self.path = path
        self.max_bytes = max_bytes
        self.numbers = Numbers()
        self._connection: sqlite3.Connection | None = None
        self._is_file = False
        self._noted: tuple[int, int] | None = None
        self._told = ""
        self._tried_at = 0.0
        # What is known, as JSON, for a file that has to begin anew.
        self._known: dict[tuple[str, str], str] = {}
        self._known_ms = 0

    def open(self) -> dict[tuple[str, str], Any]:
        """Open it, and return what was last known, by instance and topic; raises `StateError`."""
        return self.read(rows.read_known)

    def write(
        self, events: Sequence[Event], known: Mapping[tuple[str, str], str], now_ms: int
    ) -> Sequence[Event]:
        """Write all of it or nothing; return the events that are new. Raises `StateError`."""

        def work(connection: sqlite3.Connection) -> list[Event]:
            added = rows.insert(connection, events)
            rows.write_known(connection, known, now_ms)
            return added

        self._known.update(known)
        self._known_ms = now_ms
        added = self._transact(work)
        for kind, count in Counter(event.kind for event in added).items():
            self.numbers.added[kind] = self.numbers.added.get(kind, 0) + count
            self.numbers.stored[kind] = self.numbers.stored.get(kind, 0) + count
        # A storm does not wait for the next pruning.
        self._evict(time.monotonic() + _PRUNE_SECONDS)
        return added

    def read(self, work: Callable[[sqlite3.Connection], ResultT]) -> ResultT:
        """Return what the work reads; raises `StateError`."""
        try:
            return work(self._ready())
        except (sqlite3.Error, OSError) as error:
            self._note_failure(error)
            raise StateError(f"the events cannot be read: {error}") from error

    def prune(self, before_ms: int) -> None:
        """Drop what is too old, and what is too much; raises `StateError`."""
        self._ready()
        ends_at = time.monotonic() + _PRUNE_SECONDS
        while self._drop(partial(rows.delete_before, before_ms=before_ms, most=_DELETED_AT_ONCE)):
            if time.monotonic() > ends_at:
                return
        self._evict(ends_at)
        self._transact(partial(rows.drop_known, most=MAX_KNOWN))
        self._note_size()

    def _evict(self, ends_at: float) -> None:
        """Drop the oldest of the most frequent kind where there is too much, until a moment (monotonic)."""
        while self._is_too_much() and time.monotonic() < ends_at:
            stored = self.numbers.stored
            kind = max(stored, key=stored.__getitem__)
            count = max(1, min(_DELETED_AT_ONCE, stored[kind] // 10))
            dropped = self._drop(partial(rows.delete_oldest, kind=kind, most=count))
            if not dropped:
                return
            self.numbers.evicted += dropped

    def close(self) -> None:
        """Write back and close the file."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _is_too_much(self) -> bool:
        most = MAX_EVENTS if self._is_file else MAX_EVENTS_IN_MEMORY
        count = sum(self.numbers.stored.values())
        return count > most or (count > 0 and self._used_bytes() > self.max_bytes)

    def _used_bytes(self) -> int:
        """Return the bytes of the pages in use."""
        size, pages, free = (
            self._ready().execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_size", "page_count", "freelist_count")
        )
        used: int = size * (pages - free)
        return used

    def _note_size(self) -> None:
        if self._is_file:
            self._ready().execute("PRAGMA incremental_vacuum(2000)").fetchall()
        self.numbers.bytes = self._used_bytes()

    def _drop(self, work: Callable[[sqlite3.Connection], dict[str, int]]) -> int:
        dropped = self._transact(work)
        for kind, count in dropped.items():
            self.numbers.stored[kind] = max(0, self.numbers.stored.get(kind, 0) - count)
        return sum(dropped.values())

    def _transact(self, work: Callable[[sqlite3.Connection], ResultT]) -> ResultT:
        try:
            connection = self._ready()
            connection.execute("BEGIN IMMEDIATE")
            try:
                result = work(connection)
                connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                raise
        except (sqlite3.Error, OSError) as error:
            self._note_failure(error)
            raise StateError(f"the events cannot be written: {error}") from error
        if self._is_file:
            self._note_success()
        return result

    def _ready(self) -> sqlite3.Connection:
        """Return the connection to what is used at the moment; the file, as soon as it can be."""
        if self._connection is not None and self._is_file and self._identity() != self._noted:
            _log.error(
                "the file of the events was deleted or replaced, going on with another", path=self.path
            )
            self.close()
        is_due = time.monotonic() - self._tried_at >= _RETRY_SECONDS
        if self.path is not None and (self._connection is None or (not self._is_file and is_due)):
            self._try_file(self.path)
        if self._connection is None:
            self._use(open_memory(), is_file=False)
        assert self._connection is not None
        return self._connection

    def _try_file(self, path: Path) -> None:
        self._tried_at = time.monotonic()
        try:
            connection = self._open_file(path)
        except (NotOursError, DamagedError, sqlite3.Error, OSError) as error:
            self._note_failure(error)
            return
        self.close()
        self._use(connection, is_file=True)

    def _open_file(self, path: Path) -> sqlite3.Connection:
        try:
            connection = open_file(path)
        except DamagedError as error:
            self._quarantine(path, error)
            connection = open_file(path)
        try:
            self._move_over(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _move_over(self, file: sqlite3.Connection) -> None:
        """Write what came while there was no file into it, and what is known."""
        file.execute("BEGIN IMMEDIATE")
        if self._connection is not None:
            columns = "at_ms, instance, kind, identity, fields"
            kept = self._connection.execute(f"SELECT {columns} FROM events ORDER BY id").fetchall()
            file.executemany(f"INSERT OR IGNORE INTO events ({columns}) VALUES (?, ?, ?, ?, ?)", kept)
        rows.write_known(file, self._known, self._known_ms)
        file.execute("COMMIT")

    def _use(self, connection: sqlite3.Connection, *, is_file: bool) -> None:
        self._connection, self._is_file = connection, is_file
        self._noted = self._identity()
        self.numbers.stored = rows.count_by_kind(connection)
        self._note_size()

    def _quarantine(self, path: Path, error: Exception) -> None:
        kept = set_aside(path)
        self.numbers.damaged += 1
        _log.error(
            "the file of the events is damaged, beginning a new one", path=path, error=error, kept_as=kept
        )

    def _note_failure(self, error: Exception) -> None:
        """Say once what is wrong; a damaged file is set aside when it is next opened."""
        if is_broken(error) and self._is_file and self.path is not None:
            self.close()
            with contextlib.suppress(OSError):
                self._quarantine(self.path, error)
            return
        self.numbers.is_healthy = False
        text = str(error)
        if text != self._told:
            self._told = text
            _log.error("events cannot be kept on disk, going on from memory", path=self.path, error=text)

    def _note_success(self) -> None:
        if not self.numbers.is_healthy:
            _log.info("events are kept on disk again", path=self.path)
        self.numbers.is_healthy, self._told = True, ""

    def _identity(self) -> tuple[int, int] | None:
        """Which file is at the path."""
        try:
            found = os.stat(self.path) if self.path is not None else None
        except OSError:
            return None
        return None if found is None else (found.st_dev, found.st_ino)
