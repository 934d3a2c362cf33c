"""Opening the file of the events: for the daemon, or only to read, also while a daemon writes."""

import contextlib
import os
import sqlite3
from pathlib import Path
from typing import Final

from exporter.errors import StateError
from exporter.events.schema import NotOursError, migrate
from exporter.model.regular_file import is_special, quarantine

FILE_NAME: Final = "events.db"

_BUSY_SECONDS: Final = 1.0
_WAL_BYTES: Final = 16 << 20
_HEAD: Final = b"SQLite format 3\x00"
_BROKEN: Final = ("file is not a database", "malformed", "no such table", "no such column", "has no column")


class DamagedError(StateError):
    """A file that was ours once, or is none of SQLite."""


def open_memory() -> sqlite3.Connection:
    """Return an empty database that lives as long as the connection."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    migrate(connection)
    return connection


def open_file(path: Path) -> sqlite3.Connection:
    """Open the file to write, or make it, for its owner only.

    Raises `NotOursError`, `DamagedError`, `sqlite3.Error`, `OSError`.
    """
    _make(path)
    for suffix in ("-wal", "-shm"):
        if is_special(beside := path.with_name(f"{path.name}{suffix}")):
            quarantine(beside)
    _check_head(path)
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        if not path.stat().st_size:
            # What is deleted goes back to the file system; only an empty file takes it.
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        migrate(connection)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA journal_size_limit = {_WAL_BYTES}")
        connection.execute("SELECT count(*) FROM known").fetchone()
    except BaseException as error:
        connection.close()
        if is_broken(error):
            raise DamagedError(str(error)) from error
        raise
    return connection


def open_to_read(path: Path) -> sqlite3.Connection:
    """Open the file of a daemon that runs, or not; nothing is made or changed.

    Raises `StateError` in one line.
    """
    if not path.exists():
        raise StateError(f"{path} does not exist: no daemon has kept events there")
    if not path.stat().st_size:
        raise StateError(f"{path} is empty: no daemon has kept events there yet")
    log = path.with_name(f"{path.name}-wal")
    # Where nothing is in the log, not even its index has to be made.
    mode = "mode=ro" if log.exists() and log.stat().st_size else "mode=ro&immutable=1"
    try:
        _check_head(path)
        address = f"{path.absolute().as_uri()}?{mode}"
        connection = sqlite3.connect(address, uri=True, timeout=_BUSY_SECONDS, isolation_level=None)
        try:
            connection.execute("PRAGMA query_only = ON")
            migrate(connection)
        except BaseException:
            connection.close()
            raise
    except NotOursError as error:
        raise StateError(f"{path} {error}") from error
    except (sqlite3.Error, OSError, DamagedError) as error:
        raise StateError(f"{path} cannot be read: {error}") from error
    return connection


def is_broken(error: BaseException) -> bool:
    """Tell whether an error says that the file is damaged."""
    return isinstance(error, DamagedError) or (
        isinstance(error, sqlite3.DatabaseError) and any(text in str(error) for text in _BROKEN)
    )


def set_aside(path: Path) -> Path:
    """Keep a damaged file, and its log, under another name, which is returned; the last one before goes."""
    kept = path.with_name(f"{path.name}.broken")
    if kept.exists():
        kept = path.with_name(f"{path.name}.broken.1")
    with contextlib.suppress(FileNotFoundError):
        path.with_name(f"{path.name}-wal").replace(kept.with_name(f"{kept.name}-wal"))
    path.with_name(f"{path.name}-shm").unlink(missing_ok=True)
    path.replace(kept)
    return kept


def _make(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    if path.is_file() and path.stat().st_mode & 0o077:
        path.chmod(0o600)


def _check_head(path: Path) -> None:
    """Raise `DamagedError` where it is none of SQLite; an empty file is one without tables."""
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a directory")
    if is_special(path):
        raise DamagedError("it is no file")
    with path.open("rb") as file:
        head = file.read(len(_HEAD))
    if head and head != _HEAD:
        raise DamagedError("it is no database of SQLite")
