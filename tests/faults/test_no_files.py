"""Pipes and devices in the place of files of the state: nobody waits for them, and the daemon says so."""

import asyncio
import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from exporter.config.fields import text_from_file, unreadable
from exporter.config.web_config import load_web_config
from exporter.errors import ConfigError, WalError
from exporter.events.database import EventDatabase
from exporter.events.event import Event, EventKind
from exporter.history.wal_reader import WalReader
from exporter.model import regular_file
from exporter.remote.write.positions import Positions
from exporter.state.alert_store import SqliteAlertStore
from exporter.state.database import Database
from tests.faults.test_state_files import silence

Place = Callable[[Path], None]


def pipe(path: Path) -> None:
    path.unlink(missing_ok=True)
    os.mkfifo(path)


def device(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to("/dev/full")


@pytest.fixture(params=[pipe, device])
def place(request: pytest.FixtureRequest) -> Place:
    put: Place = request.param
    return put


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm"])
def test_the_state_begins_anew(
    tmp_path: Path, place: Place, suffix: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "state.db"

    async def story(*, is_first: bool) -> None:
        database = Database(path)
        store = SqliteAlertStore(database)
        async with asyncio.timeout(10):
            saved = await store.load()
            assert bool(saved.silences) == (not is_first and suffix != "")
            assert await store.save_silences([silence("one")])
            await store.close()
            await database.close()

    asyncio.run(story(is_first=True))
    place(path.with_name(f"state.db{suffix}"))
    asyncio.run(story(is_first=False))
    assert path.is_file()
    assert not path.is_symlink()
    assert "the state has no file here, going on without" in caplog.text


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm"])
def test_events_are_kept_in_a_new_file(tmp_path: Path, place: Place, suffix: str) -> None:
    path = tmp_path / "events.db"
    for number in range(2):
        if number:
            place(path.with_name(f"events.db{suffix}"))
        database = EventDatabase(path, 1 << 20)
        database.open()
        assert database.write([Event.of(number, "redis", EventKind.RESTART, {})], {}, number)
        assert database.numbers.is_healthy
        database.close()
    assert path.is_file()


def test_positions_and_the_write_ahead_log_are_read_at_once(tmp_path: Path, place: Place) -> None:
    place(tmp_path / "remote_write.json")
    assert Positions(tmp_path).load() == {}
    log = tmp_path / "history-wal-00000001"
    place(log)
    with contextlib.suppress(WalError):
        WalReader(log).close()


def test_what_the_event_loop_reads_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords of servers and receivers, and users of the pages, are read whenever they are needed."""
    monkeypatch.setattr(regular_file, "_PATIENCE_SECONDS", 1e9)
    path = tmp_path / "file"
    pipe(path)
    with pytest.raises(ValueError, match="is a pipe, not a file"):
        text_from_file(path)
    with pytest.raises(ConfigError, match="is a pipe, not a file"):
        load_web_config(path)
    assert unreadable(path) == f"{path} is a pipe, not a file"
