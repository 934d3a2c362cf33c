"""Commands as people type them: what they print, where, and the exit status."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.in_process import run_command

GOOD_RULE = "groups: [{name: a, rules: [{alert: Down, expr: redis_up == 0}]}]\n"
GOOD_ROUTES = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"
GOOD_CONFIG = "targets: [{url: 'redis://h'}]\nrule_files: [rules.yml]\nalerting: {config_file: am.yml}\n"


def vigil(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder."""
    return subprocess.run(
        [sys.executable, "-m", "exporter", *arguments],
        cwd=folder,
        text=True,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Holds one good file of each kind."""
    for name, text in (("rules.yml", GOOD_RULE), ("am.yml", GOOD_ROUTES), ("config.yml", GOOD_CONFIG)):
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["check", "config", "config.yml"], "config.yml: good, 1 target, 1 rule\n"),
        (["check", "rules", "rules.yml"], "rules.yml: good, 1 rule\n"),
        (["check", "alertmanager", "am.yml"], "am.yml: good, 1 receiver\n"),
    ],
)
def test_good_files(folder: Path, arguments: list[str], expected: str) -> None:
    done = vigil(folder, *arguments)
    assert (done.returncode, done.stdout, done.stderr) == (0, expected, "")


# Each: a file, what it holds, the command, and what standard error must be, line by line.
BAD = {
    "malformed YAML": (
        "config.yml",
        "targets: [",
        ["check", "config", "config.yml"],
        ["config.yml:2:1: not valid YAML: while parsing a flow node, did not find expected node content"],
    ),
    "unknown key": (
        "config.yml",
        "taregts: []",
        ["run", "--config", "config.yml"],
        ['config.yml:1:1: taregts: unknown key, did you mean "targets"?'],
    ),
    "bad URL": (
        "config.yml",
        "targets: [{url: 'amqp://h'}]",
        ["run", "--config", "config.yml"],
        [
            "config.yml:1:17: targets[0].url: must begin with redis://, rediss:// (TLS), valkey://, "
            "valkeys:// or unix://"
        ],
    ),
    "unreadable secret": (
        "config.yml",
        "targets: [{url: 'redis://h', password_file: nosuch}]",
        ["run", "--config", "config.yml"],
        [
            "config.yml:1:45: targets[0].password_file: nosuch cannot be read: no such file or directory",
        ],
    ),
    "problems of several files": (
        "am.yml",
        "route: {receiver: ops}\nreceivers: []\n",
        ["check", "config", "config.yml"],
        ['am.yml:1:19: route.receiver: there is no receiver "ops"'],
    ),
}


@pytest.mark.parametrize(("name", "text", "arguments", "expected"), BAD.values(), ids=BAD.keys())
def test_each_mistake_is_one_line_and_status_1(
    folder: Path, name: str, text: str, arguments: list[str], expected: list[str]
) -> None:
    (folder / name).write_text(text)
    done = vigil(folder, *arguments)
    assert done.stderr.splitlines() == expected
    assert (done.returncode, done.stdout) == (1, "")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("groups: [{name: a, rules: [{alert: A, expr: 'nosuch(redis_up)'}]}]", "nosuch"),
        (
            "groups: [{name: a, rules: [{alert: A, expr: up, annotations: {summary: '{{ .Oops'}}]}]",
            "summary",
        ),
        ("groups: [{name: a, rules: [{alert: A, expr: 'rate(redis_up)'}]}]", "range vector"),
        ("groups: [{name: a, rules: [{alert: A, record: b, expr: up}]}]", "alert"),
    ],
    ids=["unknown function", "template", "type", "both"],
)
def test_bad_rules_name_their_place(folder: Path, text: str, word: str) -> None:
    (folder / "rules.yml").write_text(text)
    done = vigil(folder, "check", "rules", "rules.yml")
    (line,) = done.stderr.splitlines()
    assert line.startswith("rules.yml:1:")
    assert word in line
    assert done.returncode == 1


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["nosuch"], "nosuch"),
        (["run", "--nosuch"], "--nosuch"),
        (["run", "--redis", "amqp://:pa55@h"], "must begin with redis://"),
        (["check", "config"], "name a file"),
        (["--log.level", "loud", "run"], "debug, info, warning, error"),
        (["run", "--web.listen-address", "9121"], "listen address"),
    ],
)
def test_wrong_usage_is_status_2(folder: Path, arguments: list[str], word: str) -> None:
    done = vigil(folder, *arguments)
    assert done.returncode == 2
    assert word in done.stderr
    assert "Traceback" not in done.stderr
    assert "pa55" not in done.stderr


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_port_in_use_is_said_in_one_line(folder: Path, taken_port: int) -> None:
    done = vigil(folder, "run", "--web.listen-address", f"127.0.0.1:{taken_port}")
    (line,) = done.stderr.splitlines()
    assert f"cannot listen on 127.0.0.1:{taken_port}: Address already in use" in line
    assert "web.listen_address" in line
    assert done.returncode == 1


def test_the_schema_is_json(folder: Path) -> None:
    done = vigil(folder, "check", "config", "--schema")
    assert done.returncode == 0
    assert json.loads(done.stdout)["properties"]["targets"]["type"] == "array"


def test_help_and_version(folder: Path) -> None:
    assert vigil(folder, "--version").stdout.startswith("redis-vigil ")
    for command in ([], ["run"], ["demo"], ["check"], ["check", "config"]):
        done = vigil(folder, *command, "--help")
        assert done.returncode == 0
        assert done.stdout.startswith("Usage: ")


def test_examples_in_the_help_stand_on_lines_of_their_own(tmp_path: Path) -> None:
    for command in (("init",), ("migrate", "redis_exporter")):
        told = run_command(tmp_path, *command, "--help").stdout
        lines = [line for line in told.splitlines() if line.startswith(f"  redis-vigil {' '.join(command)} ")]
        assert len(lines) == 2
        assert "\\b" not in told
