"""What commands print: one style, for people, programs and files alike, and nothing that a terminal obeys."""

import csv
import io
import json
import os
import pty
import select
import subprocess
import sys
from pathlib import Path

import pytest

from exporter.cli import looking
from exporter.cli.output import csv_text
from exporter.model.printable import escaped_json
from tests.cli.in_process import run_command
from tests.conftest import StartServer
from tests.servers import RealServer

HOSTILE = "bull:a\x1b[2J\x1b]0;PWNED\x07\x9b2Jb\nc"
COMMANDS = ("queues", "scan", "slowlog", "health")


@pytest.fixture
def hostile(empty_server: RealServer, monkeypatch: pytest.MonkeyPatch) -> RealServer:
    """A server on which everything that has a name has a nasty one."""
    monkeypatch.setattr(looking, "_BETWEEN_SAMPLES_SECONDS", 0.05)
    client = empty_server.client
    client.hset(f"{HOSTILE}:meta", mapping={"version": "bullmq:5"})
    client.lpush(f"{HOSTILE}:wait", "1")
    client.xadd(HOSTILE, {"a": 1})
    client.xgroup_create(HOSTILE, HOSTILE, id="0")
    client.config_set("slowlog-log-slower-than", 0)
    client.hgetall(f"{HOSTILE}:meta")
    client.execute_command("EVAL", f"--{HOSTILE.splitlines()[0]}\nreturn 1", 0)
    client.config_set("slowlog-log-slower-than", -1)
    return empty_server


@pytest.mark.parametrize("output", ["table", "json", "csv"])
@pytest.mark.parametrize("command", COMMANDS)
def test_every_format_of_every_command(
    hostile: RealServer, tmp_path: Path, command: str, output: str
) -> None:
    done = run_command(tmp_path, command, "--format", output, hostile.url)
    assert done.returncode in (0, 1)
    printed = done.stdout + done.stderr
    assert done.stdout
    assert [char for char in printed if not char.isprintable() and char != "\n"] == []
    if output == "json":
        json.loads(done.stdout)
    if output == "csv":
        head, *rows = csv.reader(io.StringIO(done.stdout))
        assert rows
        assert {len(row) for row in rows} == {len(head)}


def test_json_says_the_same_with_escapes() -> None:
    text = json.dumps({"a\x9b\x7f": "\u202e\x85\u2028ü"}, ensure_ascii=False)
    safe = escaped_json(text)
    assert safe == '{"a\\u009b\\u007f": "\\u202e\\u0085\\u2028ü"}'
    assert json.loads(safe) == json.loads(text)


def test_unknown_values_are_empty_in_csv() -> None:
    assert csv_text(("a", "b"), [("x,\x1b", None)]) == 'a,b\n"x,?",\n'


def on_a_terminal(folder: Path, *arguments: str, **environment: str) -> str:
    """What the command writes on a terminal."""
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "exporter", *arguments]
    with subprocess.Popen(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=follower,
        stderr=follower,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "120", **environment},
    ):
        os.close(follower)
        written = b""
        while select.select([leader], [], [], 60)[0]:
            try:
                written += os.read(leader, 65536)
            except OSError:
                break
    os.close(leader)
    return written.decode()


def test_no_colour_where_none_is_wanted(empty_server: RealServer, tmp_path: Path) -> None:
    coloured = on_a_terminal(tmp_path, "queues", empty_server.url)
    empty_server.client.hset("bull:mail:meta", mapping={"version": "bullmq:5"})
    table = on_a_terminal(tmp_path, "queues", empty_server.url)
    plain = on_a_terminal(tmp_path, "queues", empty_server.url, NO_COLOR="1")
    # A sentence has no colour in it; the head of a table is bold.
    assert coloured == f"no queues found on {empty_server.instance}\r\n"
    assert table.startswith("\x1b[1m")
    assert "\x1b" not in plain
    assert "mail" in plain


def test_colour_is_for_the_word_alone(
    empty_server: RealServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "_BETWEEN_SAMPLES_SECONDS", 0.05)
    done = run_command(
        tmp_path, "health", empty_server.url, environment={"FORCE_COLOR": "1", "TERM": "xterm-256color"}
    )
    first, _, _ = done.stdout.partition("\n")
    before, word, after = first.split("\x1b[")[0], first.split("\x1b[")[1], first.split("\x1b[0m")[1]
    assert before == f"{empty_server.instance} is "
    assert word.startswith("1;3")
    assert after.startswith(" (")
    assert "\x1b" not in after


