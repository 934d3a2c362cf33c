"""Saves results and progress of keyspace scans."""

import sqlite3

from exporter.state.database import Database


class SqliteKeyspaceRecords:
    """Implements `exporter.keyspace.KeyspaceRecords` on a `Database` that others may use too."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, instance: str) -> tuple[bytes | None, bytes | None]:
        """Return the history and the progress of an instance, None for what is not saved."""

        def read(connection: sqlite3.Connection) -> tuple[bytes | None, bytes | None]:
            row = connection.execute(
                "SELECT history, progress FROM keyspaces WHERE instance = ?", (instance,)
            ).fetchone()
            return (None, None) if row is None else (row[0], row[1])

        return await self._database.read(read)

    async def save_history(self, instance: str, history: bytes) -> None:
        """Save the history of an instance; its progress begins anew."""

        def write(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO keyspaces (instance, history) VALUES (?, ?)"
                " ON CONFLICT (instance) DO UPDATE SET history = excluded.history, progress = NULL",
                (instance, history),
            )

        await self._database.run(write)

    async def save_progress(self, instance: str, progress: bytes) -> None:
        """Save the progress of an instance."""

        def write(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO keyspaces (instance, progress) VALUES (?, ?)"
                " ON CONFLICT (instance) DO UPDATE SET progress = excluded.progress",
                (instance, progress),
            )

        await self._database.run(write)
