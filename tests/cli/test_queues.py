"""`redis-vigil queues`."""

import json
import re
import subprocess
import sys
import time
from io import StringIO
from pathlib import Path

from rich.console import Console

from exporter.cli.queue_tables import fit_queues, show_queues
from exporter.queues import QueueReport
from exporter.queues.known import KnownQueue
from exporter.queues.model import QueueId, Reading
from exporter.queues.report import report_queue
from exporter.queues.vocabulary import State
from tests.cli.test_cli import vigil
from tests.servers import RealServer, free_port


def fill(server: RealServer) -> None:
    now = int(time.time() * 1000)
    server.client.hset("bull:mail:meta", mapping={"version": "bullmq:6.7.0", "paused": 1})
    server.client.lpush("bull:mail:wait", "1", "2")
    server.client.hset("bull:mail:1", mapping={"timestamp": now - 90_000, "opts": "{}"})
    server.client.lpush("bull:mail:active", "3")
    server.client.xadd("orders", {"a": 1})
    server.client.xgroup_create("orders", "billing", id="0")


def test_a_table(empty_server: RealServer, tmp_path: Path) -> None:
    fill(empty_server)
    done = vigil(tmp_path, "queues", empty_server.url)
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines[0][:6] == ["FRAMEWORK", "QUEUE", "WAITING", "OLDEST", "ACTIVE", "LATER"]
    assert lines[1][:3] == ["bullmq", "mail", "2"]
    # A minute and a half, and what the command took.
    assert re.fullmatch(r"1m[345]\ds", lines[1][3])
    assert lines[1][4:6] == ["1", "0"]
    assert "paused" in done.stdout
    assert "1 orphaned" in done.stdout
    assert lines[4][:4] == ["orders", "billing", "1", "0"]


def test_streams_of_a_pattern_are_one_line(empty_server: RealServer, tmp_path: Path) -> None:
    for number in range(12):
        for _ in range(3 if number == 5 else 1):
            empty_server.client.xadd(f"notify:user:{number}", {"a": 1})
        empty_server.client.xgroup_create(f"notify:user:{number}", "web", id="0")
    done = vigil(tmp_path, "queues", empty_server.url)
    line = done.stdout.splitlines()[1]
    assert line.split()[:3] == ["stream", "notify:user:*", "14"]
    assert line.rstrip().endswith("12 streams, 3 entries left in notify:user:5")


def test_json(empty_server: RealServer, tmp_path: Path) -> None:
    fill(empty_server)
    done = vigil(tmp_path, "queues", "--format", "json", empty_server.url)
    queues = json.loads(done.stdout)
    assert {(queue["framework"], queue["queue"]) for queue in queues} == {
        ("bullmq", "mail"),
        ("stream", "orders"),
    }
    assert queues[0]["orphaned"] == 1


def test_lists_that_look_like_queues_are_suggested(empty_server: RealServer, tmp_path: Path) -> None:
    empty_server.client.lpush("tasks:mail", "1", "2")
    shown = vigil(tmp_path, "queues", empty_server.url)
    assert shown.stdout.splitlines() == [
        f"no queues found on {empty_server.instance}",
        "1 list looks like a queue (2 entries): describe them under samplers.queues.lists; "
        "redis-vigil queues --suggest writes it",
    ]
    as_json = vigil(tmp_path, "queues", "--format", "json", empty_server.url)
    assert (json.loads(as_json.stdout), as_json.stderr.count("looks like a queue")) == ([], 1)
    suggested = vigil(tmp_path, "queues", "--suggest", empty_server.url)
    assert (suggested.returncode, suggested.stderr) == (0, "")
    assert "# tasks:mail: 2 entries" in suggested.stdout
    config = tmp_path / "config.yml"
    config.write_text(suggested.stdout)
    assert vigil(tmp_path, "check", "config", str(config)).returncode == 0
    done = vigil(tmp_path, "queues", "--config", str(config), empty_server.url)
    assert done.stdout.splitlines()[1].split()[:3] == ["list", "mail", "2"]
    empty_server.client.delete("tasks:mail")
    nothing = vigil(tmp_path, "queues", "--suggest", empty_server.url)
    assert nothing.stdout == f"# {empty_server.instance}: no list looks like a queue that is not known\n"


