"""`redis-vigil events`, and slow commands of the past, from a running daemon and from its directory."""

import asyncio
import csv
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from exporter.events import Event, EventKind, EventLog
from exporter.model.target import Address, Target
from exporter.samplers.runner import TargetRunner
from exporter.store import Store
from exporter.web import events as events_api
from exporter.web import slowlog as slowlog_api
from exporter.web.api_v1 import targets as targets_api
from exporter.web.api_v1.cooperative import CooperativeExecutor
from tests.cli.in_process import Done, run_command
from tests.clocks import FrozenClock
from tests.events.logs import NOW, event, open_log
from tests.web.asgi import request
from tests.web.directory import Watched

SLOW = {"command": "HGETALL", "client": "10.0.0.7:5", "client_name": "shop", "entry": 1}


def slow(at: float, instance: str, pattern: str, seconds: float) -> Event:
    fields: dict[str, Any] = {**SLOW, "pattern": pattern, "duration_seconds": seconds}
    return Event.of(at, instance, EventKind.SLOWLOG, fields)


SOME = [
    event(NOW - 7200, "cache-1", EventKind.FAILOVER, before="10.0.0.1:6379", after=""),
    slow(NOW - 3600, "cache-1", "HGETALL session:{id}", 0.5),
    slow(NOW - 60, "cache-1", "HGETALL session:{id}", 1.5),
    slow(NOW - 50, "cache-2", "KEYS *", 2.5),
    event(NOW - 40, "cache-2", EventKind.SLOWLOG_LOST, entries=7),
    event(NOW, "", EventKind.RELOAD, outcome="failed", text="a\x1b[31mred\nline"),
]


@contextmanager
def serving(log: EventLog) -> Iterator[str]:
    """The web of a daemon with these events."""
    clock = FrozenClock(NOW)
    targets = [Target("cache-1", Address("10.0.0.1", 6380)), Target("10.0.0.2:6379", Address("10.0.0.2"))]
    watched = Watched(
        [TargetRunner(one, [], store=Store(), clock=clock, timeout_seconds=1) for one in targets]
    )
    app = Starlette(
        routes=[
            *events_api.routes(log, clock),
            *slowlog_api.routes(Watched(), clock, log),
            *targets_api.routes(watched, Store(), clock, CooperativeExecutor()),
        ],
    )

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = request(app, "GET", self.path)
            self.send_response(answer.status_code)
            self.send_header("content-type", answer.headers["content-type"])
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(params=["directory", "daemon"], scope="module")
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """The options that say where to read, of a directory that is in use, and of a daemon."""
    folder = tmp_path_factory.mktemp("data")
    ready, over = threading.Event(), threading.Event()
    logs: list[EventLog] = []

    async def keep() -> None:
        async with open_log(folder / "events.db") as log:
            for one in SOME:
                log.record(one)
            await log.flush()
            logs.append(log)
            ready.set()
            await asyncio.to_thread(over.wait)

    thread = threading.Thread(target=lambda: asyncio.run(keep()))
    thread.start()
    assert ready.wait(30)
    try:
        if request.param == "directory":
            yield ["--path", str(folder)]
        else:
            with serving(logs[0]) as url:
                yield ["--url", url]
    finally:
        over.set()
        thread.join()


def run(tmp_path: Path, *arguments: str) -> Done:
    return run_command(tmp_path, *arguments)


def test_a_table_the_newest_first_without_escapes(tmp_path: Path, place: list[str]) -> None:
    done = run(tmp_path, "events", *place)

    assert (done.returncode, done.stderr) == (0, "")
    head, *lines = done.stdout.splitlines()
    assert head.split() == ["TIME", "INSTANCE", "KIND", "WHAT"]
    assert lines[0].startswith("2025-10-09 08:53:20.000Z")
    assert "reload" in lines[0]
    assert "\x1b" not in done.stdout
    assert "a?[31mred?line" in lines[0]
    assert "failover" in lines[-1]
    assert "before=10.0.0.1:6379" in lines[-1]


def test_filters_and_json(tmp_path: Path, place: list[str]) -> None:
    done = run(
        tmp_path, "events", *place, "--kind", "slowlog", "--instance", "cache-1", "--format", "json",
        "--since", str(NOW - 100),
    )  # fmt: skip

    (one,) = json.loads(done.stdout)["events"]
    assert one["at"] == NOW - 60
    assert one["fields"]["pattern"] == "HGETALL session:{id}"


def test_csv_has_a_head_and_fields_as_json(tmp_path: Path, place: list[str]) -> None:
    done = run(tmp_path, "events", *place, "--format", "csv", "--limit", "2")

    rows = list(csv.reader(done.stdout.splitlines()))
    assert rows[0] == ["at", "instance", "kind", "fields"]
    assert len(rows) == 3
    assert json.loads(rows[2][3]) == {"entries": 7}


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (
            ["--kind", "scan"],
            "no events of that kind or instance; the newest of all is reload from 2025-10-09",
        ),
        (["--kind", "failover", "--since", str(NOW - 60)], "no events in that time; the newest that fits is"),
    ],
)
def test_nothing_found_says_why(tmp_path: Path, place: list[str], options: list[str], why: str) -> None:
    done = run(tmp_path, "events", *place, *options)

    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.startswith(why)


def test_slow_commands_of_the_past(tmp_path: Path, place: list[str]) -> None:
    done = run(tmp_path, "slowlog", *place, "--since", str(NOW - 7200))

    assert (done.returncode, done.stderr) == (0, "")
    assert "slow commands of cache-1: 2 commands" in done.stdout
    assert "slow commands of cache-2: 1 command, 7 more came and went unread" in done.stdout
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("HGETALL session:{id}")]
    assert "1.00 s" in line
    assert "1.50 s" in line
    assert "shop 10.0.0.7:5" in line


