"""A connection to the state database, which notices what happens to its files and repairs them.

Files that were deleted, moved or replaced are still open here: they are copied to where they belong. Files
that somebody else has written to, or that are damaged, are written anew from memory.
"""

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from exporter.errors import StateError
from exporter.log import get_logger
from exporter.state.files import Change, DatabaseFiles
from exporter.state.lock import DirectoryLock
from exporter.state.migrations import check_tables, migrate

_BUSY_SECONDS: Final = 1.0
_COPY_SECONDS: Final = 5.0
_CHECK_SECONDS: Final = 3.0
_CHECK_PAUSE_SECONDS: Final = 10.0
# The longest wait for reading while another process has the file locked.
_READ_PATIENCE_SECONDS: Final = 6.0

_PAGES_AT_ONCE: Final = 1_000
_STEPS_AT_ONCE: Final = 10_000
_BROKEN: Final = (
    "file is not a database",
    "malformed",
    # Another process has changed the tables.
    "no such table",
    "no such column",
    "has no column",
    "columns but",
    "because it is a view",
)
# The file may be intact, but SQLite's state of it cannot be trusted.
_UNSURE: Final = ("disk I/O error", "unable to open database file")

ResultT = TypeVar("ResultT")

Work = Callable[[sqlite3.Connection], ResultT]
Rewrite = Callable[[sqlite3.Connection], None]
"""Writes everything that somebody knows; called in the database's thread."""

_log = get_logger(__name__)


