"""Saves the servers that discovery could ask besides its seeds: after a restart a seed may be gone."""

import sqlite3
from collections.abc import Sequence
from typing import Any

from exporter.model.target import Address
from exporter.state.database import Database
from exporter.state.encoding import dump, read_all


class SqliteDiscoveryRecords:
    """Implements `exporter.discovery.records.DiscoveryRecords` on a `Database` that others may use too."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # A copy of what the file has, for when it is lost.
        self._known: dict[str, Sequence[Address]] = {}
        database.on_loss(self._rewrite)

    async def load(self, source: str) -> Sequence[Address]:
        """Return the servers that a source could ask."""

        def read(connection: sqlite3.Connection) -> list[Address]:
            rows = connection.execute("SELECT value FROM informants WHERE source = ?", (source,))
            return read_all((row[0] for row in rows), _decode)

        found = await self._database.read(read)
        self._known.setdefault(source, found)
        return found

    async def save(self, source: str, others: Sequence[Address]) -> None:
        """Save them, in the place of those before."""
        self._known[source] = tuple(others)
        await self._database.run(lambda connection: _write(connection, source, others))

    def _rewrite(self, connection: sqlite3.Connection) -> None:
        for source, others in self._known.copy().items():
            _write(connection, source, others)


def _write(connection: sqlite3.Connection, source: str, others: Sequence[Address]) -> None:
    connection.execute("DELETE FROM informants WHERE source = ?", (source,))
    connection.executemany("INSERT INTO informants VALUES (?, ?)", [(source, _encode(one)) for one in others])


def _encode(address: Address) -> str:
    return dump({"host": address.host, "port": address.port, "tls": address.tls})


def _decode(data: dict[str, Any]) -> Address:
    return Address(host=data["host"], port=data["port"], tls=data["tls"])
