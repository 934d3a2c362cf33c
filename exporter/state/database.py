"""One SQLite file, used from one thread: nothing that a disk does holds up the event loop."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

from exporter.errors import StateError
from exporter.log import get_logger
from exporter.state.migrations import migrate

DEADLINE_SECONDS: Final = 10.0
"""The longest that one transaction is waited for."""

_BUSY_SECONDS: Final = 1.0
_BROKEN: Final = ("file is not a database", "malformed")

ResultT = TypeVar("ResultT")

_log = get_logger(__name__)


class Database:
    """Opens the file when it is first needed, and again after it could not be opened.

    A file that is no database, or a damaged one, is put aside under another name and a new one begun.
    `failures` counts transactions that failed, `generation` files put aside; `is_healthy` tells whether the
    last one went well, of those that write.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.failures = 0
        self.generation = 0
        self.is_healthy = True
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="state")
        self._connection: sqlite3.Connection | None = None

    async def run(self, work: Callable[[sqlite3.Connection], ResultT]) -> ResultT:
        """Do something in one transaction; when this returns it outlives a crash of the process.

        Raises `StateError`, and then nothing of it was done, unless the deadline has passed.
        """
        result = await self._finish(work, "BEGIN IMMEDIATE")
        self._note(True, "")
        return result

    async def read(self, work: Callable[[sqlite3.Connection], ResultT]) -> ResultT:
        """Do something that only reads: it can work where writing does not, while somebody else writes for
        example, and says nothing about whether that works. Raises `StateError`."""
        return await self._finish(work, "BEGIN")

    async def _finish(self, work: Callable[[sqlite3.Connection], ResultT], begin: str) -> ResultT:
        future = asyncio.get_running_loop().run_in_executor(self._thread, self._transact, work, begin)
        # What is given up comes to an end some time, and nobody asks how.
        future.add_done_callback(_ignore_outcome)
        try:
            return await asyncio.wait_for(asyncio.shield(future), DEADLINE_SECONDS)
        except (sqlite3.Error, OSError, TimeoutError, StateError) as error:
            reason = str(error) or "no answer in time"
            self._note(False, reason)
            raise StateError(f"{self.path}: {reason}") from error

    async def close(self) -> None:
        """Write back and close the file."""
        loop = asyncio.get_running_loop()
        with contextlib.suppress(sqlite3.Error, TimeoutError):
            await asyncio.wait_for(loop.run_in_executor(self._thread, self._close), DEADLINE_SECONDS)
        self._thread.shutdown(wait=False)

    def _note(self, is_healthy: bool, reason: str) -> None:
        self.failures += not is_healthy
        if is_healthy != self.is_healthy:
            if is_healthy:
                _log.info("the state database works again", path=self.path)
            else:
                _log.error("the state database fails, going on from memory", path=self.path, error=reason)
        self.is_healthy = is_healthy

    def _transact(self, work: Callable[[sqlite3.Connection], ResultT], begin: str) -> ResultT:
        connection = self._connection
        if connection is None:
            self._connection = connection = self._open()
        try:
            connection.execute(begin)
            result = work(connection)
            connection.execute("COMMIT")
        except BaseException as error:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            if _is_broken(error):
                self._close()
                self._put_aside()
            raise
        return result

    def _open(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return _connect(self.path)
        except sqlite3.DatabaseError as error:
            if not _is_broken(error):
                raise
        self._put_aside()
        return _connect(self.path)

    def _put_aside(self) -> None:
        aside = self.path.with_name(f"{self.path.name}.broken")
        _log.error("the state database is damaged, beginning a new one", path=self.path, kept_as=aside)
        for suffix in ("-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        self.path.replace(aside)
        self.generation += 1

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


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


def _is_broken(error: BaseException) -> bool:
    return isinstance(error, sqlite3.DatabaseError) and any(text in str(error) for text in _BROKEN)


def _ignore_outcome(future: "asyncio.Future[ResultT]") -> None:
    if not future.cancelled():
        future.exception()
