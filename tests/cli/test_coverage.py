"""`redis-vigil health` says what it could check, and what not and why."""

import json
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from exporter.cli import looking
from exporter.rules.load import load_rule_files
from exporter.rules.model import AlertSpec
from exporter.shipped import shipped_rules
from tests.cli.in_process import run_command
from tests.conftest import StartServer
from tests.servers import RealServer, free_port


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "_BETWEEN_SAMPLES_SECONDS", 0.05)


def alerts() -> list[str]:
    files = load_rule_files(shipped_rules())
    rules = [rule for file in files for group in file.groups for rule in group.rules]
    return [rule.name for rule in rules if isinstance(rule, AlertSpec)]


def look(folder: Path, url: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(run_command(folder, "health", "--format", "json", url).stdout)
    return document


def test_every_rule_was_checked_or_was_not(empty_server: RealServer, tmp_path: Path) -> None:
    report = look(tmp_path, empty_server.url)
    not_checked = report["not_checked"]
    assert sorted([*report["checked"], *chain.from_iterable(not_checked.values())]) == sorted(alerts())
    assert report["checks"] == len(report["checked"])
    assert {"RedisDown", "RedisLoginFails", "RedisMemoryHigh"} <= set(report["checked"])
    assert "RedisEvictions" in not_checked["time"]
    assert "RedisHugeKey" in not_checked["scan"]
    assert "RedisSentinelNoQuorum" in not_checked["nothing"]
    assert "VigilStateFailing" in not_checked["daemon"]
    assert "refused" not in not_checked
    assert "down" not in not_checked


def test_the_table_says_so(empty_server: RealServer, tmp_path: Path) -> None:
    report = look(tmp_path, empty_server.url)
    shown = run_command(tmp_path, "health", empty_server.url).stdout
    assert f"is healthy ({report['checks']} of {len(alerts())} checks, in a look of " in shown
    number = len(report["not_checked"]["time"])
    assert f"\n  {number} compare minutes of samples: the daemon has them, a look has not\n" in shown


def test_what_the_server_refuses_was_not_checked(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server()
    server.client.execute_command("ACL", "SETUSER", "mon", "on", ">pw", "~*", "+@all", "-scan", "-slowlog")
    report = look(tmp_path, f"redis://mon:pw@{server.instance}")
    assert {"RedisQueueOverdueJobs", "RedisSlowlogOverflows"} <= set(report["not_checked"]["refused"])


def test_of_a_server_that_is_down_nothing_else_is_known(tmp_path: Path) -> None:
    report = look(tmp_path, f"redis://127.0.0.1:{free_port()}")
    assert "RedisDown" in report["checked"]
    assert "RedisMemoryHigh" in report["not_checked"]["down"]
    assert not {"nothing", "refused"} & set(report["not_checked"])