def test_settings_of_a_configuration(empty_server: RealServer, tmp_path: Path) -> None:
    empty_server.client.lpush("tasks:mail", "1")
    config = tmp_path / "config.yml"
    config.write_text("samplers: {queues: {lists: [{key: 'tasks:{name}'}]}}\n")
    done = vigil(tmp_path, "queues", "--config", str(config), empty_server.url)
    assert done.stdout.splitlines()[1].split()[:3] == ["list", "mail", "1"]


def test_no_queues(empty_server: RealServer, tmp_path: Path) -> None:
    done = vigil(tmp_path, "queues", empty_server.url)
    assert (done.returncode, done.stdout) == (0, f"no queues found on {empty_server.instance}\n")


def test_nobody_there(tmp_path: Path) -> None:
    done = vigil(tmp_path, "queues", f"redis://:pa55@127.0.0.1:{free_port()}")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert "refused" in done.stderr.lower()
    assert "pa55" not in done.stderr


def test_watching_goes_on_and_sees_what_changes(empty_server: RealServer, tmp_path: Path) -> None:
    fill(empty_server)
    command = [sys.executable, "-m", "exporter", "queues", "--watch", "--interval", "0.2", "--format", "json"]
    with subprocess.Popen([*command, empty_server.url], stdout=subprocess.PIPE, text=True) as watching:
        assert watching.stdout is not None
        try:
            first = json.loads(watching.stdout.readline())
            empty_server.client.delete("bull:mail:wait")
            waiting = [json.loads(watching.stdout.readline())[0]["jobs"]["waiting"] for _ in range(3)]
        finally:
            watching.kill()
    assert (first[0]["jobs"]["waiting"], waiting[-1]) == (2, 0)


def test_a_name_is_shown_as_it_is_and_obeyed_by_nobody(empty_server: RealServer, tmp_path: Path) -> None:
    empty_server.client.xadd("[red]x[/red]\x1b[2J", {"a": 1})
    empty_server.client.xgroup_create("[red]x[/red]\x1b[2J", ":smile:", id="0")
    done = vigil(tmp_path, "queues", empty_server.url)
    assert "[red]x[/red]?[2J" in done.stdout
    assert ":smile:" in done.stdout
    assert "\x1b" not in done.stdout


def test_an_age_that_is_not_known_yet_is_marked(empty_server: RealServer, tmp_path: Path) -> None:
    empty_server.client.sadd(
        "_kombu.binding.celery", "mail\x06\x16\x06\x16mail", "quiet\x06\x16\x06\x16quiet"
    )
    empty_server.client.lpush("mail", "{}")
    lines = [line.split() for line in vigil(tmp_path, "queues", empty_server.url).stdout.splitlines()]
    ages = {line[1]: line[3] for line in lines[1:]}
    assert ages == {"*": "-", "mail": ">=0s", "quiet": "0s"}


def test_a_small_screen_shows_what_needs_a_look() -> None:
    def report(name: str, waiting: int, orphaned: int = 0) -> QueueReport:
        known = KnownQueue(QueueId("bullmq", name.encode()), name, 0.0)
        return report_queue(known, Reading(jobs={State.WAITING: waiting}, orphaned=orphaned), 0.0, None)

    reports = [report("a", 1), report("b", 0), report("c", 5), report("d", 0, orphaned=1), report("e", 2)]
    assert [one.queue for one in fit_queues(reports, height=5)] == ["c", "d", "e"]
    assert fit_queues(reports, height=24) == reports


def test_what_holds_a_queue_back_and_who_adds_to_it_is_remarked() -> None:
    known = KnownQueue(QueueId("bullmq", b"bull:mail"), "mail", 0.0)
    jobs = {State.WAITING: 5, State.AGGREGATING: 2, State.RESERVED: 3, State.CANCELED: 0}
    reading = Reading(jobs=jobs, rate_limited_seconds=58.2, schedulers=4)
    console = Console(width=200, record=True, file=StringIO())
    console.print(show_queues([report_queue(known, reading, 0.0, None)], "a:6379"))
    (line,) = [line for line in console.export_text().splitlines() if line.startswith("bullmq")]
    assert line.split()[:7] == ["bullmq", "mail", "5", "-", "-", "2", "-"]
    assert line.endswith("rate limited for 58s, 3 reserved, 4 schedulers")
