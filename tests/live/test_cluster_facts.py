"""What belongs to a cluster is told of the cluster: by the shipped rules, on a real one of three nodes."""

import json
import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from exporter.sampling.slots import slot_of
from tests.conftest import StartServer
from tests.live.daemon import Daemon, wait_until
from tests.live.receivers import Hook, http_hook
from tests.servers import RealServer

RULES = Path(__file__).parents[2] / "rules"
SLOTS = ((0, 5460), (5461, 10922), (10923, 16383))
CONFIG = """
global: {{sample_interval: 500ms, sample_timeout: 400ms, evaluation_interval: 500ms}}
rule_files: ["rules/*.yml"]
alerting: {{config_file: alertmanager.yml}}
discovery: {{cluster: [{{urls: ['{seed}'], name: shop, refresh_interval: 1s}}]}}
samplers:
  queues:
    index_interval: 1s
    lists:
      - {{key: "queue:{{name}}:{{priority}}"}}
      - {{key: "queue:dlq:{{name}}", state: dead}}
    workers: [{{key: "worker:status:{{id}}", heartbeat: lastPing}}]
"""
ROUTING = """
route: {{receiver: hook, group_by: ['...'], group_wait: 0s, group_interval: 1s}}
receivers: [{{name: hook, webhook_configs: [{{url: '{url}', send_resolved: true}}]}}]
"""


def start_cluster(start_server: StartServer) -> Sequence[RealServer]:
    options = ("--cluster-enabled", "yes", "--cluster-require-full-coverage", "no")
    nodes = [start_server(*options) for _ in SLOTS]
    for epoch, (node, slots) in enumerate(zip(nodes, SLOTS, strict=True), 1):
        node.command("CLUSTER", "SET-CONFIG-EPOCH", epoch)
        node.command("CLUSTER", "ADDSLOTSRANGE", *slots)
    for node in nodes[1:]:
        nodes[0].command("CLUSTER", "MEET", "127.0.0.1", node.port)
    wait_until(
        lambda: all(_is_whole(node.client.cluster("info")) for node in nodes),
        30.0,
        "all nodes know each other",
    )
    return nodes


def _is_whole(info: dict[str, str]) -> bool:
    return info["cluster_state"] == "ok" and info["cluster_slots_ok"] == "16384"


def owner(nodes: Sequence[RealServer], key: str) -> RealServer:
    slot = slot_of(key.encode())
    return next(node for node, (first, last) in zip(nodes, SLOTS, strict=True) if first <= slot <= last)


def a_queue_on_all_nodes(nodes: Sequence[RealServer]) -> str:
    """A name whose priorities 0, 1 and 2 are lists on three different nodes."""
    return next(
        name
        for name in (f"work{number}" for number in range(1000))
        if len({owner(nodes, f"queue:{name}:{priority}").port for priority in range(3)}) == 3
    )


@pytest.fixture
def patient_for_seconds(tmp_path: Path) -> None:
    """The shipped rules about queues and servers, patient for seconds instead of minutes."""
    (tmp_path / "rules").mkdir()
    for name in ("queues.yml", "availability.yml"):
        text = re.sub(r"for: \d+[ms]\b", "for: 2s", (RULES / name).read_text())
        (tmp_path / "rules" / name).write_text(text)


def told(hook: Hook, status: str) -> list[tuple[str, dict[str, str]]]:
    """Name and labels of every alert that was told so."""
    return [
        (alert["labels"].pop("alertname"), alert["labels"])
        for body in hook.bodies
        for alert in json.loads(json.dumps(body))["alerts"]
        if alert["status"] == status
    ]


def names(alerts: Sequence[tuple[str, dict[str, str]]]) -> list[str]:
    return sorted(name for name, _ in alerts)


@pytest.mark.usefixtures("patient_for_seconds")
def test_a_queue_that_is_spread_over_nodes_is_one(tmp_path: Path, start_server: StartServer) -> None:
    nodes = start_cluster(start_server)
    name = a_queue_on_all_nodes(nodes)
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    for priority in range(3):
        key = f"queue:{name}:{priority}"
        owner(nodes, key).client.rpush(key, *[json.dumps({"job": number}) for number in range(452)])
        worker = f"worker:status:{priority}"
        owner(nodes, worker).client.hset(worker, "lastPing", soon)
    with http_hook() as hook:
        (tmp_path / "config.yml").write_text(CONFIG.format(seed=nodes[0].url))
        (tmp_path / "alertmanager.yml").write_text(ROUTING.format(url=hook.url))
        with Daemon(tmp_path, "--config", str(tmp_path / "config.yml")):
            wait_until(
                lambda: "RedisQueueBacklog" in names(told(hook, "firing")), 30.0, "the backlog is told"
            )
            ((_, labels),) = [one for one in told(hook, "firing") if one[0] == "RedisQueueBacklog"]
            assert labels == {
                "cluster": "shop",
                "framework": "list",
                "job": "redis",
                "queue": name,
                "severity": "warning",
            }
            # A node is gone: the other two hold less than the threshold, and nothing has become better.
            lost = owner(nodes, f"queue:{name}:2")
            lost.kill()
            wait_until(lambda: "RedisDown" in names(told(hook, "firing")), 15.0, "the node's end is told")
            time.sleep(4.0)
            assert told(hook, "resolved") == []
            # It comes back without its jobs.
            lost.start()
            wait_until(lambda: len(told(hook, "resolved")) >= 2, 20.0, "both are over")
            assert names(told(hook, "resolved")) == ["RedisDown", "RedisQueueBacklog"]
            # Three workers, on whatever nodes, work on the lists of all.
            assert set(names(told(hook, "firing"))) <= {"RedisDown", "RedisQueueBacklog", "RedisRestarted"}
