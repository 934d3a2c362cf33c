"""Known queues in SQLite."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from exporter.queues.known import KnownQueue
from exporter.queues.model import QueueId
from exporter.state.database import Database
from exporter.state.queues import SqliteQueueRecords

MAIL = KnownQueue(
    QueueId("bullmq", b"bull:caf\xe9", database=3), "mail", 1.5, {"events": "17-0", "completed": 4.0, "n": 2}
)
OTHER = KnownQueue(QueueId("rq", b"rq:", b"a:b"), "a:b", 2.5)


def save_and_load(path: Path, *rounds: tuple[str, Sequence[KnownQueue]]) -> dict[str, Sequence[KnownQueue]]:
    async def play() -> dict[str, Sequence[KnownQueue]]:
        for instance, queues in rounds:
            database = Database(path)
            await SqliteQueueRecords(database).save_queues(instance, queues)
            await database.close()
        database = Database(path)
        records = SqliteQueueRecords(database)
        found = {instance: await records.load_queues(instance) for instance in ("one", "two")}
        await database.close()
        return found

    return asyncio.run(play())


def test_what_was_saved_is_there_after_a_restart(tmp_path: Path) -> None:
    found = save_and_load(tmp_path / "state.db", ("one", [MAIL, OTHER]), ("two", [OTHER]))
    assert sorted(found["one"], key=lambda known: known.label) == [OTHER, MAIL]
    assert found["two"] == [OTHER]


def test_the_last_saved_stand_alone(tmp_path: Path) -> None:
    found = save_and_load(tmp_path / "state.db", ("one", [MAIL, OTHER]), ("one", [OTHER]))
    assert found == {"one": [OTHER], "two": []}


def test_queues_of_an_older_file_are_found_anew(tmp_path: Path) -> None:
    """Before format 5 the names of keys were enough."""
    path = tmp_path / "state.db"
    assert save_and_load(path, ("one", [MAIL]))["one"] == [MAIL]
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 4")
        connection.commit()
    assert save_and_load(path)["one"] == []
