"""The main job: a server dies and people hear of it, once; it comes back and they hear of that, once."""

import re
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import StartServer
from tests.live.daemon import Daemon, wait_until
from tests.live.receivers import Hook, Inbox, http_hook, inbox
from tests.peers import require_program
from tests.servers import RealServer, free_port

RULES = """
groups:
  - name: availability
    rules:
      - alert: RedisDown
        expr: redis_up == 0
        labels: {severity: critical}
        annotations:
          summary: "{{ $labels.instance }} is down"
"""


@pytest.fixture
def hook() -> Iterator[Hook]:
    with http_hook() as running:
        yield running


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Inbox]:
    with inbox(tmp_path) as running:
        yield running


def write_files(folder: Path, server: RealServer, hook: Hook, box: Inbox, extra: str = "") -> Path:
    (folder / "rules.yml").write_text(RULES)
    (folder / "smtp-password").write_text(box.password + "\n")
    (folder / "alertmanager.yml").write_text(f"""
route:
  receiver: everybody
  group_by: [alertname]
  group_wait: 0s
  group_interval: 1s
  repeat_interval: 1h
receivers:
  - name: everybody
    slack_configs:
      - api_url: {hook.url}/slack
        channel: '#oncall'
        send_resolved: true
    webhook_configs:
      - url: {hook.url}/webhook
    email_configs:
      - to: oncall@example.com
        from: vigil@example.com
        smarthost: localhost:{box.port}
        auth_username: {box.username}
        auth_password_file: smtp-password
        tls_config: {{ca_file: {box.ca_file}}}
        send_resolved: true
""")
    config = folder / "config.yml"
    config.write_text(f"""
global: {{sample_interval: 1s, sample_timeout: 1s, evaluation_interval: 1s}}
targets:
  - url: {server.url}
    instance: cache-1
    labels: {{env: test}}
rule_files: [rules.yml]
alerting: {{config_file: alertmanager.yml}}
storage: {{path: data}}
{extra}
""")
    return config


def posts(hook: Hook, path: str) -> list[dict[str, object]]:
    return [body for where, body in zip(hook.paths, hook.bodies, strict=True) if where == path]


def test_a_death_and_a_return_are_told_once_each(
    start_each_server: StartServer, tmp_path: Path, hook: Hook, mailbox: Inbox
) -> None:
    server = start_each_server()
    config = write_files(tmp_path, server, hook, mailbox)
    with Daemon(tmp_path, "--config", str(config)) as daemon:
        wait_until(lambda: 'redis_up{env="test",instance="cache-1"} 1' in daemon.text("/metrics"), 10, "up")
        server.kill()
        wait_until(lambda: len(hook.bodies) >= 2 and mailbox.messages, 10, "all were told of the death")
        assert 'redis_up{env="test",instance="cache-1"} 0' in daemon.text("/metrics")
        assert "redis_connected_clients" not in daemon.text("/metrics")
        # Nothing more may come while it stays down.
        time.sleep(2.5)
        assert [len(posts(hook, path)) for path in ("/slack", "/webhook")] == [1, 1]
        assert len(mailbox.messages) == 1
        server.start()
        wait_until(lambda: len(hook.bodies) >= 4 and len(mailbox.messages) >= 2, 15, "the return was told")
        time.sleep(1.5)
        assert daemon.stop() == 0
    check_slack(posts(hook, "/slack"))
    check_webhook(posts(hook, "/webhook"))
    check_mail(mailbox)


def check_slack(bodies: list[dict[str, object]]) -> None:
    firing, resolved = (body["attachments"][0] for body in bodies)  # type: ignore[index]  # plain JSON
    assert firing["title"] == "Critical: cache-1 is down"
    assert resolved["title"].startswith("Over: cache-1 is down (lasted ")
    assert firing["color"] != resolved["color"]


def check_webhook(bodies: list[dict[str, object]]) -> None:
    assert [body["status"] for body in bodies] == ["firing", "resolved"]
    for body in bodies:
        assert body["version"] == "4"
        alerts: Any = body["alerts"]
        (alert,) = alerts
        assert alert["labels"] == {
            "alertname": "RedisDown",
            "env": "test",
            "instance": "cache-1",
            "job": "redis",
            "severity": "critical",
        }
        assert alert["annotations"] == {"summary": "cache-1 is down"}


def check_mail(box: Inbox) -> None:
    firing, resolved = box.messages
    assert firing["subject"] == "Critical: cache-1 is down"
    assert resolved["subject"].startswith("Over: cache-1 is down (lasted ")
    assert firing["to"] == "oncall@example.com"