class Connection:
    """A connection that is used from one thread.

    The file is opened when it is first needed, and again after it could not be opened. `generation` increases
    whenever what was saved before is lost, or may be; `has_changed` tells whether the last transaction wrote
    anything.
    """

    def __init__(self, path: Path, lock: DirectoryLock | None) -> None:
        self._path = path
        self._files = DatabaseFiles(path)
        self._lock = lock
        self._rewrites: list[Rewrite] = []
        self._connection: sqlite3.Connection | None = None
        self._is_suspect = False
        self._checked_at = -_CHECK_PAUSE_SECONDS
        self.generation = 0
        self.has_changed = False

    def on_loss(self, rewrite: Rewrite) -> None:
        """Register a function that writes everything again whenever the file is lost."""
        self._rewrites.append(rewrite)

    def interrupt(self) -> None:
        """Make the statement under way fail soon; may be called from another thread."""
        connection = self._connection
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):
                connection.interrupt()

    def write(self, work: Work[ResultT]) -> ResultT:
        """Run a transaction that writes; raises `sqlite3.Error`, `OSError` and `StateError`."""
        try:
            return self._transact(work, "BEGIN IMMEDIATE")
        except sqlite3.DatabaseError as error:
            if not _is_broken(error):
                raise
        # The file is in quarantine, and what is in memory is in a new one now.
        return self._transact(work, "BEGIN IMMEDIATE")

    def read(self, work: Work[ResultT]) -> ResultT:
        """Run a transaction that reads; raises as `write`, but waits longer for a locked file."""
        ends_at = time.monotonic() + _READ_PATIENCE_SECONDS
        while True:
            try:
                return self._transact(work, "BEGIN")
            except sqlite3.DatabaseError as error:
                if _is_broken(error):
                    break
                if not _is_busy(error) or time.monotonic() > ends_at:
                    raise
            time.sleep(_BUSY_SECONDS / 10)
        # As in `write`.
        return self._transact(work, "BEGIN")

    def check_files(self) -> None:
        """Check that the files are where they should be, and repair them."""
        self._ready()

    def close(self) -> None:
        """Write back and close the file, at its path."""
        if self._connection is not None:
            self._checked_at = -_CHECK_PAUSE_SECONDS
            with contextlib.suppress(sqlite3.Error, OSError, StateError):
                self._ready()
            self._drop()

    def _transact(self, work: Work[ResultT], begin: str) -> ResultT:
        connection = self._ready()
        try:
            return self._run(connection, work, begin)
        except BaseException as error:
            if _is_broken(error):
                self._recreate("damaged")
            elif _is_unsure(error):
                self._drop()
            raise

    def _run(self, connection: sqlite3.Connection, work: Work[ResultT], begin: str) -> ResultT:
        try:
            before = connection.total_changes
            connection.execute(begin)
            result = work(connection)
            connection.execute("COMMIT")
            self.has_changed = connection.total_changes != before
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise
        finally:
            self._files.note()
        return result

    def _ready(self) -> sqlite3.Connection:
        """Return the connection to the file that is at the path, with everything in it."""
        if self._connection is None:
            return self._open()
        change = self._change()
        if change is Change.MOVED:
            return self._restore_copy(self._connection)
        if self._is_suspect and time.monotonic() - self._checked_at >= _CHECK_PAUSE_SECONDS:
            # SQLite's cache may be outdated, since somebody else wrote to the file.
            self._checked_at = time.monotonic()
            self._drop()
            return self._open()
        return self._connection

    def _change(self) -> Change:
        change = self._files.change()
        self._is_suspect |= change is Change.TOUCHED
        if change is Change.MOVED:
            self._files.make_directory()
        if self._lock is not None:
            self._lock.hold()
        return change

    def _open(self) -> sqlite3.Connection:
        """Open the file at the path; write everything into it if it is not the one that was left."""
        self._files.make_directory()
        if self._lock is not None:
            self._lock.hold()
        self._is_suspect |= self._files.is_known and self._files.change() is not Change.NONE
        self._files.quarantine_special()
        self._files.make()
        try:
            self._connection = _connect(self._path)
            if not self._is_suspect:
                self._files.note()
                return self._connection
            _quick_check(self._connection)
            check_tables(self._connection)
            self._files.note()
            return self._rewrite(self._connection)
        except sqlite3.DatabaseError as error:
            if _is_broken(error) or (self._is_suspect and _is_unsure(error)):
                return self._recreate("damaged")
            self._drop()
            raise

    def _restore_copy(self, connection: sqlite3.Connection) -> sqlite3.Connection:
        """Copy the open database to its path, where the files are gone or replaced."""
        made = self._path.with_name(f"{self._path.name}.new")
        made.unlink(missing_ok=True)
        os.close(os.open(made, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            _copy(connection, made)
        except sqlite3.Error as error:
            made.unlink(missing_ok=True)
            if not (_is_broken(error) or _is_unsure(error) or "interrupted" in str(error)):
                raise
            return self._recreate("lost")
        quarantined = self._files.replace(made)
        self._drop()
        self._connection = _connect(self._path)
        self._files.note()
        found = {"kept_as": quarantined} if quarantined else {}
        _log.error("the state database was deleted or replaced, it is written anew", path=self._path, **found)
        return self._connection

    def _recreate(self, what: str) -> sqlite3.Connection:
        """Put the file into quarantine, and write everything into a new one."""
        quarantined = self._files.quarantine() if self._path.exists() else None
        # Only after the quarantine: closing makes SQLite write to the file at the path.
        self._drop()
        _log.error(f"the state database is {what}, beginning a new one", path=self._path, kept_as=quarantined)
        self._files.make()
        self._connection = connection = _connect(self._path)
        self._files.note()
        return self._rewrite(connection)

    def _rewrite(self, connection: sqlite3.Connection) -> sqlite3.Connection:
        """Write everything that is known, in one transaction."""
        self.generation += 1
        try:
            self._run(connection, self._rewrite_all, "BEGIN IMMEDIATE")
        except BaseException:
            # The next transaction tries again.
            self._is_suspect = True
            self._drop()
            raise
        self._is_suspect = False
        return connection

    def _rewrite_all(self, connection: sqlite3.Connection) -> None:
        for rewrite in self._rewrites:
            rewrite(connection)

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        # With a write-ahead log a commit is one append: it survives a crash of the process at once, and one
        # of the machine from the next checkpoint on.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _copy(connection: sqlite3.Connection, made: Path) -> None:
    """Copy what is open into another file, and look it through; raises `sqlite3.Error`."""
    ends_at = time.monotonic() + _COPY_SECONDS

    def check_deadline(*_: int) -> None:
        if time.monotonic() > ends_at:
            raise sqlite3.OperationalError("interrupted: copying takes too long")

    with contextlib.closing(sqlite3.connect(made, timeout=_BUSY_SECONDS, isolation_level=None)) as copy:
        connection.backup(copy, pages=_PAGES_AT_ONCE, progress=check_deadline)
        _quick_check(copy)


def _quick_check(connection: sqlite3.Connection) -> None:
    """Raise `sqlite3.DatabaseError` where the file is damaged, as far as that is found in good time."""
    ends_at = time.monotonic() + _CHECK_SECONDS
    connection.set_progress_handler(lambda: time.monotonic() > ends_at, _STEPS_AT_ONCE)
    try:
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.OperationalError as error:
        if "interrupted" not in str(error):
            raise
    else:
        if found != "ok":
            raise sqlite3.DatabaseError(f"malformed: {found}")
    finally:
        connection.set_progress_handler(None, 0)


def _is_broken(error: BaseException) -> bool:
    return isinstance(error, sqlite3.DatabaseError) and any(text in str(error) for text in _BROKEN)


def _is_unsure(error: BaseException) -> bool:
    return isinstance(error, sqlite3.DatabaseError) and any(text in str(error) for text in _UNSURE)


def _is_busy(error: sqlite3.Error) -> bool:
    return "locked" in str(error)
