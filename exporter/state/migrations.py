"""The tables of the state database, and how older files become newer."""

import contextlib
import sqlite3
from typing import Any, Final

from exporter.errors import StateError

MIGRATIONS: Final = (
    # 1: alerts, silences, notification log and history of alerting; messages in Slack; alerts of the
    # rules.
    """
    CREATE TABLE alerts (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE silences (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE log_entries (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE history (at REAL NOT NULL, receiver TEXT NOT NULL, value TEXT NOT NULL);
    CREATE INDEX history_at ON history (at);
    CREATE TABLE slack_messages (key TEXT PRIMARY KEY, value TEXT NOT NULL);
    CREATE TABLE rule_groups (file TEXT, name TEXT, evaluated_at_ms INTEGER NOT NULL,
        PRIMARY KEY (file, name)) WITHOUT ROWID;
    CREATE TABLE rule_alerts (file TEXT, name TEXT, key TEXT, value TEXT NOT NULL,
        PRIMARY KEY (file, name, key)) WITHOUT ROWID;
    """,
    # 2: the queues that were found.
    """
    CREATE TABLE queues (instance TEXT, key TEXT, value TEXT NOT NULL,
        PRIMARY KEY (instance, key)) WITHOUT ROWID;
    """,
    # 3: the last pass over each keyspace, and how far the one under way has come.
    """
    CREATE TABLE keyspaces (instance TEXT PRIMARY KEY, history BLOB, progress BLOB);
    """,
    # 4: the samples that rules need.
    """
    CREATE TABLE sample_history (id INTEGER PRIMARY KEY, chapter INTEGER NOT NULL, data BLOB NOT NULL);
    CREATE INDEX sample_history_chapter ON sample_history (chapter);
    """,
    # 5: queues were taken for such by the names of their keys: those that are some are found anew.
    """
    DELETE FROM queues;
    """,
    # 6: whom sources of servers could ask.
    """
    CREATE TABLE IF NOT EXISTS informants (source TEXT NOT NULL, value TEXT NOT NULL);
    CREATE INDEX IF NOT EXISTS informants_source ON informants (source);
    """,
)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a file up to date, all at once or not at all; raises `StateError` for one of a newer program."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > len(MIGRATIONS):
        raise StateError(f"the state database was written by a newer version (format {version})")
    for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
        connection.executescript(f"BEGIN IMMEDIATE; {script}; PRAGMA user_version = {number}; COMMIT;")


def check_tables(connection: sqlite3.Connection) -> None:
    """Raise `sqlite3.DatabaseError` where our tables are not as they were made: somebody has dropped one."""
    with contextlib.closing(sqlite3.connect(":memory:")) as fresh:
        migrate(fresh)
        expected = _columns(fresh)
    found = _columns(connection)
    for table, columns in expected.items():
        if found.get(table) != columns:
            raise sqlite3.DatabaseError(f"malformed: the table {table} is another")


def _columns(connection: sqlite3.Connection) -> dict[str, list[tuple[Any, ...]]]:
    """By the names of tables; a view has other columns, as none is its key."""
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')").fetchall()
    return {
        name: connection.execute("SELECT * FROM pragma_table_info(?)", (name,)).fetchall()
        for (name,) in tables
    }


def stamp(connection: sqlite3.Connection) -> None:
    """Write something that changes nothing: whether that works tells whether anything can be written."""
    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
