"""Whom sources of servers could ask besides their seeds, in SQLite: after a restart a seed may be gone."""

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

    async def load(self, source: str) -> Sequence[Address]:
        def read(connection: sqlite3.Connection) -> list[Address]:
            rows = connection.execute("SELECT value FROM informants WHERE source = ?", (source,))
            return read_all((row[0] for row in rows), _decode)

        return await self._database.read(read)

    async def save(self, source: str, others: Sequence[Address]) -> None:
        rows = [(source, _encode(address)) for address in others]

        def write(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM informants WHERE source = ?", (source,))
            connection.executemany("INSERT INTO informants VALUES (?, ?)", rows)

        await self._database.run(write)


def _encode(address: Address) -> str:
    return dump({"host": address.host, "port": address.port, "tls": address.tls})


def _decode(data: dict[str, Any]) -> Address:
    return Address(host=data["host"], port=data["port"], tls=data["tls"])
