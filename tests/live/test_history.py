"""What a daemon has sampled is there after it was killed: the same values, in queries and in rules."""

import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.live.daemon import Daemon, wait_until
from tests.servers import RealServer

CONFIG = """
global: {{sample_interval: 1s, evaluation_interval: 1s}}
targets: [{{url: "redis://127.0.0.1:{port}", instance: cache}}]
rule_files: [rules.yml]
storage: {{path: state{storage}}}
"""
RULES = """
groups:
- name: one
  rules:
  - {record: "processed:rate", expr: "rate(redis_commands_processed_total[10m])"}
  - {record: "processed:since", expr: "count_over_time(redis_commands_processed_total[10m])"}
"""
# Of a series that no rule reads.
PLAIN = "redis_memory_used_bytes"


def write_files(directory: Path, port: int, storage: str = "") -> None:
    (directory / "config.yml").write_text(CONFIG.format(port=port, storage=storage))
    (directory / "rules.yml").write_text(RULES)


def points(daemon: Daemon, expression: str) -> dict[float, str]:
    """The samples of the one series that an expression returns, by time."""
    found: list[Any] = json.loads(daemon.text("/api/v1/query?" + urlencode({"query": expression})))["data"][
        "result"
    ]
    assert len(found) <= 1, found
    return {at: value for one in found for at, value in one["values"]}


@pytest.mark.parametrize("how", ["kill", "stop"])
def test_a_restart_leaves_no_hole(tmp_path: Path, server: RealServer, how: str) -> None:
    write_files(tmp_path, server.port)
    names = [PLAIN, "redis_commands_processed_total", "redis_up", "redis_vigil_store_series"]
    with Daemon(tmp_path, "--config", "config.yml") as daemon:
        before: dict[str, dict[float, str]] = {}

        def has_some() -> bool:
            before.update({name: points(daemon, f"{name}[10m]") for name in names})
            return all(len(one) >= 5 for one in before.values())

        wait_until(has_some, 60, "there are samples")
        # What is a second old is on disk.
        time.sleep(1.5)
        ended_at = time.time()
        daemon.kill() if how == "kill" else daemon.stop()
        daemon.start()
        wait_until(lambda: points(daemon, "redis_up[5s]"), 60, "the server is sampled again")
        for name in names:
            after = points(daemon, f"{name}[10m]")
            assert before[name].items() <= after.items(), name
            assert max(after) > ended_at, name
        # A rule that looks back sees both sides, from its first evaluation on.
        counts = points(daemon, "processed:since[10m]")
        first = counts[min(at for at in counts if at > ended_at)]
        assert int(first) > len(before["redis_commands_processed_total"])
    assert "level=error" not in daemon.log


def test_without_a_history_only_what_rules_read_is_kept(tmp_path: Path, server: RealServer) -> None:
    write_files(tmp_path, server.port, ", history: 0")
    with Daemon(tmp_path, "--config", "config.yml") as daemon:
        wait_until(lambda: len(points(daemon, f"{PLAIN}[10m]")) >= 3, 60, "there are samples")
        before = points(daemon, "redis_commands_processed_total[10m]")
        time.sleep(1.5)
        ended_at = time.time()
        daemon.kill()
        daemon.start()
        wait_until(lambda: points(daemon, "redis_up[5s]"), 60, "the server is sampled again")
        assert before.items() <= points(daemon, "redis_commands_processed_total[10m]").items()
        assert all(at > ended_at for at in points(daemon, f"{PLAIN}[10m]"))
    assert not list((tmp_path / "state").glob("history-*"))


def test_a_second_daemon_on_the_directory_ends_with_one_line(tmp_path: Path, server: RealServer) -> None:
    write_files(tmp_path, server.port)
    with Daemon(tmp_path, "--config", "config.yml") as daemon:
        second = tmp_path / "second"
        second.mkdir()
        other = Daemon(second, "--config", str(tmp_path / "config.yml"))
        with pytest.raises(AssertionError, match="is used by another redis-vigil"):
            other.start()
        assert "Traceback" not in other.log
        assert points(daemon, "redis_up[10m]")
