"""The log of events: what was recorded is what is read, within bounds, whatever becomes of its file."""

import asyncio
import os
import random
import sqlite3
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from exporter.errors import StateError
from exporter.events import Event, EventKind, EventLog, EventQuery, identity_of
from exporter.events import database as database_module
from exporter.events.log import MAX_WAITING
from tests.events.logs import DAY_MS, NOW, all_of, event, open_log


def run(path: Path | None, story: Callable[[EventLog], Awaitable[Any]], **options: Any) -> Any:
    """Play a story with a log that is opened, and closed."""

    async def play() -> Any:
        async with open_log(path, **options) as log:
            return await story(log)

    return asyncio.run(play())


async def texts(log: EventLog) -> list[Any]:
    return [one.fields["text"] for one in await all_of(log)]


@pytest.fixture(params=["file", "memory"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    return tmp_path / "events.db" if request.param == "file" else None


def test_the_newest_come_first_and_a_filter_narrows_them_down(path: Path | None) -> None:
    async def story(log: EventLog) -> None:
        log.record(event(NOW - 3, text="a"))
        log.record(event(NOW - 1, "cache-2", EventKind.FAILOVER, text="b"))
        log.record(event(NOW - 2, text="c"))

        assert await texts(log) == ["b", "c", "a"]
        assert [one.fields["text"] for one in await all_of(log, instances=["cache-1"])] == ["c", "a"]
        assert [one.fields["text"] for one in await all_of(log, kinds=["failover", "alert"])] == ["b"]
        assert [one.fields["text"] for one in await all_of(log, since_ms=round(NOW * 1000) - 2000)] == [
            "b",
            "c",
        ]
        assert [one.fields["text"] for one in await all_of(log, until_ms=round(NOW * 1000) - 2000)] == [
            "c",
            "a",
        ]

    run(path, story)


def test_events_of_one_moment_come_the_last_recorded_first(path: Path | None) -> None:
    async def story(log: EventLog) -> None:
        for text in "abc":
            log.record(event(text=text))

        assert await texts(log) == ["c", "b", "a"]

    run(path, story)


def test_the_same_event_is_kept_once(path: Path | None) -> None:
    async def story(log: EventLog) -> None:
        for _ in range(3):
            identity = identity_of("cache-1", 7, "GET")
            log.record(Event.of(NOW, "cache-1", EventKind.SLOWLOG, {"text": "a"}, identity))
            await log.flush()

        assert await texts(log) == ["a"]

    run(path, story)


def test_events_and_what_is_known_outlive_a_restart_and_are_for_their_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "events.db"

    async def first(log: EventLog) -> None:
        log.record(event(text="a"))
        log.remember("cache-1", "role", {"role": "master"})

    async def second(log: EventLog) -> None:
        assert await texts(log) == ["a"]
        assert log.known("cache-1", "role") == {"role": "master"}
        assert log.known("cache-2", "role") is None
        await log.read(EventQuery())
        for file in list(tmp_path.iterdir()):  # noqa: ASYNC240
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file

    run(path, first)
    run(path, second)


def test_what_is_older_than_the_retention_is_neither_kept_nor_taken(path: Path | None) -> None:
    async def story(log: EventLog) -> None:
        log.record(event(NOW - 31 * 86_400, text="too old"))
        log.record(event(NOW - 10 * 86_400, text="old"))
        log.record(event(text="new"))
        assert await texts(log) == ["new", "old"]

        log.retention_ms = 5 * DAY_MS
        await log.cleanup()

        assert await texts(log) == ["new"]

    run(path, story)


def test_a_storm_drops_the_oldest_of_its_own_kind_and_counts_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "MAX_EVENTS", 500)
    registry = CollectorRegistry()

    async def story(log: EventLog) -> None:
        log.record(event(NOW - 86_400, kind=EventKind.FAILOVER, text="rare"))
        for number in range(2_000):
            log.record(event(NOW - 2_000 + number, text=str(number)))
        await log.flush()

        kept = await texts(log)
        assert 400 <= len(kept) <= 500
        assert kept[0] == "1999"
        assert kept[-1] == "rare"
        assert value(registry, "redis_vigil_events_dropped_total", reason="evicted") == 2_001 - len(kept)
        assert value(registry, "redis_vigil_events_stored") == len(kept)
        assert value(registry, "redis_vigil_events_total", kind="slowlog") == 2_000

    run(tmp_path / "events.db", story, registry=registry)


def test_the_size_of_the_file_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "events.db"

    async def story(log: EventLog) -> None:
        for number in range(6_000):
            log.record(event(NOW - 6_000 + number, text="x" * 900))
            if number % 1_000 == 999:
                await log.flush()
                await log.cleanup()
        kept = await texts(log)
        assert 0 < len(kept) < 3_000

    run(path, story, max_bytes=2 << 20)
    assert path.stat().st_size < 5 << 20


def test_more_events_than_can_wait_are_dropped_the_oldest_first_and_counted() -> None:
    async def story(log: EventLog) -> None:
        for number in range(100_000):
            log.record(event(NOW - 100_000 + number, text=str(number)))
        assert log.waiting == MAX_WAITING
        assert log.dropped == 100_000 - MAX_WAITING
        await log.flush()

        page = await log.read(EventQuery(limit=1))
        assert page.events[0].fields["text"] == "99999"

    run(None, story)


@pytest.mark.parametrize("content", [b"garbage" * 1000, b"SQLite format 3\x00" + b"\xff" * 8000])
def test_a_damaged_file_is_set_aside_and_said_once(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "events.db"
    path.write_bytes(content)

    async def story(log: EventLog) -> None:
        log.record(event(text="a"))
        assert await texts(log) == ["a"]

    run(path, story)

    assert (tmp_path / "events.db.broken").read_bytes() == content
    assert caplog.text.count("the file of the events is damaged") == 1
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM events").fetchone() == (1,)


def test_a_page_that_is_damaged_while_the_daemon_runs_costs_the_file_and_no_more(tmp_path: Path) -> None:
    path = tmp_path / "events.db"

    async def fill(log: EventLog) -> None:
        for number in range(5_000):
            log.record(event(NOW - number, text="x" * 100))

    async def story(log: EventLog) -> None:
        log.record(event(text="after"))
        await log.flush()
        await log.flush()
        assert "after" in await texts(log)

    run(path, fill)
    content = bytearray(path.read_bytes())
    content[4096:-4096] = b"\xa5" * len(content[4096:-4096])
    path.write_bytes(content)
    run(path, story)


@pytest.mark.parametrize("kind", ["foreign", "future"])
def test_a_file_that_is_not_ours_is_left_alone_and_the_log_goes_on_in_memory(
    tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "events.db"
    if kind == "future":
        run(path, lambda log: log.flush())
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (a)" if kind == "foreign" else "PRAGMA user_version = 99")
    connection.close()
    content = path.read_bytes()
    registry = CollectorRegistry()

    async def story(log: EventLog) -> None:
        for text in "ab":
            log.record(event(text=text))
            await log.flush()
        assert await texts(log) == ["b", "a"]
        assert value(registry, "redis_vigil_events_up") == 0

    run(path, story, registry=registry)

    assert path.read_bytes() == content
    (line,) = caplog.records
    assert line.getMessage() == "events cannot be kept on disk, going on from memory"
    problem = "another program" if kind == "foreign" else "a newer version (format 99"
    assert problem in line.vigil_fields["error"]  # type: ignore[attr-defined]


def test_what_cannot_be_written_is_kept_in_memory_until_it_can_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "_RETRY_SECONDS", 0.0)
    path = tmp_path / "events.db"
    path.mkdir()

    async def story(log: EventLog) -> None:
        log.record(event(NOW - 1, text="a"))
        assert await texts(log) == ["a"]
        path.rmdir()
        log.record(event(text="b"))
        assert await texts(log) == ["b", "a"]

    async def after(log: EventLog) -> None:
        assert await texts(log) == ["b", "a"]

    run(path, story)
    run(path, after)


@pytest.mark.parametrize(
    ("broken", "mended"),
    [
        ("PRAGMA max_page_count = 1", "PRAGMA max_page_count = 1000000"),
        ("PRAGMA query_only = ON", "PRAGMA query_only = OFF"),
    ],
    ids=["full", "read-only"],
)
def test_what_cannot_be_written_for_a_while_waits_and_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, broken: str, mended: str
) -> None:
    registry = CollectorRegistry()

    async def story(log: EventLog) -> None:
        log.record(event(NOW - 2, text="before"))
        await log.flush()
        connection = log._database._connection
        assert connection is not None
        connection.execute(broken)
        for number in range(100):
            log.record(event(NOW - 1, text="x" * 900, number=number))
        assert not await log.flush()
        assert not await log.flush()
        assert value(registry, "redis_vigil_events_up") == 0
        assert value(registry, "redis_vigil_events_waiting") == 100
        assert await texts(log) == ["before"]
        connection.execute(mended)
        assert await log.flush()
        assert len(await all_of(log)) == 101
        assert value(registry, "redis_vigil_events_up") == 1

    run(tmp_path / "events.db", story, registry=registry)
    assert caplog.text.count("events cannot be kept on disk") == 1


def test_a_file_that_is_deleted_while_the_daemon_runs_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "events.db"

    async def story(log: EventLog) -> None:
        log.record(event(NOW - 1, text="a"))
        log.remember("cache-1", "role", "master")
        await log.flush()
        for file in list(tmp_path.iterdir()):  # noqa: ASYNC240
            os.unlink(file)
        log.record(event(text="b"))
        assert await texts(log) == ["b"]

    async def after(log: EventLog) -> None:
        assert await texts(log) == ["b"]
        assert log.known("cache-1", "role") == "master"

    run(path, story)
    run(path, after)


def value(registry: CollectorRegistry, name: str, **labels: str) -> float | None:
    return registry.get_sample_value(name, labels)


def test_rows_that_somebody_else_has_spoilt_cost_no_more_than_themselves(tmp_path: Path) -> None:
    path = tmp_path / "events.db"

    async def fill(log: EventLog) -> None:
        log.record(event(NOW - 1, text="a"))
        log.record(event(text="b"))
        log.remember("cache-1", "role", "master")
        log.remember("cache-1", "other", "x")

    async def story(log: EventLog) -> None:
        assert [one.fields for one in await all_of(log)] == [{}, {"text": "a"}]
        assert log.known("cache-1", "role") is None
        assert log.known("cache-1", "other") == "x"

    run(path, fill)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE events SET fields = '{nonsense' WHERE id = 2")
        connection.execute("UPDATE known SET value = X'00ff' WHERE topic = 'role'")
    connection.close()
    run(path, story)


@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_damaged_the_log_opens_and_takes_events(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "events.db"

    async def fill(log: EventLog) -> None:
        for number in range(2_000):
            log.record(event(NOW - number, text="x" * 200))
        log.remember("cache-1", "role", "master")

    async def story(log: EventLog) -> None:
        log.record(event(text="after"))
        for _ in range(3):
            await log.flush()
            await log.cleanup()
        try:
            found = await texts(log)
        except StateError:
            # Reading has found the damage; what comes next is in a new file.
            log.record(event(text="after"))
            found = await texts(log)
        assert "after" in found

    run(path, fill)
    draw = random.Random(seed)
    content = bytearray(path.read_bytes())
    for _ in range(40):
        place = draw.randrange(100, len(content) - 600)
        content[place : place + 500] = draw.randbytes(500)
    path.write_bytes(content)
    run(path, story)
