"""Alerting's store in SQLite."""

import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from exporter.alerting.alert_store import AlertSnapshot, MemoryAlertStore, latest
from exporter.alerting.history import HistoryRecord
from exporter.alerting.nflog import LogEntry, LogKey
from exporter.alerting.silences import Silence
from exporter.errors import StateError
from exporter.model.alert import Alert
from exporter.model.labels import Labels
from exporter.state import encoding
from exporter.state.database import Database
from exporter.state.writer import MakeRow, Writer

MAX_RECORDS: Final = 200_000
"""How many records the history holds, if the time that it is kept brings more."""

MAX_RECENT_RECORDS: Final = 1_000
"""How many of the latest records are kept in memory, for when the database cannot be written."""

_TABLES: Final = ("alerts", "silences", "log_entries")

ValueT = TypeVar("ValueT")


class SqliteAlertStore:
    """Implements `exporter.alerting.alert_store.AlertStore` on a `Database` that others may use too."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._writer = Writer(database)
        self._recent: deque[HistoryRecord] = deque(maxlen=MAX_RECENT_RECORDS)
        # A copy of what the file has, for when it is lost.
        self._memory = MemoryAlertStore(max_records=0)
        self._is_loaded = False
        database.on_loss(self._rewrite)

    @property
    def pending(self) -> int:
        """How many changes are not written yet."""
        return self._writer.pending

    @property
    def dropped_records(self) -> int:
        """How many records of the history were lost while the database failed."""
        return self._writer.dropped

    async def load(self) -> AlertSnapshot:
        """Everything that was saved, but for the history; raises `StateError`."""
        alerts, silences, entries = await self._database.read(_read_rows)
        saved = AlertSnapshot(
            tuple(encoding.read_all(alerts, encoding.decode_alert)),
            tuple(encoding.read_all(silences, encoding.decode_silence)),
            tuple(encoding.read_all(entries, encoding.decode_entry)),
        )
        self._memory.restore(saved)
        self._is_loaded = True
        return saved

    async def close(self) -> None:
        """Write what is still to be written, if that is possible at once."""
        await self._writer.close()

    async def save_alerts(self, alerts: Sequence[Alert]) -> None:
        """Save alerts, in the place of those with the same labels."""
        for alert in alerts:
            make = _later(encoding.encode_alert, alert)
            self._writer.put("alerts", encoding.labels_key(alert.labels), make)
        await self._memory.save_alerts(alerts)
        await self._writer.flush()

    async def delete_alerts(self, labels: Sequence[Labels]) -> None:
        """Delete the alerts with these labels."""
        await self._memory.delete_alerts(labels)
        await self._delete("alerts", [encoding.labels_key(one) for one in labels])

    async def save_silences(self, silences: Sequence[Silence]) -> bool:
        """Save silences; whether they are on disk now."""
        for silence in silences:
            self._writer.put("silences", silence.id, _later(encoding.encode_silence, silence))
        await self._memory.save_silences(silences)
        return await self._writer.save()

    async def delete_silences(self, ids: Sequence[str]) -> None:
        """Delete the silences with these ids."""
        await self._memory.delete_silences(ids)
        await self._delete("silences", ids)

    async def save_entry(self, entry: LogEntry, record: HistoryRecord | None = None) -> None:
        """Save an entry of the notification log, and a record of the history with it."""
        self._writer.put("log_entries", encoding.log_key(entry.key), _later(encoding.encode_entry, entry))
        if record is not None:
            self._add(record)
        await self._memory.save_entry(entry)
        await self._writer.flush()

    async def delete_entries(self, keys: Sequence[LogKey]) -> None:
        """Delete entries of the notification log."""
        await self._memory.delete_entries(keys)
        await self._delete("log_entries", [encoding.log_key(key) for key in keys])

    async def add_record(self, record: HistoryRecord) -> None:
        """Append a record to the history."""
        self._add(record)
        await self._writer.flush()

    async def read_history(self, since: float, limit: int, receiver: str = "") -> Sequence[HistoryRecord]:
        """Return the latest records since a moment (epoch seconds), the newest first."""

        def read(connection: sqlite3.Connection) -> list[str]:
            rows = connection.execute(
                "SELECT value FROM history WHERE at >= ? AND (? = '' OR receiver = ?)"
                " ORDER BY at DESC, rowid DESC LIMIT ?",
                (since, receiver, receiver, limit),
            )
            return [row[0] for row in rows]

        try:
            rows = await self._database.read(read)
        except StateError:
            rows = []
        written = encoding.read_all(rows, encoding.decode_record)
        # Records that could not be written yet are only here.
        found = dict.fromkeys([*latest(self._recent, since, limit, receiver), *written])
        return sorted(found, key=lambda record: record.at, reverse=True)[:limit]

    async def delete_history(self, before: float) -> None:
        """Delete the records before a moment (epoch seconds), and those above `MAX_RECORDS`."""

        def delete(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM history WHERE at < ?", (before,))
            connection.execute(
                "DELETE FROM history WHERE rowid <= (SELECT max(rowid) FROM history) - ?", (MAX_RECORDS,)
            )

        self._writer.run(delete)
        await self._writer.flush()

    def _rewrite(self, connection: sqlite3.Connection) -> None:
        """Write everything that is known; of the history, the latest records."""
        saved = self._memory.saved()
        rows = (
            {encoding.labels_key(one.labels): encoding.encode_alert(one) for one in saved.alerts},
            {one.id: encoding.encode_silence(one) for one in saved.silences},
            {encoding.log_key(one.key): encoding.encode_entry(one) for one in saved.entries},
        )
        for table, values in zip(_TABLES, rows, strict=True):
            if self._is_loaded:
                connection.execute(f"DELETE FROM {table}")
            connection.executemany(f"INSERT OR REPLACE INTO {table} VALUES (?, ?)", values.items())
        for record in self._recent.copy():
            _insert(record)(connection)

    def _add(self, record: HistoryRecord) -> None:
        self._recent.append(record)
        self._writer.run(_insert(record))

    async def _delete(self, table: str, keys: Sequence[str]) -> None:
        for key in keys:
            self._writer.put(table, key, None)
        await self._writer.flush()


def _later(encode: Callable[[ValueT], str], value: ValueT) -> MakeRow:
    return lambda: encode(value)


def _insert(record: HistoryRecord) -> Callable[[sqlite3.Connection], object]:
    """Have a record in the history, once."""

    def insert(connection: sqlite3.Connection) -> None:
        value = encoding.encode_record(record)
        connection.execute(
            "INSERT INTO history SELECT ?, ?, ?"
            " WHERE NOT EXISTS (SELECT 1 FROM history WHERE at = ? AND value = ?)",
            (record.at, record.receiver, value, record.at, value),
        )

    return insert


def _read_rows(connection: sqlite3.Connection) -> list[list[str]]:
    return [[row[0] for row in connection.execute(f"SELECT value FROM {table}")] for table in _TABLES]
