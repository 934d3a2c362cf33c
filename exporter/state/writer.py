"""Writing rows behind the back of whoever changed them.

Changes are gathered while a transaction is under way and written by the next one, so that a storm costs few
transactions. While the database fails nobody waits: what changed stays here, under its key, and is written
when it works again.
"""

import asyncio
import contextlib
import sqlite3
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from exporter.errors import StateError
from exporter.log import get_logger
from exporter.state.database import Database

RETRY_SECONDS: Final = 5.0
"""How long after a failure the database is tried again."""

MAX_WAITING_STATEMENTS: Final = 10_000
"""How many statements wait for a database that fails; then the oldest are dropped and counted."""

_log = get_logger(__name__)

MakeRow = Callable[[], str]
"""Makes the text of a row: called by the thread that writes, not on the event loop."""

Statement = Callable[[sqlite3.Connection], object]


@dataclass(slots=True)
class _Batch:
    """Changes to be written: rows by table and key (None: delete), then statements in order."""

    rows: dict[tuple[str, str], MakeRow | None] = field(default_factory=dict)
    statements: deque[Statement] = field(default_factory=deque)

    def __len__(self) -> int:
        return len(self.rows) + len(self.statements)

    def write(self, connection: sqlite3.Connection) -> None:
        for table in {table for table, _ in self.rows}:
            rows = [(key, make) for (name, key), make in self.rows.items() if name == table]
            connection.executemany(
                f"INSERT OR REPLACE INTO {table} VALUES (?, ?)",
                ((key, make()) for key, make in rows if make is not None),
            )
            connection.executemany(
                f"DELETE FROM {table} WHERE key = ?", ((key,) for key, make in rows if make is None)
            )
        for statement in self.statements:
            statement(connection)

    def apart(self) -> Iterator["_Batch"]:
        """Each change as a batch of its own."""
        for key, make in self.rows.items():
            yield _Batch(rows={key: make})
        for statement in self.statements:
            yield _Batch(statements=deque([statement]))


class Writer:
    """Writes to tables of `key` and `value`, and runs statements; nothing of it raises."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._batch = _Batch()
        self._waiting: list[asyncio.Future[bool]] = []
        self._task: asyncio.Task[None] | None = None
        self._hurried = asyncio.Event()
        self.dropped = 0

    @property
    def pending(self) -> int:
        """How many changes are not written yet."""
        return len(self._batch)

    def put(self, table: str, key: str, make: MakeRow | None) -> None:
        """Set the row of a key, or delete it (None); `flush` starts the writing."""
        self._batch.rows[(table, key)] = make

    def run(self, statement: Statement) -> None:
        """Add a statement to run after the rows; `flush` starts the writing."""
        self._batch.statements.append(statement)
        self._drop_oldest()

    def start(self) -> None:
        """Start to write without waiting."""
        if self._task is None and self.pending:
            self._task = asyncio.create_task(self._write_on())

    async def flush(self) -> None:
        """Write, and wait until it is done, unless the database is failing anyway."""
        self.start()
        if self.pending and self._database.is_healthy:
            await self._written()

    async def save(self) -> bool:
        """Write now, even if the database was failing, and wait; whether everything is written."""
        self.start()
        if not self.pending:
            return True
        self._hurried.set()
        return await self._written()

    async def close(self) -> None:
        """Write what is still to be written, if that is possible at once."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        if self.pending:
            await self._write()

    def _written(self) -> "asyncio.Future[bool]":
        """Done when what there is at the moment was tried to be written; whether that went well."""
        written = asyncio.get_running_loop().create_future()
        self._waiting.append(written)
        return written

    async def _write_on(self) -> None:
        """Write until nothing is left."""
        try:
            while self.pending:
                self._hurried.clear()
                if not await self._write():
                    await self._pause()
        finally:
            self._task = None
            _release(self._waiting, False)

    async def _pause(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._hurried.wait(), RETRY_SECONDS)

    async def _write(self) -> bool:
        """Write everything that there is at the moment; whether that went well."""
        batch, self._batch = self._batch, _Batch()
        waiting, self._waiting = self._waiting, []
        is_written = False
        try:
            await self._database.run(batch.write)
            is_written = True
        except StateError:
            self._put_back(batch)
            return False
        except Exception:
            # A bug in one of them, which would fail again.
            is_written = await self._write_apart(batch)
        finally:
            _release(waiting, is_written)
        return True

    async def _write_apart(self, batch: _Batch) -> bool:
        """Write each change by itself and drop the one that cannot be; whether all rows are written."""
        is_written = True
        changes = list(batch.apart())
        for index, change in enumerate(changes):
            try:
                await self._database.run(change.write)
            except StateError:
                for later in reversed(changes[index:]):
                    self._put_back(later)
                return False
            except Exception:
                _log.exception("a change could not be written and is dropped")
                self.dropped += 1
                is_written = is_written and not change.rows
        return is_written

    def _put_back(self, batch: _Batch) -> None:
        """Write these later; changes since then are newer, and win."""
        self._batch.rows = {**batch.rows, **self._batch.rows}
        self._batch.statements.extendleft(reversed(batch.statements))
        self._drop_oldest()

    def _drop_oldest(self) -> None:
        while len(self._batch.statements) > MAX_WAITING_STATEMENTS:
            self._batch.statements.popleft()
            self.dropped += 1


def _release(waiting: Sequence["asyncio.Future[bool]"], is_written: bool) -> None:
    for written in waiting:
        if not written.done():
            written.set_result(is_written)
