"""A SQLite file that is used from one thread, so that a slow disk never holds up the event loop."""

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from exporter.errors import StateError
from exporter.log import get_logger
from exporter.state.connection import Connection, Rewrite, Work
from exporter.state.lock import DirectoryLock
from exporter.state.migrations import stamp
from exporter.timing.bounded_thread import BoundedThread

DEADLINE_SECONDS: Final = 10.0
"""The longest that one transaction is waited for."""

ResultT = TypeVar("ResultT")

_log = get_logger(__name__)


class Database:
    """A database that is opened when it is first needed, and again after it could not be opened.

    Changes to the file by others are noticed and repaired before anything is written: see
    `exporter.state.connection`. `failures` counts transactions that failed, `is_healthy` tells whether the
    last one went well, of those that write. With a `lock` nothing is touched while somebody else holds it.
    """

    def __init__(self, path: Path, lock: DirectoryLock | None = None) -> None:
        self.path = path
        self.failures = 0
        self.is_healthy = True
        self._connection = Connection(path, lock)
        self._thread = BoundedThread("state", self._connection.interrupt)

    @property
    def generation(self) -> int:
        """Increases whenever what was saved before is lost, or may be."""
        return self._connection.generation

    def on_loss(self, rewrite: Rewrite) -> None:
        """Register a function that writes everything again whenever what was saved is lost.

        It is called in the thread of the database.
        """
        self._connection.on_loss(rewrite)

    async def run(self, work: Work[ResultT]) -> ResultT:
        """Run a transaction that writes; when this returns it outlives a crash of the process.

        Raises `StateError`, and then nothing of it was done, unless the deadline has passed.
        """
        result = await self._finish(lambda: self._connection.write(work))
        if self._connection.has_changed:
            # A transaction that changes nothing succeeds on a full disk, too, and proves nothing.
            self._note(True, "")
        return result

    async def read(self, work: Work[ResultT]) -> ResultT:
        """Run a transaction that only reads; raises `StateError`.

        It can work where writing does not, for example while somebody else writes, so that its success does
        not make the database healthy.
        """
        return await self._finish(lambda: self._connection.read(work))

    async def check_files(self) -> None:
        """Check that the file is where it should be, and retry what is failing. Never fails."""
        with contextlib.suppress(StateError):
            if self.is_healthy:
                await self._finish(self._connection.check_files)
            else:
                await self._finish(lambda: self._connection.write(stamp))
                self._note(True, "")

    async def _finish(self, work: Callable[[], ResultT]) -> ResultT:
        try:
            return await self._wait(work)
        except (sqlite3.Error, OSError, TimeoutError, StateError) as error:
            reason = str(error) or "no answer in time"
            self._note(False, reason)
            raise StateError(f"{self.path}: {reason}") from error

    async def _wait(self, work: Callable[[], ResultT]) -> ResultT:
        """Return the outcome of work in the thread; raises `TimeoutError` where it takes too long."""
        return await self._thread.run(work, DEADLINE_SECONDS)

    async def close(self) -> None:
        """Write back and close the file, where it should be."""
        with contextlib.suppress(sqlite3.Error, OSError, TimeoutError):
            await self._wait(self._connection.close)
        self._thread.shutdown()

    def _note(self, is_healthy: bool, reason: str) -> None:
        self.failures += not is_healthy
        if is_healthy != self.is_healthy:
            if is_healthy:
                _log.info("the state database works again", path=self.path)
            else:
                _log.error("the state database fails, going on from memory", path=self.path, error=reason)
        self.is_healthy = is_healthy
