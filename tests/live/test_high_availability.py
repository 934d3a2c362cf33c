"""Two daemons watch the same servers and forward to a cluster of two Alertmanagers: one message each."""

import json
import subprocess
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import StartServer
from tests.live.daemon import Daemon, wait_until
from tests.live.receivers import Hook, http_hook
from tests.peers import require_program
from tests.servers import RealServer, free_port

RULES = """
groups:
  - name: servers
    rules: [{alert: Down, expr: redis_up == 0, labels: {severity: critical}}]
"""
# A second message would come after the time that one member waits for the other.
PEER_SECONDS = 2
QUIET_SECONDS = 8.0


@dataclass(slots=True)
class Member:
    """One Alertmanager of the cluster."""

    url: str
    process: "subprocess.Popen[bytes]"


@contextmanager
def cluster(directory: Path, hook: Hook) -> Iterator[list[Member]]:
    """Two real Alertmanagers that know each other."""
    config = directory / "alertmanager.yml"
    config.write_text(f"""
route: {{receiver: hook, group_by: [alertname, instance], group_wait: 1s, group_interval: 2s}}
receivers: [{{name: hook, webhook_configs: [{{url: '{hook.url}'}}]}}]
""")
    ports, gossip = [free_port(), free_port()], [free_port(), free_port()]
    with ExitStack() as stack:
        members = [
            Member(
                f"http://127.0.0.1:{port}", stack.enter_context(member(directory, config, port, own, gossip))
            )
            for port, own in zip(ports, gossip, strict=True)
        ]
        yield members


@contextmanager
def member(
    directory: Path, config: Path, port: int, own: int, gossip: list[int]
) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(
        [
            str(require_program("prometheus-alertmanager")),
            f"--config.file={config}",
            f"--storage.path={directory / f'alertmanager-{port}'}",
            f"--web.listen-address=127.0.0.1:{port}",
            f"--cluster.listen-address=127.0.0.1:{own}",
            f"--cluster.advertise-address=127.0.0.1:{own}",
            *(f"--cluster.peer=127.0.0.1:{other}" for other in gossip if other != own),
            f"--cluster.peer-timeout={PEER_SECONDS}s",
            "--cluster.gossip-interval=100ms",
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def replica(directory: Path, name: str, servers: list[RealServer], members: list[Member]) -> Daemon:
    """One of the daemons; they differ in a label only, which alerts do not have."""
    place = directory / name
    place.mkdir()
    (place / "rules.yml").write_text(RULES)
    targets = "\n".join(
        f"  - {{url: '{server.url}', instance: cache-{at}}}" for at, server in enumerate(servers)
    )
    (place / "config.yml").write_text(f"""
global:
  sample_interval: 1s
  sample_timeout: 1s
  evaluation_interval: 1s
  external_labels: {{site: a, replica: {name}}}
targets:
{targets}
rule_files: [rules.yml]
alerting:
  alertmanagers: [{", ".join(f"'{one.url}'" for one in members)}]
  alert_relabel_configs: [{{action: labeldrop, regex: replica}}]
""")
    return Daemon(place, "--config", str(place / "config.yml"))


def told(hook: Hook) -> Counter[tuple[str, str]]:
    """How often each state of each server was told of; nobody says which replica saw it."""
    alerts = [alert for body in list(hook.bodies) for alert in body["alerts"]]
    assert all(alert["labels"].get("site") == "a" for alert in alerts)
    assert not any("replica" in alert["labels"] for alert in alerts)
    return Counter((alert["status"], alert["labels"]["instance"]) for alert in alerts)


@pytest.mark.peers("prometheus-alertmanager")
def test_each_fault_is_told_once_whoever_of_the_two_dies(tmp_path: Path, start_server: StartServer) -> None:
    servers = [start_server(), start_server(), start_server()]
    with http_hook() as hook, cluster(tmp_path, hook) as members, ExitStack() as stack:
        wait_until(lambda: cluster_size(members[0]) == 2, 30, "the Alertmanagers have found each other")
        first, second = (replica(tmp_path, name, servers, members) for name in ("one", "two"))
        stack.enter_context(first)
        stack.enter_context(second)

        def once(change: Callable[[], object], *wanted: tuple[str, str]) -> None:
            change()
            wait_until(lambda: set(wanted) <= told(hook).keys(), 60, f"{wanted} told")
            time.sleep(QUIET_SECONDS)
            assert all(count == 1 for count in told(hook).values()), told(hook)

        once(servers[0].kill, ("firing", "cache-0"))
        first.kill()
        once(servers[1].kill, ("firing", "cache-1"))
        members[0].process.kill()
        members[0].process.wait()
        once(servers[2].kill, ("firing", "cache-2"))
        once(servers[0].start, ("resolved", "cache-0"))
        assert set(told(hook)) == {("firing", f"cache-{at}") for at in range(3)} | {("resolved", "cache-0")}


def cluster_size(member: Member) -> int:
    try:
        with urllib.request.urlopen(f"{member.url}/api/v2/status", timeout=5) as response:
            return len(json.loads(response.read())["cluster"]["peers"])
    except OSError:
        return 0
