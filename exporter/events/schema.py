"""The tables of the events, and how older files become newer."""

import sqlite3
from typing import Final

from exporter.errors import StateError

APPLICATION_ID: Final = 0x72766576
"""Says in the head of a SQLite file that it is ours (`rvev`)."""

MIGRATIONS: Final = (
    # 1: events, and what was last known of each instance.
    """
    CREATE TABLE events (
        id INTEGER PRIMARY KEY,
        at_ms INTEGER NOT NULL,
        instance TEXT NOT NULL,
        kind TEXT NOT NULL,
        identity INTEGER NOT NULL,
        fields TEXT NOT NULL);
    CREATE INDEX events_at ON events (at_ms);
    CREATE INDEX events_instance ON events (instance, at_ms);
    CREATE INDEX events_kind ON events (kind, at_ms);
    CREATE INDEX events_instance_kind ON events (instance, kind, at_ms);
    CREATE UNIQUE INDEX events_identity ON events (identity);
    CREATE TABLE known (
        instance TEXT, topic TEXT, value TEXT NOT NULL, seen_ms INTEGER NOT NULL,
        PRIMARY KEY (instance, topic)) WITHOUT ROWID;
    """,
)


class NotOursError(StateError):
    """A file that must be left alone: of another program, or of a newer version."""


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a file up to date, all at once or not at all; raises `NotOursError`, `sqlite3.Error`."""
    application: int = connection.execute("PRAGMA application_id").fetchone()[0]
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if application != APPLICATION_ID and (application or version or _has_tables(connection)):
        raise NotOursError("is a database of another program: move it away, or give another storage.path")
    if version > len(MIGRATIONS):
        raise NotOursError(
            f"was written by a newer version (format {version}, this one knows {len(MIGRATIONS)}): "
            "move it away, or run that version"
        )
    for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
        connection.executescript(
            f"BEGIN IMMEDIATE; {script}; PRAGMA application_id = {APPLICATION_ID}; "
            f"PRAGMA user_version = {number}; COMMIT;"
        )


def _has_tables(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is not None
