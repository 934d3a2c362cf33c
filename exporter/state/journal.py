"""Alerting's journal in SQLite.

Changes are gathered while a transaction is under way and written by the next one, so that a storm costs few
transactions; whoever made a change waits until it is written. While the database fails nobody waits: what
changed stays here, under its key, and is written when it works again.
"""

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from exporter.alerting.history import HistoryRecord
from exporter.alerting.journal import Saved
from exporter.alerting.log import LogEntry, LogKey
from exporter.alerting.silences import Silence
from exporter.errors import StateError
from exporter.log import get_logger
from exporter.model.alert import Alert
from exporter.model.labels import Labels
from exporter.state import encoding
from exporter.state.database import Database

RETRY_SECONDS: Final = 5.0
"""How long after a failure the database is tried again."""

MAX_WAITING_RECORDS: Final = 10_000
"""How many records of the history wait for a database that fails; then the oldest are dropped and counted."""

MAX_RECORDS: Final = 200_000
"""How many records the history holds, if the 30 days bring more."""

_TABLES: Final = ("alerts", "silences", "log_entries")

Change = Callable[[], str] | None
"""Makes the row that is to stand under a key; None deletes it."""

_log = get_logger(__name__)


class SqliteJournal:
    """Implements `exporter.alerting.journal.Journal` on a `Database` that others may use too."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pending: dict[tuple[str, str], Change] = {}
        self._records: deque[HistoryRecord] = deque(maxlen=MAX_WAITING_RECORDS)
        self._keep_history_since = 0.0
        self._waiting: list[asyncio.Future[None]] = []
        self._writer: asyncio.Task[None] | None = None
        self.dropped_records = 0

    @property
    def generation(self) -> int:
        """Grows when a damaged file was put aside, and with it what was saved."""
        return self._database.generation

    @property
    def pending(self) -> int:
        """How many changes are not written yet."""
        return len(self._pending) + len(self._records)

    async def load(self) -> Saved:
        """Everything that was saved, but for the history; raises `StateError`."""
        alerts, silences, entries = await self._database.run(_read_rows)
        return Saved(
            tuple(encoding.read_all(alerts, encoding.decode_alert)),
            tuple(encoding.read_all(silences, encoding.decode_silence)),
            tuple(encoding.read_all(entries, encoding.decode_entry)),
        )

    async def close(self) -> None:
        """Write what is still to be written, if that is possible at once."""
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.wait([self._writer])
        if self.pending:
            await self._write()

    async def save_alerts(self, alerts: Sequence[Alert]) -> None:
        for alert in alerts:
            self._put("alerts", encoding.labels_key(alert.labels), _later(encoding.encode_alert, alert))
        await self._flush()

    async def delete_alerts(self, labels: Sequence[Labels]) -> None:
        for one in labels:
            self._put("alerts", encoding.labels_key(one), None)
        await self._flush()

    async def save_silences(self, silences: Sequence[Silence]) -> None:
        for silence in silences:
            self._put("silences", silence.id, _later(encoding.encode_silence, silence))
        await self._flush()

    async def delete_silences(self, ids: Sequence[str]) -> None:
        for one in ids:
            self._put("silences", one, None)
        await self._flush()

    async def save_entry(self, entry: LogEntry, record: HistoryRecord | None = None) -> None:
        self._put("log_entries", encoding.log_key(entry.key), _later(encoding.encode_entry, entry))
        if record is not None:
            self._add(record)
        await self._flush()

    async def delete_entries(self, keys: Sequence[LogKey]) -> None:
        for key in keys:
            self._put("log_entries", encoding.log_key(key), None)
        await self._flush()

    async def add_record(self, record: HistoryRecord) -> None:
        self._add(record)
        await self._flush()

    async def read_history(self, since: float, limit: int, receiver: str = "") -> Sequence[HistoryRecord]:
        def read(connection: sqlite3.Connection) -> list[str]:
            rows = connection.execute(
                "SELECT value FROM history WHERE at >= ? AND (? = '' OR receiver = ?)"
                " ORDER BY at DESC, rowid DESC LIMIT ?",
                (since, receiver, receiver, limit),
            )
            return [row[0] for row in rows]

        try:
            rows = await self._database.run(read)
        except StateError:
            return []
        return encoding.read_all(rows, encoding.decode_record)

    async def delete_history(self, before: float) -> None:
        self._keep_history_since = before
        await self._flush()

    def _put(self, table: str, key: str, change: Change) -> None:
        self._pending[(table, key)] = change

    def _add(self, record: HistoryRecord) -> None:
        self.dropped_records += len(self._records) == MAX_WAITING_RECORDS
        self._records.append(record)

    async def _flush(self) -> None:
        """Have everything written; wait for it, unless the database is failing anyway."""
        if not self.pending and not self._keep_history_since:
            return
        if self._writer is None:
            self._writer = asyncio.create_task(self._write_on())
        if self._database.is_healthy:
            written = asyncio.get_running_loop().create_future()
            self._waiting.append(written)
            await written

    async def _write_on(self) -> None:
        """Write until nothing is left."""
        try:
            while self.pending or self._keep_history_since:
                if not await self._write():
                    await asyncio.sleep(RETRY_SECONDS)
        finally:
            self._writer = None
            self._release(self._waiting)

    async def _write(self) -> bool:
        """Write everything that there is at the moment; whether that went well."""
        changes, self._pending = self._pending, {}
        records = list(self._records)
        self._records.clear()
        keep_since, self._keep_history_since = self._keep_history_since, 0.0
        waiting, self._waiting = self._waiting, []
        try:
            await self._database.run(lambda connection: _write_rows(connection, changes, records, keep_since))
        except StateError:
            # What changed again since is newer.
            self._pending = {**changes, **self._pending}
            self._records.extendleft(reversed(records))
            self._keep_history_since = self._keep_history_since or keep_since
            return False
        finally:
            self._release(waiting)
        return True

    @staticmethod
    def _release(waiting: list["asyncio.Future[None]"]) -> None:
        for written in waiting:
            if not written.done():
                written.set_result(None)
        waiting.clear()


def _later(encode: Callable[..., str], value: object) -> Callable[[], str]:
    # Encoded by the thread that writes, not on the event loop.
    return lambda: encode(value)


def _read_rows(connection: sqlite3.Connection) -> list[list[str]]:
    return [[row[0] for row in connection.execute(f"SELECT value FROM {table}")] for table in _TABLES]


def _write_rows(
    connection: sqlite3.Connection,
    changes: dict[tuple[str, str], Change],
    records: Sequence[HistoryRecord],
    keep_history_since: float,
) -> None:
    for table in _TABLES:
        of_table = [(key, change) for (name, key), change in changes.items() if name == table]
        connection.executemany(
            f"INSERT OR REPLACE INTO {table} VALUES (?, ?)",
            ((key, change()) for key, change in of_table if change is not None),
        )
        connection.executemany(
            f"DELETE FROM {table} WHERE key = ?", ((key,) for key, change in of_table if change is None)
        )
    connection.executemany(
        "INSERT INTO history VALUES (?, ?, ?)",
        ((record.at, record.receiver, encoding.encode_record(record)) for record in records),
    )
    if keep_history_since:
        connection.execute("DELETE FROM history WHERE at < ?", (keep_history_since,))
        connection.execute(
            "DELETE FROM history WHERE rowid <= (SELECT max(rowid) FROM history) - ?", (MAX_RECORDS,)
        )
