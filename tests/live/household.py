"""Servers that redis_exporter, Prometheus and Alertmanager watch, and what goes wrong with them."""

import json
import subprocess
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from tests.live.daemon import wait_until
from tests.live.receivers import Hook
from tests.peers import require_program
from tests.servers import RealServer, free_port

PASSWORD: Final = "cache-2-pa55"
RULES: Final = """
groups:
  - name: redis
    rules:
      - alert: RedisDown
        expr: redis_up{job="redis"} == 0
        for: 1s
        labels: {severity: critical}
        annotations: {summary: "{{ $labels.instance }} does not answer"}
      - alert: RedisOutOfConfiguredMaxmemory
        expr: >-
          redis_memory_used_bytes{job="redis"} / (redis_memory_max_bytes{job="redis"} > 0) * 100 > 90
        labels: {severity: warning}
        annotations: {summary: "{{ $labels.instance }} has no memory left"}
      - alert: RedisReplicationBroken
        expr: redis_master_link_up{job="redis"} == 0
        labels: {severity: critical}
        annotations: {summary: "{{ $labels.instance }} lost its primary"}
  - name: others
    rules:
      - {alert: NodeGone, expr: 'absent(node_load1) and on() vector(0) > 0'}
      - {alert: DiskFull, expr: 'node_filesystem_avail_bytes < 1e9'}
"""
_PROMETHEUS: Final = """
global:
  {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s, external_labels: {{cluster: shop}}}}
rule_files: [rules/*.yml]
alerting:
  alertmanagers: [{{static_configs: [{{targets: ['127.0.0.1:{alertmanager}']}}]}}]
scrape_configs:
  - job_name: prometheus
    static_configs: [{{targets: ['127.0.0.1:{exporter}']}}]
  - job_name: redis
    metrics_path: /scrape
    static_configs:
{groups}
    relabel_configs:
      - {{source_labels: [__address__], target_label: __param_target}}
      - {{source_labels: [called], target_label: instance}}
      - {{regex: called, action: labeldrop}}
      - {{target_label: __address__, replacement: '127.0.0.1:{exporter}'}}
"""
_GROUP: Final = "      - {{targets: ['{url}'], labels: {{called: {name}, env: prod}}}}"
_ALERTMANAGER: Final = """
route: {{receiver: hook, group_by: ['...'], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}}
receivers: [{{name: hook, webhook_configs: [{{url: '{hook}', send_resolved: true}}]}}]
"""

Alert = tuple[tuple[str, str], ...]
"""The labels and the summary of an alert, sorted."""


@dataclass(slots=True)
class Household:
    """Four servers: one to be killed, one to be filled, and a primary with the replica that loses it."""

    frail: RealServer
    small: RealServer
    primary: RealServer
    replica: RealServer

    @classmethod
    @contextmanager
    def at(cls, directory: Path) -> Iterator[Self]:
        """The servers, started."""
        program = require_program("redis-server")
        with ExitStack() as stack:

            def start(name: str, *arguments: str) -> RealServer:
                return stack.enter_context(RealServer(program, directory / name, *arguments))

            primary = start("primary")
            primary.command("ACL", "SETUSER", "replica", "on", ">pw", "+psync", "+replconf", "+ping")
            link = (
                "--replicaof",
                f"127.0.0.1 {primary.port}",
                "--masteruser",
                "replica",
                "--masterauth",
                "pw",
            )
            household = cls(
                start("frail"), start("small", "--requirepass", PASSWORD), primary, start("replica", *link)
            )
            household._wait_for_link("up")
            yield household

    @property
    def servers(self) -> dict[str, RealServer]:
        """All by the names that Prometheus knows them by."""
        return {
            "cache-1": self.frail,
            "cache-2": self.small,
            "sessions-1": self.primary,
            "sessions-2": self.replica,
        }

    def suffer(self) -> None:
        """All three failures."""
        self.frail.kill()
        self.small.command("CONFIG", "SET", "maxmemory", "1mb")
        self.primary.command("ACL", "SETUSER", "replica", "off")
        self.primary.command("CLIENT", "KILL", "TYPE", "replica")
        self._wait_for_link("down")

    def recover(self) -> None:
        """The end of them."""
        self.frail.start()
        self.small.command("CONFIG", "SET", "maxmemory", "0")
        self.primary.command("ACL", "SETUSER", "replica", "on")
        self._wait_for_link("up")

    def _wait_for_link(self, state: str) -> None:
        wait_until(
            lambda: self.replica.client.info("replication").get("master_link_status") == state,
            20,
            f"the replica's link is {state}",
        )

    def write_files(self, directory: Path, exporter: int, alertmanager: int, hook: Hook) -> None:
        """Write what Prometheus, redis_exporter and Alertmanager are configured with."""
        groups = "\n".join(_GROUP.format(url=one.url, name=name) for name, one in self.servers.items())
        (directory / "rules").mkdir()
        (directory / "rules/redis.yml").write_text(RULES)
        (directory / "prometheus.yml").write_text(
            _PROMETHEUS.format(exporter=exporter, alertmanager=alertmanager, groups=groups)
        )
        (directory / "alertmanager.yml").write_text(_ALERTMANAGER.format(hook=hook.url))
        (directory / "passwords.json").write_text(json.dumps({self.small.url: PASSWORD}))


@contextmanager
def redis_exporter(directory: Path, port: int) -> Iterator[None]:
    """One that is asked for targets, with the servers' passwords in its file."""
    program = str(require_program("prometheus-redis-exporter"))
    arguments = [
        "--redis.addr=",
        f"--redis.password-file={directory / 'passwords.json'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with _program([program, *arguments], f"http://127.0.0.1:{port}/metrics"):
        yield


@contextmanager
def alertmanager(directory: Path, port: int) -> Iterator[None]:
    """One with the directory's alertmanager.yml."""
    arguments = [
        str(require_program("prometheus-alertmanager")),
        f"--config.file={directory / 'alertmanager.yml'}",
        f"--storage.path={directory / 'alertmanager'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
    with _program(arguments, f"http://127.0.0.1:{port}/-/ready"):
        yield


@contextmanager
def _program(command: Sequence[str], url: str) -> Iterator[None]:
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_until(lambda: _answers(url), 30, f"{command[0]} answers")
        yield
    finally:
        process.kill()
        process.wait()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def free_ports() -> tuple[int, int]:
    """Two that differ."""
    first = free_port()
    return first, next(port for port in iter(free_port, 0) if port != first)


def alerts_of(bodies: Sequence[dict[str, Any]], status: str) -> set[Alert]:
    """The alerts that a receiver was told of, with this status."""
    return {
        tuple(sorted({**alert["labels"], "(summary)": alert["annotations"]["summary"]}.items()))
        for body in bodies
        for alert in body["alerts"]
        if alert["status"] == status
    }
