"""Saves the queues that were found: a queue that is empty after a restart still reads 0."""

import sqlite3
from collections.abc import Sequence
from typing import Any

from exporter.queues.known import KnownQueue
from exporter.queues.model import QueueId
from exporter.state.database import Database
from exporter.state.encoding import dump, read_all

_Row = tuple[str, str, str]


class SqliteQueueRecords:
    """Implements `exporter.queues.QueueRecords` on a `Database` that others may use too."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # A copy of what the file has, for when it is lost.
        self._known: dict[str, list[_Row]] = {}
        database.on_loss(self._rewrite)

    async def load_queues(self, instance: str) -> Sequence[KnownQueue]:
        """Return the queues of an instance."""

        def read(connection: sqlite3.Connection) -> list[KnownQueue]:
            rows = connection.execute("SELECT * FROM queues WHERE instance = ?", (instance,)).fetchall()
            self._known.setdefault(instance, rows)
            return read_all((row[2] for row in rows), _decode)

        return await self._database.read(read)

    async def save_queues(self, instance: str, queues: Sequence[KnownQueue]) -> None:
        # Encoded here, since the queues may change while the database's thread writes.
        """Save the queues of an instance, in the place of those before."""
        rows = self._known[instance] = [(instance, _key(known.id), _encode(known)) for known in queues]
        await self._database.run(lambda connection: _write(connection, instance, rows))

    def _rewrite(self, connection: sqlite3.Connection) -> None:
        for instance, rows in self._known.copy().items():
            _write(connection, instance, rows)


def _write(connection: sqlite3.Connection, instance: str, rows: Sequence[_Row]) -> None:
    connection.execute("DELETE FROM queues WHERE instance = ?", (instance,))
    connection.executemany("INSERT INTO queues VALUES (?, ?, ?)", rows)


def _key(queue: QueueId) -> str:
    return dump([queue.framework, queue.base.hex(), queue.name.hex(), queue.database])


def _encode(known: KnownQueue) -> str:
    queue = known.id
    return dump(
        {
            "framework": queue.framework,
            # In hexadecimal, since keys need not be text.
            "base": queue.base.hex(),
            "name": queue.name.hex(),
            "database": queue.database,
            "label": known.label,
            "aliveAt": known.alive_at,
            "notes": known.notes,
        }
    )


def _decode(data: dict[str, Any]) -> KnownQueue:
    queue = QueueId(
        data["framework"], bytes.fromhex(data["base"]), bytes.fromhex(data["name"]), data["database"]
    )
    return KnownQueue(queue, data["label"], data["aliveAt"], data["notes"])
