"""What happens to the state database under a running daemon: nothing that was promised is lost."""

import asyncio
import contextlib
import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from exporter.alerting.history import HistoryRecord, NotificationOutcome
from exporter.alerting.nflog import LogEntry, LogKey
from exporter.alerting.silences import Silence
from exporter.config.alertmanager.matchers import parse_matchers
from exporter.model.alert import Alert
from exporter.model.labels import Labels
from exporter.model.target import Address
from exporter.notify.slack_messages import Message
from exporter.rules.active import AlertState
from exporter.rules.model import GroupKey, RuleIdentity
from exporter.rules.saved import SavedAlert, StateChange
from exporter.state import connection as connection_module
from exporter.state.alert_store import SqliteAlertStore
from exporter.state.database import Database
from exporter.state.discovery import SqliteDiscoveryRecords
from exporter.state.rules import SqliteAlertState
from exporter.state.slack import SqliteMessages

KEY = LogKey("{}", "hook", "webhook", 0)
GROUP = GroupKey("rules.yml", "group")
LABELS = Labels({"alertname": "Down"})
ALERT = SavedAlert(RuleIdentity("Down", (), 0), LABELS, (("summary", ""),), 1.0, AlertState.FIRING, 1, 2)


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "_BUSY_SECONDS", 0.05)
    monkeypatch.setattr(connection_module, "_READ_PATIENCE_SECONDS", 0.2)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "state.db"


def silence(name: str) -> Silence:
    return Silence(name, tuple(parse_matchers('a="b"')), 0.0, 1e9, "me", "why", 0.0)


def record(at: float) -> HistoryRecord:
    return HistoryRecord(at, "hook", "webhook", "{}", Labels(), NotificationOutcome.SENT, 1, 1, 0, ())


