"""What is told at a start, and after a reload: nothing about servers that only have not been sampled yet."""

import json
import time
from pathlib import Path
from typing import Any

import yaml

from tests.conftest import StartServer
from tests.live.daemon import Daemon, wait_until
from tests.live.receivers import Hook, http_hook
from tests.servers import RealServer

RULES = [
    {"alert": "Missing", "expr": 'absent(redis_up{instance="late"})'},
    {"alert": "TooFew", "expr": "count(redis_up) < 2"},
    {"alert": "NoSlowlog", "expr": 'absent(redis_slowlog_length{instance="late"})'},
    {"alert": "Canary", "expr": 'redis_up{instance="gone"} == 0'},
]


def write_files(directory: Path, hook: Hook, config: dict[str, Any], *, hang_seconds: int = 3) -> None:
    """A daemon on rules that count servers; messages go to the hook at once."""
    times = {"sample_interval": f"{hang_seconds + 3}s", "evaluation_interval": "1s"}
    times["sample_timeout"] = f"{hang_seconds + 2}s"
    rules = {"groups": [{"name": "start", "interval": "1s", "rules": RULES}]}
    route = {"receiver": "hook", "group_by": ["..."], "group_wait": "0s", "group_interval": "1s"}
    hooks = [{"url": hook.url, "send_resolved": True}]
    routing = {"route": route, "receivers": [{"name": "hook", "webhook_configs": hooks}]}
    daemon = {"global": times, "rule_files": ["rules.yml"], "alerting": {"config_file": "alertmanager.yml"}}
    for name, content in (("rules", rules), ("alertmanager", routing), ("config", {**daemon, **config})):
        (directory / f"{name}.yml").write_text(yaml.safe_dump(content))


def hang(server: RealServer, seconds: int) -> None:
    """Let the server answer nobody for a while."""
    connection = server.client.connection_pool.get_connection()
    connection.send_command("DEBUG", "SLEEP", str(seconds))


def told(hook: Hook) -> set[str]:
    """The names of all alerts in all messages."""
    return {alert["labels"]["alertname"] for body in hook.bodies for alert in body["alerts"]}


GONE = {"url": "redis://127.0.0.1:1", "instance": "gone"}


def test_nobody_is_told_that_a_server_is_missing_that_answers_late(
    tmp_path: Path, start_server: StartServer
) -> None:
    prompt, late = start_server(), start_server("--enable-debug-command", "yes")
    targets = [{"url": prompt.url, "instance": "prompt"}, {"url": late.url, "instance": "late"}, GONE]
    with http_hook() as hook:
        write_files(tmp_path, hook, {"targets": targets})
        hang(late, 3)
        with Daemon(tmp_path, "--config", "config.yml") as daemon:
            # A server that is down from the start is told none the less.
            wait_until(lambda: "Canary" in told(hook), 30, "the dead server is told")
            time.sleep(3)
            assert told(hook) == {"Canary"}
            assert json.loads(daemon.text("/api/v1/query?query=count(redis_up)"))["data"]["result"]


def test_nobody_is_told_that_a_server_is_missing_that_is_still_to_be_discovered(
    tmp_path: Path, start_server: StartServer
) -> None:
    late = start_server("--enable-debug-command", "yes")
    targets = [{"targets": [late.url.removeprefix("redis://")], "labels": {"instance": "late"}}]
    (tmp_path / "found.yml").write_text(yaml.safe_dump(targets))
    with http_hook() as hook:
        discovery = {"file": [{"files": ["found.yml"]}]}
        write_files(tmp_path, hook, {"targets": [GONE], "discovery": discovery})
        hang(late, 3)
        with Daemon(tmp_path, "--config", "config.yml"):
            wait_until(lambda: "Canary" in told(hook), 30, "the dead server is told")
            time.sleep(3)
            assert told(hook) == {"Canary"}


def test_nobody_is_told_that_a_server_is_missing_that_a_reload_has_added(
    tmp_path: Path, start_server: StartServer
) -> None:
    prompt, late = start_server(), start_server("--enable-debug-command", "yes")
    targets = [{"url": prompt.url, "instance": "prompt"}]
    with http_hook() as hook:
        write_files(tmp_path, hook, {"targets": targets, "rule_files": []})
        with Daemon(tmp_path, "--config", "config.yml") as daemon:
            write_files(tmp_path, hook, {"targets": [*targets, {"url": late.url, "instance": "late"}, GONE]})
            hang(late, 3)
            assert daemon.get("/-/reload", method="POST").status == 200
            wait_until(lambda: "Canary" in told(hook), 30, "the dead server is told")
            time.sleep(3)
            assert told(hook) == {"Canary"}