@pytest.mark.parametrize("database", ["", "/0", "/3"])
def test_a_database_in_the_url_is_the_only_one(
    empty_server: RealServer, tmp_path: Path, database: str
) -> None:
    for number, name in ((0, "zero"), (3, "three")):
        empty_server.client.execute_command("SELECT", number)
        empty_server.client.hset(f"bull:{name}:meta", mapping={"version": "bullmq:5"})
    empty_server.client.execute_command("SELECT", 0)
    wanted = {"": {"zero", "three"}, "/0": {"zero"}, "/3": {"three"}}[database]
    done = run_command(tmp_path, "queues", "--format", "json", empty_server.url + database)
    assert {queue["queue"] for queue in json.loads(done.stdout)} == wanted
    done = run_command(tmp_path, "scan", "--format", "json", empty_server.url + database)
    patterns = {pattern["pattern"] for pattern in json.loads(done.stdout)["patterns"]}
    assert patterns == {f"bull:{name}:meta" for name in wanted}
    if database:
        empty_server.client.flushall()
        done = run_command(tmp_path, "queues", empty_server.url + database)
        assert done.stdout == f"no queues found on {empty_server.instance}, database {database[1:]}\n"


@pytest.mark.parametrize(
    ("refused", "words"),
    [
        ("scan", "not all keys could be looked through: NOPERM"),
        ("select", "other databases (3) cannot be looked into: NOPERM"),
        ("info", "which databases hold keys is not known: NOPERM"),
    ],
)
def test_where_nobody_could_look_nothing_is_said_to_be_missing(
    start_server: StartServer, tmp_path: Path, refused: str, words: str
) -> None:
    server = start_server()
    server.client.execute_command("SELECT", 3)
    server.client.set("a", 1)
    server.client.execute_command("ACL", "SETUSER", "mon", "on", ">pw", "~*", "+@all", f"-{refused}")
    url = f"redis://mon:pw@{server.instance}"
    for arguments in (["--format", "json"], [], ["--suggest"]):
        done = run_command(tmp_path, "queues", *arguments, url)
        assert (done.returncode, done.stdout) == (1, "")
        assert words in done.stderr
        assert done.stderr.count("\n") == 1
    # What was found is shown, and that there may be more.
    if refused != "scan":
        server.client.execute_command("SELECT", 0)
        server.client.hset("bull:mail:meta", mapping={"version": "bullmq:5"})
        done = run_command(tmp_path, "queues", url)
        assert (done.returncode, "mail" in done.stdout) == (0, True)
        assert done.stderr.startswith(f"redis-vigil: {words}")


@pytest.mark.parametrize(
    "command",
    [
        ("check", "rules", "rules.yml"),
        ("check", "config", "config.yml"),
        ("check", "alertmanager", "am.yml"),
        ("test", "route", "--config.file", "am.yml", f"team={HOSTILE}"),
        ("test", "rules", "test.yml"),
        ("slowlog", f"redis://{HOSTILE}"),
        ("scan", "127.0.0.1:1", "--config", HOSTILE),
    ],
)
def test_nothing_of_a_file_or_an_argument_is_obeyed(command: tuple[str, ...], tmp_path: Path) -> None:
    name = json.dumps(f"{HOSTILE}\u202e")
    (tmp_path / "rules.yml").write_text(
        f"groups: [{{name: {name}, rules: [{{alert: {name}, expr: {name}, labels: {{a: {name}}}}}]}}]"
    )
    (tmp_path / "config.yml").write_text(f"targets: [{{url: redis://h, {name}: 1, instance: {name}}}]")
    (tmp_path / "am.yml").write_text(
        f"{{route: {{receiver: {name}, routes: [{{receiver: {name}, matchers: [team=b]}}]}},"
        f" receivers: [{{name: {name}}}], templates: [{name}]}}"
    )
    (tmp_path / "test.yml").write_text(f"{{rule_files: [{name}], tests: [{{name: {name}}}], {name}: 1}}")
    done = run_command(tmp_path, *command)
    said = done.stdout + done.stderr
    assert said
    assert all(line.isprintable() for line in said.split("\n"))