class Life:
    """Everything that is kept in one database, by one process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.database = Database(path)
        self.alert_store = SqliteAlertStore(self.database)
        self.rules = SqliteAlertState(self.database)
        self.discovery = SqliteDiscoveryRecords(self.database)
        self.messages = SqliteMessages(self.database)

    async def fill(self) -> None:
        await self.alert_store.load()
        await self.rules.load()
        await self.alert_store.save_silences([silence("first")])
        await self.alert_store.save_alerts([Alert(Labels({"n": str(number)})) for number in range(200)])
        await self.alert_store.save_entry(LogEntry(KEY, 1.0, 2.0, frozenset({1}), frozenset()), record(1.0))
        await self.rules.save(GROUP, StateChange(5, [ALERT]))
        await self.discovery.save("cluster", [Address("a", 1)])

    async def close(self) -> None:
        await self.alert_store.close()
        await self.messages.close()
        await self.database.close()


async def after_kill(path: Path, place: Path) -> "Life":
    """What the next process finds, if this one is killed now."""
    shutil.copytree(path.parent, place)
    life = Life(place / path.name)
    saved = await life.alert_store.load()
    assert {one.id for one in saved.silences} == {"first", "second"}
    assert len(saved.alerts) == 200
    assert [one.key for one in saved.entries] == [KEY]
    assert [one.at for one in await life.alert_store.read_history(0, 10)] == [2.0, 1.0]
    assert list((await life.rules.load())[GROUP].alerts) == [ALERT]
    assert list(await life.discovery.load("cluster")) == [Address("a", 1)]
    return life


def delete_everything(path: Path) -> None:
    for one in path.parent.iterdir():
        one.unlink()


def delete_directory(path: Path) -> None:
    shutil.rmtree(path.parent)


def move_directory(path: Path) -> None:
    path.parent.rename(path.parent.with_name(f"elsewhere {time.monotonic_ns()}"))


def delete_log(path: Path) -> None:
    path.with_name("state.db-wal").unlink()


def delete_index(path: Path) -> None:
    path.with_name("state.db-shm").unlink()


def truncate_index(path: Path) -> None:
    os.truncate(path.with_name("state.db-shm"), 0)


def truncate(path: Path) -> None:
    os.truncate(path, 0)


def truncate_log(path: Path) -> None:
    os.truncate(path.with_name("state.db-wal"), 0)


def overwrite(path: Path) -> None:
    for one in path.parent.glob("state.db*"):
        one.write_bytes(b"\xff" * one.stat().st_size)


def overwrite_by_text(path: Path) -> None:
    path.write_text("a text\n" * 1000)


def overwrite_middle(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 4096 * 12)


def change_tables(*statements: str) -> Callable[[Path], None]:
    """By another program, while the file is in use."""

    def change(path: Path) -> None:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            # The process has ended where nothing was left to do.
            if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                connection.executescript(";".join(statements))

    return change


_TABLES = ("alerts", "silences", "log_entries", "history", "rule_groups", "rule_alerts", "informants")
drop_every_table = change_tables(*(f"DROP TABLE {table}" for table in _TABLES))
drop_silences = change_tables("DROP TABLE silences")
drop_history = change_tables("DROP TABLE history")
drop_rule_alerts = change_tables("DROP TABLE rule_alerts")
rename_column = change_tables("ALTER TABLE silences RENAME COLUMN value TO text")
add_column = change_tables("ALTER TABLE silences ADD COLUMN more")
rows_without_constraint = change_tables(
    "DROP TABLE alerts", "CREATE TABLE alerts (key INTEGER PRIMARY KEY, value INTEGER) STRICT"
)
make_view = change_tables(
    "ALTER TABLE silences RENAME TO hidden", "CREATE VIEW silences AS SELECT * FROM hidden"
)
delete_rows = change_tables(*(f"DELETE FROM {table}" for table in ("silences", "alerts", "log_entries")))
rows_of_other_types = change_tables(
    *(f"UPDATE {table} SET value = x'00ff'" for table in _TABLES if table != "rule_groups"),
    "INSERT OR REPLACE INTO slack_messages VALUES ('a', '[]'), ('b', x'00'), ('c', '[1, [2]]')",
    "INSERT OR REPLACE INTO silences VALUES ('a', 5), ('b', '[]'), ('c', '{\"id\": []}')",
    "INSERT OR REPLACE INTO alerts VALUES ('a', '{\"labels\": []}'), ('b', 1.5)",
    "UPDATE rule_groups SET evaluated_at_ms = 'x'",
)


def truncate_everything(path: Path) -> None:
    for one in path.parent.glob("state.db*"):
        os.truncate(one, 0)


def overwrite_first_page(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"\xff" * 4096)


def overwrite_log_page(path: Path) -> None:
    with path.with_name("state.db-wal").open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 4096)


def replace_by_text(path: Path) -> None:
    other = path.with_name("other")
    other.write_text("a text\n")
    other.replace(path)


def restore_in_place(path: Path) -> None:
    path.write_bytes(path.parent.with_name("old.db").read_bytes())


def restore_by_name(path: Path) -> None:
    shutil.copy(path.parent.with_name("old.db"), path.with_name("new"))
    path.with_name("new").replace(path)


async def make_old(path: Path) -> None:
    """A backup of some time ago: what was in it is of no interest any more."""
    life = Life(path)
    await life.alert_store.load()
    await life.alert_store.save_silences([silence("old")])
    await life.alert_store.save_alerts([Alert(Labels({"old": str(number)})) for number in range(100)])
    await life.close()


@pytest.mark.parametrize(
    "vandalise",
    [
        delete_everything,
        delete_directory,
        move_directory,
        delete_log,
        delete_index,
        truncate_index,
        truncate,
        truncate_log,
        overwrite,
        overwrite_by_text,
        overwrite_middle,
        truncate_everything,
        overwrite_first_page,
        overwrite_log_page,
        drop_every_table,
        drop_silences,
        drop_history,
        drop_rule_alerts,
        rename_column,
        add_column,
        rows_without_constraint,
        make_view,
        delete_rows,
        rows_of_other_types,
        replace_by_text,
        restore_in_place,
        restore_by_name,
    ],
)
def test_what_is_promised_after_the_files_were_damaged_is_there(
    path: Path, tmp_path: Path, vandalise: Callable[[Path], None]
) -> None:
    async def story() -> None:
        await make_old(tmp_path / "old.db")
        life = Life(path)
        await life.fill()
        vandalise(path)
        assert await life.alert_store.save_silences([silence("second")])
        await life.alert_store.add_record(record(2.0))
        await (await after_kill(path, tmp_path / "killed")).close()
        # Again, and then the process ends as it should.
        vandalise(path)
        await life.close()
        await (await after_kill(path, tmp_path / "ended")).close()

    asyncio.run(story())


@pytest.mark.parametrize(
    "vandalise",
    [
        drop_every_table,
        drop_silences,
        drop_rule_alerts,
        rename_column,
        add_column,
        rows_without_constraint,
        make_view,
        rows_of_other_types,
        truncate,
        overwrite_first_page,
        overwrite_middle,
    ],
)
def test_a_start_with_files_that_were_damaged(
    path: Path, tmp_path: Path, vandalise: Callable[[Path], None]
) -> None:
    async def story() -> None:
        life = Life(path)
        await life.fill()
        await life.messages.load()
        life.messages.put("group", Message("C1", "1.2"))
        await life.close()
        vandalise(path)
        after = Life(path)
        await after.alert_store.load()
        await after.rules.load()
        await after.messages.load()
        await after.discovery.load("cluster")
        await after.alert_store.read_history(0, 10)
        assert await after.alert_store.save_silences([silence("second")])
        await after.close()
        last = Life(path)
        assert "second" in {one.id for one in (await last.alert_store.load()).silences}
        await last.close()

    asyncio.run(story())


def test_the_whole_history_is_kept_when_the_files_are_deleted(path: Path, tmp_path: Path) -> None:
    async def story() -> None:
        life = Life(path)
        await life.alert_store.load()
        await life.database.run(
            lambda connection: connection.execute("INSERT INTO keyspaces VALUES ('one', x'00', x'01')")
        )
        delete_directory(path)
        await life.database.check_files()
        with sqlite3.connect(path) as connection:
            assert connection.execute("SELECT * FROM keyspaces").fetchall() == [("one", b"\x00", b"\x01")]
        connection.close()
        await life.close()

    asyncio.run(story())


def test_damaged_files_are_kept_up_to_a_number(path: Path) -> None:
    async def story() -> None:
        life = Life(path)
        await life.fill()
        await life.close()

    path.parent.mkdir()
    for number in range(8):
        path.write_text(f"text {number}\n" * 100)
        asyncio.run(story())
    kept = {one.name: one.read_text().splitlines()[0] for one in path.parent.glob("*.broken*")}
    assert kept == {
        "state.db.broken": "text 0",
        "state.db.broken.4": "text 4",
        "state.db.broken.5": "text 5",
        "state.db.broken.6": "text 6",
        "state.db.broken.7": "text 7",
    }


def modes(directory: Path) -> dict[str, str]:
    paths = [directory, *directory.iterdir()]
    return {one.name: oct(one.stat().st_mode & 0o777) for one in paths}


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o277])
def test_nobody_else_may_read_the_state(path: Path, mask: int) -> None:
    async def story() -> None:
        life = Life(path)
        await life.fill()
        expected = {"state": "0o700", "state.db": "0o600", "state.db-wal": "0o600", "state.db-shm": "0o600"}
        assert modes(path.parent) == expected
        for one in path.parent.iterdir():
            one.chmod(0o666)
        await life.database.check_files()
        assert modes(path.parent) == expected
        await life.close()

    before = os.umask(mask)
    try:
        asyncio.run(story())
    finally:
        os.umask(before)


def test_existing_files_are_closed_to_others_and_that_is_said_once(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path.parent.mkdir(mode=0o755)
    path.touch(mode=0o644)
    caplog.set_level("INFO")

    async def story() -> None:
        life = Life(path)
        await life.fill()
        await life.close()

    asyncio.run(story())
    assert modes(path.parent) == {"state": "0o700", "state.db": "0o600"}
    assert [one.message for one in caplog.records] == ["the state is for its owner only now"]


def test_a_directory_with_files_of_others_is_left_open(path: Path) -> None:
    path.parent.mkdir(mode=0o755)
    path.with_name("something else").touch()

    async def story() -> None:
        life = Life(path)
        await life.fill()
        await life.close()

    asyncio.run(story())
    assert modes(path.parent)["state"] == "0o755"
    assert modes(path.parent)["state.db"] == "0o600"


def test_what_was_saved_is_read_while_somebody_else_writes(path: Path) -> None:
    async def story() -> None:
        life = Life(path)
        await life.fill()
        await life.close()
        held = sqlite3.connect(path, isolation_level=None)
        held.execute("BEGIN IMMEDIATE")
        later = Life(path)
        assert len((await later.alert_store.load()).alerts) == 200
        assert not await later.alert_store.save_silences([silence("second")])
        held.execute("ROLLBACK")
        held.close()
        assert await later.alert_store.save_silences([silence("third")])
        await later.close()

    asyncio.run(story())