@pytest.mark.peers("prometheus", "promtool")
def test_prometheus_scrapes_it(start_server: StartServer, tmp_path: Path, hook: Hook, mailbox: Inbox) -> None:
    server = start_server()
    with Daemon(tmp_path, "--config", str(write_files(tmp_path, server, hook, mailbox))) as daemon:
        checked = subprocess.run(
            [require_program("promtool"), "check", "metrics"],
            input=daemon.text("/metrics"),
            text=True,
            capture_output=True,
            check=False,
        )
        # 3: only remarks on names, which are redis_exporter's.
        assert checked.returncode in (0, 3), checked.stderr
        port = free_port()
        with scraping(tmp_path, daemon, port):
            prometheus = f"http://127.0.0.1:{port}"
            query = [str(require_program("promtool")), "query", "instant", prometheus]

            def answer(expression: str) -> str:
                done = subprocess.run([*query, expression], text=True, capture_output=True, check=False)
                return done.stdout

            wait_until(lambda: "=> 1 @" in answer("up"), 20, "Prometheus' up is 1")
            found = wait_until(lambda: answer("redis_up"), 10, "redis_up is there")
            assert 'instance="cache-1"' in found


class scraping:  # noqa: N801 (a context manager)
    """Debian's Prometheus, which scrapes the daemon as the README says."""

    def __init__(self, folder: Path, daemon: Daemon, port: int, rule_files: Sequence[str] = ()) -> None:
        (folder / "prometheus.yml").write_text(f"""
global: {{evaluation_interval: 1s}}
rule_files: {list(rule_files)}
scrape_configs:
  - job_name: redis-vigil
    honor_labels: true
    scrape_interval: 1s
    static_configs: [{{targets: ['127.0.0.1:{daemon.port}']}}]
""")
        self._command = [
            str(require_program("prometheus")),
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'tsdb'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ]

    def __enter__(self) -> None:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def test_a_wrong_password_shows_as_a_reason_and_never_as_itself(
    start_server: StartServer, tmp_path: Path
) -> None:
    server = start_server("--requirepass", "right-pa55")
    config = tmp_path / "config.yml"
    config.write_text(f"""
global: {{sample_interval: 1s}}
targets: [{{url: {server.url}, instance: locked, password: wrong-pa55}}]
""")
    with Daemon(tmp_path, "--config", str(config)) as daemon:
        page = wait_until(
            lambda: (text := daemon.text("/metrics")) and 'redis_up{instance="locked"} 0' in text and text,
            10,
            "it is down",
        )
        assert re.search(r'redis_vigil_sampler_error\{[^}]*reason="wrong_password"[^}]*\} 1', page)
        pages = [page, *(daemon.text(path) for path in ("/", "/api/v1/targets"))]
        log = daemon.log
    assert log.count("target cannot be sampled") == 1
    assert "reason=wrong_password" in log
    for text in (*pages, log):
        assert "pa55" not in text


def test_one_dead_and_one_hanging_target_leave_the_others_fresh(
    start_server: StartServer, tmp_path: Path
) -> None:
    good, hanging = start_server(), start_server()
    config = tmp_path / "config.yml"
    config.write_text(f"""
global: {{sample_interval: 1s, sample_timeout: 1s}}
targets:
  - {{url: {good.url}, instance: good}}
  - {{url: {hanging.url}, instance: hanging}}
  - {{url: 'redis://127.0.0.1:{free_port()}', instance: dead}}
""")
    with Daemon(tmp_path, "--config", str(config)) as daemon, hanging.paused():
        wait_until(
            lambda: all(
                line in daemon.text("/metrics")
                for line in (
                    'redis_up{instance="good"} 1',
                    'redis_up{instance="hanging"} 0',
                    'redis_up{instance="dead"} 0',
                )
            ),
            10,
            "each has its state",
        )
        uptimes = [_metric(daemon.text("/metrics"), "redis_commands_processed_total", "good")]
        for _ in range(3):
            time.sleep(1.1)
            started = time.monotonic()
            page = daemon.text("/metrics")
            assert time.monotonic() - started < 0.5
            uptimes.append(_metric(page, "redis_commands_processed_total", "good"))
        assert uptimes == sorted(set(uptimes))


def _metric(page: str, name: str, instance: str) -> float:
    found = re.search(rf'^{name}\{{instance="{instance}"\}} (\S+)$', page, re.M)
    assert found, name
    return float(found[1])
