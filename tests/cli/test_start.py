"""What a command costs before it does anything, and what it says before the daemon runs."""

import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from exporter.cli import demonstration, serving
from exporter.config.redis_exporter import VARIABLES
from exporter.reload import Plan
from exporter.web.server import bind
from tests.cli.in_process import run_command

# What the daemon is made of, and what takes long to import.
HEAVY = {"redis", "httpx", "starlette", "uvicorn", "jinja2", "yaml", "rich.console", "uvloop"}
OWN_HEAVY = {"exporter.config.main", "exporter.app", "exporter.store", "exporter.promql", "exporter.samplers"}
COMMANDS = ["run", "demo", "health", "queues", "scan", "slowlog", "dashboards"]
SUBCOMMANDS = [["check", one] for one in ("config", "rules", "alertmanager")]
SUBCOMMANDS += [["test", one] for one in ("rules", "route", "notify")]


@pytest.mark.parametrize(
    "arguments", [["--version"], ["--help"], *([one, "--help"] for one in COMMANDS)], ids=" ".join
)
def test_nothing_heavy_is_imported_for_help(tmp_path: Path, arguments: list[str]) -> None:
    code = (
        "import sys, json, atexit; sys.argv = ['redis-vigil', *json.loads(sys.argv[1])]; "
        "atexit.register(lambda: print(json.dumps(sorted(sys.modules)), file=sys.stderr)); "
        "from exporter.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps(arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0
    assert not (HEAVY | OWN_HEAVY) & set(json.loads(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize("arguments", [*([one] for one in COMMANDS), *SUBCOMMANDS], ids=" ".join)
def test_the_help_of_every_command(tmp_path: Path, arguments: list[str]) -> None:
    done = run_command(tmp_path, *arguments, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Usage: redis-vigil {' '.join(arguments)} [OPTIONS]")
    assert re.search(r"--\S+ <list\[", done.stdout) is None
    has_formats = arguments[0] in ("health", "queues", "scan", "slowlog")
    assert ("--format <table|json|csv>" in done.stdout) == has_formats


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["nosuch"], "no such command 'nosuch'; see redis-vigil --help"),
        (["run", "--nosuch"], "no such option: --nosuch; see redis-vigil run --help"),
        (["health"], "missing argument 'SERVER'; see redis-vigil health --help"),
        (["health", "a", "redis://:pa55@h"], "got unexpected extra argument(s) (redis://<secret>@h); see "),
        (["demo", "--seconds", "-1"], "invalid value for '--seconds': "),
        (["demo", "--first-outage", "-1"], "invalid value for '--first-outage': "),
        (["scan", "h", "--format", "xml"], "invalid value for '--format': "),
        (
            ["run", "--redis", "amqp://:pa55@h"],
            "the server's URL must begin with redis://, ",
        ),
        (["run", "--web.listen-address", "9121"], '"9121" is not a listen address: '),
        (["check", "config"], "invalid value: name a file, or ask for the --schema; see "),
    ],
)
def test_wrong_usage_is_one_line_in_one_style(tmp_path: Path, arguments: list[str], expected: str) -> None:
    done = run_command(tmp_path, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"redis-vigil: {expected}")
    assert done.stderr.count("\n") == 1


def test_shells_can_complete(tmp_path: Path) -> None:
    typed = {"COMP_WORDS": "redis-vigil sl", "COMP_CWORD": "1"}
    environment = {"_REDIS_VIGIL_COMPLETE": "complete_bash", **typed}
    assert run_command(tmp_path, environment=environment).stdout.split() == ["slowlog"]


@pytest.fixture
def taken() -> Iterator[int]:
    with closing(bind("127.0.0.1", 0)) as listener:
        listener.listen()
        yield int(listener.getsockname()[1])


def test_the_demo_finds_a_free_port(
    taken: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demonstration, "_PORT", taken)
    with closing(demonstration._listen_anywhere(Console(width=200))) as listener:
        port = listener.getsockname()[1]
    assert port != taken
    assert capsys.readouterr().out == f"Port {taken} is taken: the demo listens on port {port}.\n"


@pytest.mark.parametrize(
    ("arguments", "environment", "watched", "told"),
    [
        (
            [],
            {"REDIS_ADDR": "cache", "REDIS_PASSWORD": "hunter2"},
            "cache:6379",
            "REDIS_ADDR, REDIS_PASSWORD",
        ),
        ([], {"REDIS_ADDR": "redis://cache", "REDIS_URL": "redis://h"}, "h:6379", ""),
        (["--redis", "redis://h"], {"REDIS_ADDR": "redis://cache"}, "h:6379", ""),
        ([], {}, "localhost:6379", ""),
    ],
)
def test_redis_exporters_variables_are_taken_and_told_of_where_nothing_else_names_a_server(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    environment: dict[str, str],
    watched: str,
    told: str,
) -> None:
    plans: list[Plan] = []

    def pretend(plan: Any, load: Any, listener: socket.socket) -> None:
        """Nothing is to run here."""
        plans.append(plan)
        listener.close()

    for name in (*VARIABLES, "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(serving, "serve", pretend)
    done = run_command(
        tmp_path, "run", "--web.listen-address", "127.0.0.1:0", *arguments, environment=environment
    )
    assert [target.instance for target in plans[0].targets] == [watched]
    lines = [line for line in done.stderr.splitlines() if "redis_exporter" in line]
    assert [f'variables="{told}"' in line and f"servers={watched}" in line for line in lines] == [
        True
    ] * bool(told)
    assert "hunter2" not in done.stderr


def test_variables_of_redis_exporter_that_are_not_read_are_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "serve", lambda plan, load, listener: listener.close())
    environment = {"REDIS_ADDR": "redis://cache", "REDIS_EXPORTER_CHECK_KEYS": "a*"}
    done = run_command(tmp_path, "run", "--web.listen-address", "127.0.0.1:0", environment=environment)
    (line,) = [line for line in done.stderr.splitlines() if "level=warning" in line]
    assert "migrate redis_exporter" in line
    assert "variables=REDIS_EXPORTER_CHECK_KEYS" in line
