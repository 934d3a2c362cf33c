"""Disks and files in trouble."""

import asyncio
import sqlite3
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from exporter.alerting.history import HistoryRecord, NotificationOutcome
from exporter.clock import SystemClock
from exporter.errors import StateError
from exporter.model.alert import Alert
from exporter.model.labels import Labels
from exporter.state import writer as writer_module
from exporter.state.alert_store import SqliteAlertStore
from exporter.state.database import Database
from exporter.state.history import SqliteHistory
from exporter.state.metrics import StateCollector
from exporter.state.migrations import MIGRATIONS
from exporter.state.writer import Writer


def alerts(count: int, text: str = "") -> list[Alert]:
    return [Alert(Labels({"n": str(number)}), Labels({"text": text})) for number in range(count)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "vigil.db"


@pytest.fixture(autouse=True)
def _quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "RETRY_SECONDS", 0.05)
    monkeypatch.setattr("exporter.state.connection._BUSY_SECONDS", 0.05)


def run(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(story)


async def settle(alert_store: SqliteAlertStore) -> None:
    for _ in range(250):
        if not alert_store.pending:
            return
        await asyncio.sleep(0.02)
    pytest.fail("the store does not come to rest")


def test_while_the_file_is_locked_nobody_waits_and_nothing_is_lost(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_seconds = 1.0
    monkeypatch.setattr("exporter.state.connection._BUSY_SECONDS", wait_seconds)

    async def story() -> None:
        database = Database(path)
        alert_store = SqliteAlertStore(database)
        registry = CollectorRegistry()
        StateCollector(registry, database, alert_store, SqliteHistory(database, SystemClock()))
        await alert_store.save_alerts(alerts(1))
        lock = sqlite3.connect(path, isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        await alert_store.save_alerts(alerts(10, "first"))
        assert registry.get_sample_value("redis_vigil_state_up") == 0
        began = asyncio.get_running_loop().time()
        for text in ("second", "third"):
            await alert_store.save_alerts(alerts(10, text))
        await alert_store.delete_alerts([Labels({"n": "3"})])
        assert asyncio.get_running_loop().time() - began < wait_seconds
        assert alert_store.pending == 10
        lock.execute("ROLLBACK")
        lock.close()
        await settle(alert_store)
        assert registry.get_sample_value("redis_vigil_state_up") == 1
        assert registry.get_sample_value("redis_vigil_state_failures_total") == database.failures >= 1
        saved = await alert_store.load()
        assert len(saved.alerts) == 9
        assert {alert.annotations.get("text") for alert in saved.alerts} == {"third"}
        await alert_store.close()
        await database.close()

    run(story())


def test_the_latest_history_is_there_while_the_file_is_locked(path: Path) -> None:
    def record(number: int, receiver: str) -> HistoryRecord:
        key = f"group {number}"
        return HistoryRecord(number, receiver, "slack", key, Labels(), NotificationOutcome.SENT, 1, 1, 0, ())

    async def story() -> None:
        database = Database(path)
        alert_store = SqliteAlertStore(database)
        for number in range(3):
            await alert_store.add_record(record(number, "first"))
        lock = sqlite3.connect(path, isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        await alert_store.add_record(record(3, "second"))
        assert [one.at for one in await alert_store.read_history(1, 2)] == [3, 2]
        assert [one.at for one in await alert_store.read_history(1, 9, "first")] == [2, 1]
        lock.execute("ROLLBACK")
        lock.close()
        await settle(alert_store)
        assert [one.at for one in await alert_store.read_history(1, 2)] == [3, 2]
        await alert_store.close()
        await database.close()

    run(story())


def test_a_full_disk(path: Path) -> None:
    async def story() -> None:
        database = Database(path)
        alert_store = SqliteAlertStore(database)
        registry = CollectorRegistry()
        StateCollector(registry, database, alert_store, SqliteHistory(database, SystemClock()))
        await alert_store.save_alerts(alerts(1))
        assert registry.get_sample_value("redis_vigil_state_up") == 1
        await database.run(lambda connection: connection.execute("PRAGMA max_page_count = 20").fetchall())
        await alert_store.save_alerts(alerts(50, "x" * 5000))
        assert registry.get_sample_value("redis_vigil_state_up") == 0
        assert registry.get_sample_value("redis_vigil_state_failures_total") == 1
        assert registry.get_sample_value("redis_vigil_state_pending_writes") == 50
        await database.run(lambda connection: connection.execute("PRAGMA max_page_count = 10000").fetchall())
        await settle(alert_store)
        assert len((await alert_store.load()).alerts) == 50
        await alert_store.close()
        await database.close()

    run(story())


@pytest.mark.parametrize("content", [b"this is no database, but a text that somebody put here\n" * 100])
def test_a_file_that_is_no_database_is_put_aside(path: Path, content: bytes) -> None:
    path.write_bytes(content)

    async def story() -> None:
        database = Database(path)
        alert_store = SqliteAlertStore(database)
        await alert_store.save_alerts(alerts(1))
        assert len((await alert_store.load()).alerts) == 1
        await database.close()

    run(story())
    assert path.with_name("vigil.db.broken").read_bytes() == content


def test_a_damaged_file_is_put_aside(path: Path) -> None:
    async def fill() -> None:
        database = Database(path)
        await SqliteAlertStore(database).save_alerts(alerts(500, "x" * 200))
        await database.close()

    async def go_on() -> None:
        database = Database(path)
        alert_store = SqliteAlertStore(database)
        assert (await alert_store.load()).alerts == ()
        assert database.generation == 1
        await alert_store.save_alerts(alerts(1))
        await settle(alert_store)
        assert len((await alert_store.load()).alerts) == 1
        await database.close()

    run(fill())
    content = bytearray(path.read_bytes())
    content[4096 * 4 : 4096 * 20] = b"\xff" * (4096 * 16)
    path.write_bytes(bytes(content))
    run(go_on())
    assert path.with_name("vigil.db.broken").exists()


def test_a_file_of_a_newer_program_is_left_alone(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    connection.close()

    async def story() -> None:
        database = Database(path)
        with pytest.raises(StateError, match="newer version"):
            await SqliteAlertStore(database).load()
        await database.close()

    run(story())


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")

    async def story() -> None:
        database = Database(tmp_path / "file" / "vigil.db")
        with pytest.raises(StateError, match=r"File exists|Not a directory"):
            await SqliteAlertStore(database).load()
        assert not database.is_healthy
        await database.close()

    run(story())


def test_a_row_that_cannot_be_read_is_left_out(path: Path) -> None:
    async def story() -> None:
        database = Database(path)
        alert_store = SqliteAlertStore(database)
        await alert_store.save_alerts(alerts(2))
        await database.run(
            lambda connection: connection.execute("UPDATE alerts SET value = '{}' WHERE key LIKE '%1%'")
        )
        assert len((await alert_store.load()).alerts) == 1
        await database.close()

    run(story())


def test_a_transaction_is_all_or_nothing(path: Path) -> None:
    async def story() -> None:
        database = Database(path)

        def half(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT INTO alerts VALUES ('a', '{}')")
            raise sqlite3.OperationalError("in the middle")

        with pytest.raises(StateError, match="in the middle"):
            await database.run(half)
        count = await database.run(
            lambda connection: connection.execute("SELECT count(*) FROM alerts").fetchone()
        )
        assert count == (0,)
        await database.close()

    run(story())


def test_a_fault_of_ours_in_a_row_does_not_stop_the_writing(path: Path) -> None:
    async def story() -> None:
        database = Database(path)
        writer = Writer(database)

        def fail() -> str:
            raise TypeError("no such thing")

        writer.put("alerts", "a", fail)
        await writer.flush()
        assert writer.dropped == 1
        writer.put("alerts", "b", lambda: "{}")
        await writer.flush()
        count = await database.run(
            lambda connection: connection.execute("SELECT count(*) FROM alerts").fetchone()
        )
        assert count == (1,)
        await writer.close()
        await database.close()

    run(story())


def test_a_change_that_cannot_be_written_costs_itself(path: Path) -> None:
    async def story() -> None:
        database = Database(path)
        alert_store = SqliteAlertStore(database)
        await alert_store.load()
        writer = Writer(database)
        for name in ("good", "bad", "last"):
            # Half a surrogate pair, as an answer of somebody may hold.
            writer.put("alerts", name, lambda name=name: "\ud800" if name == "bad" else name)  # type: ignore[misc]
        written: list[str] = []
        writer.run(lambda _: written.append("statement"))
        assert not await writer.save()
        assert writer.dropped == 1
        connection = sqlite3.connect(path)
        assert sorted(connection.execute("SELECT key FROM alerts")) == [("good",), ("last",)]
        connection.close()
        assert written[-1:] == ["statement"]
        await writer.close()
        await database.close()

    run(story())
