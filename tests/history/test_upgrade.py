"""A directory that the version without a history has written: its samples and alerts are there, and stay.

`state-0.2.sql` is the dump of `state.db` after a real daemon of that version had sampled a server for ten
seconds, with a rule that read `redis_commands_processed_total`, and an alert that fired.
"""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from exporter.history.history import History
from exporter.model.matcher import Matcher, MatchOp
from exporter.state.state_store import FILE_NAME, SqliteStateStore
from exporter.store import RequiredSelector, Store
from tests.clocks import FrozenClock

DUMP = (Path(__file__).parents[1] / "state" / "state-0.2.sql").read_text()
BEGAN_MS = 1_795_917_243_000
COMMANDS = (Matcher("__name__", MatchOp.EQUAL, "redis_commands_processed_total"),)
NEEDED = RequiredSelector(COMMANDS, 60_000)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
        connection.executescript(DUMP)
    return tmp_path


async def start(directory: Path) -> tuple[Store, History, SqliteStateStore]:
    """A start twenty seconds later, in the order of the daemon."""
    clock = FrozenClock(BEGAN_MS / 1000 + 30)
    state, store = SqliteStateStore(directory, CollectorRegistry(), clock, "a test"), Store()
    store.set_required([NEEDED])
    history = History(
        directory,
        clock,
        CollectorRegistry(),
        retention_ms=1 << 50,
        max_bytes=1 << 30,
        downsample_after_ms=1 << 50,
    )
    await state.load()
    await state.samples.restore(store)
    await history.open()
    await state.samples.migrate(history.adopt)
    await history.follow(store, [NEEDED], lambda labels: labels)
    return store, history, state


async def end(history: History, state: SqliteStateStore) -> None:
    await history.close()
    await state.close()


def blocks_in(directory: Path) -> list[Path]:
    return list(directory.glob("history-*.block"))


def commands(store: Store) -> dict[int, float]:
    [series] = store.select(COMMANDS)
    times, values = series.window(0, BEGAN_MS + 60_000)
    return dict(zip(times, values, strict=True))


def test_samples_are_back_and_on_disk_once(directory: Path) -> None:
    async def story() -> None:
        store, history, state = await start(directory)
        found = commands(store)
        assert len(found) >= 8
        assert sorted(found.values()) == list(found.values())
        await end(history, state)
        [block] = blocks_in(directory)
        # Now they come from there, and state.db has none any more.
        with closing(sqlite3.connect(directory / FILE_NAME)) as connection:
            assert connection.execute("SELECT count(*) FROM sample_history").fetchone() == (0,)
        store, history, state = await start(directory)
        assert commands(store) == found
        await end(history, state)
        assert blocks_in(directory) == [block]

    asyncio.run(story())


def test_samples_stay_where_they_are_while_no_block_can_be_written(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    async def story() -> None:
        with monkeypatch.context() as full:
            full.setattr("exporter.history.sealing.BlockWriter", refuse)
            store, history, state = await start(directory)
            found = commands(store)
            await end(history, state)
        assert len(found) >= 8
        store, history, state = await start(directory)
        assert commands(store) == found
        assert history.blocks.count == 1
        await end(history, state)

    asyncio.run(story())


def test_alerts_are_there(directory: Path) -> None:
    async def story() -> None:
        _, history, state = await start(directory)
        [alert] = (await state.alert_store.load()).alerts
        assert alert.labels["alertname"] == "RedisIsThere"
        [group] = (await state.alerts.load()).values()
        assert [one.labels["instance"] for one in group.alerts] == ["cache:6379"]
        await end(history, state)

    asyncio.run(story())