def test_a_server_is_found_by_its_url(tmp_path: Path) -> None:
    folder = tmp_path / "data"

    async def keep() -> None:
        async with open_log(folder / "events.db") as log:
            for one in [*SOME, slow(NOW - 30, "10.0.0.2:6379", "KEYS *", 2.5)]:
                log.record(one)
            await log.flush()
            with serving(log) as url:
                await asyncio.to_thread(look, ["--url", url], "the daemon")

    def look(place: list[str], called: str) -> None:
        def found(*options: str) -> str:
            done = run(tmp_path, "slowlog", *options, *place, "--since", str(NOW - 7200))
            assert (done.returncode, done.stderr) == (0, "")
            return done.stdout

        for server in ("redis://user:secret@10.0.0.1:6380/3", "10.0.0.1:6380", "cache-1"):
            assert "cache-1: 2 commands" in found(server)
        for server in ("redis://10.0.0.2", "10.0.0.2:6379"):
            assert "10.0.0.2:6379: 1 command" in found(server)
        done = run(tmp_path, "slowlog", "redis://u:secret@10.9.9.9:1", *place, "--since", "2h")
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(
            f"redis-vigil: redis://10.9.9.9:1 is no target of {called}: there are "
        ), done.stderr
        assert "secret" not in done.stderr
        assert len(done.stderr.splitlines()) == 1
        done = run(tmp_path, "events", "--instance", "redis://10.0.0.1:6380", *place, "--kind", "failover")
        assert "before=10.0.0.1:6379" in done.stdout

    folder.mkdir()
    asyncio.run(keep())
    (tmp_path / "config.yml").write_text(
        "targets: [{url: 'redis://10.0.0.1:6380', instance: cache-1}]\nstorage: {path: data}\n"
    )
    look(["--config", "config.yml"], "data/events.db")


def test_a_directory_alone_knows_names_and_no_addresses(tmp_path: Path) -> None:
    async def keep() -> None:
        async with open_log(tmp_path / "events.db") as log:
            log.record(slow(NOW - 30, "10.0.0.2:6379", "KEYS *", 2.5))
            await log.flush()

    asyncio.run(keep())
    done = run(tmp_path, "slowlog", "redis://10.0.0.2", "--path", ".", "--since", str(NOW - 7200))
    assert "10.0.0.2:6379: 1 command" in done.stdout
    done = run(tmp_path, "slowlog", "redis://10.0.0.3", "--path", ".", "--since", str(NOW - 7200))
    assert (done.returncode, done.stdout) == (2, "")
    assert (
        done.stderr
        == "redis-vigil: redis://10.0.0.3:6379 is no target of events.db: there are 10.0.0.2:6379\n"
    )


def test_slow_commands_of_one_server_and_pattern_as_json(tmp_path: Path, place: list[str]) -> None:
    done = run(
        tmp_path, "slowlog", "cache-1", *place, "--since", str(NOW - 1800), "--pattern", "hgetall",
        "--format", "json",
    )  # fmt: skip

    (report,) = json.loads(done.stdout)["targets"]
    assert (report["instance"], report["counted"]) == ("cache-1", 1)
    assert [pattern["count"] for pattern in report["patterns"]] == [1]


def test_no_slow_commands_says_why(tmp_path: Path, place: list[str]) -> None:
    done = run(tmp_path, "slowlog", *place, "--since", str(NOW - 10))

    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.startswith("no slow commands in that time; the newest that fits is from 2025-10-09")


@pytest.mark.parametrize(
    ("arguments", "status", "line"),
    [
        (["events"], 2, "name one place to read from: --url of a running daemon, --path"),
        (
            ["events", "--path", "nowhere"],
            1,
            "nowhere/events.db does not exist: no daemon has kept events there",
        ),
        (["events", "--path", ".", "--url", "http://h"], 2, "name one place to read from"),
        (["events", "--path", ".", "--kind", "slow"], 2, '"slow" is no kind of event; did you mean slowlog?'),
        (["events", "--path", ".", "--since", "x"], 2, "neither a duration"),
        (["events", "--url", "ftp://h"], 2, "--url"),
        (["events", "--url", "http://127.0.0.1:1"], 1, "http://127.0.0.1:1 cannot be asked"),
        (["slowlog"], 2, "name a server, or a time with --since"),
        (["slowlog", "--since", "2h"], 2, "name one place to read from"),
    ],
)
def test_what_is_wrong_is_one_line(tmp_path: Path, arguments: list[str], status: int, line: str) -> None:
    done = run(tmp_path, *arguments)

    assert done.returncode == status, done
    assert len(done.stderr.splitlines()) == 1
    assert line in done.stderr


def test_a_directory_by_its_configuration_after_the_daemon_has_ended(tmp_path: Path) -> None:
    (tmp_path / "config.yml").write_text("storage: {path: data}\n")

    async def keep() -> None:
        async with open_log(tmp_path / "data" / "events.db") as log:
            log.record(event(NOW, text="a"))

    asyncio.run(keep())
    before = sorted(tmp_path.rglob("*"))
    done = run(tmp_path, "events", "--config", "config.yml", "--format", "json")

    assert [one["fields"] for one in json.loads(done.stdout)["events"]] == [{"text": "a"}]
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("content", [b"garbage" * 100, b""])
def test_a_damaged_file_is_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "events.db").write_bytes(content)
    done = run(tmp_path, "events", "--path", ".")

    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "events.db" in done.stderr
