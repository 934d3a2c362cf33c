"""From redis_exporter, Prometheus and Alertmanager to this daemon: the same failures, the same alerts."""

from collections.abc import Iterator, Set
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import httpx
import pytest

from tests.cli.in_process import run_command
from tests.live.daemon import Daemon, wait_until
from tests.live.household import Alert, Household, alertmanager, alerts_of, free_ports, redis_exporter
from tests.live.prometheus import run_prometheus
from tests.live.receivers import Hook, http_hook

SECONDS: Final = 30.0
COUNT: Final = 3


def migrate(directory: Path, output: str, *options: str) -> Path:
    """What a user types; the new configuration."""
    files = ["prometheus.yml", "--password-file", "passwords.json"]
    done = run_command(directory, "migrate", "prometheus", *files, "--output", output, *options)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert "DiskFull is left out" in done.stdout
    config = directory / output / "config.yml"
    checked = run_command(directory, "check", "config", str(config))
    assert (checked.returncode, checked.stdout) == (0, f"{config}: good, 4 targets, 3 rules\n"), checked
    return config


def live_through(household: Household, hook: Hook) -> Set[Alert]:
    """A day with all failures; the alerts that the receiver was told of, and that they are over."""
    before = len(hook.bodies)
    household.suffer()
    wait_until(
        lambda: len(alerts_of(hook.bodies[before:], "firing")) >= COUNT, SECONDS, "the receiver is told"
    )
    household.recover()
    wait_until(
        lambda: len(alerts_of(hook.bodies[before:], "resolved")) >= COUNT, SECONDS, "the alerts are over"
    )
    bodies = hook.bodies[before:]
    firing = alerts_of(bodies, "firing")
    assert alerts_of(bodies, "resolved") == firing
    return firing


@contextmanager
def scraping(directory: Path, migrated: Path, daemon: Daemon) -> Iterator[str]:
    """That Prometheus, with the job that comes along instead of redis_exporter's."""
    job = (migrated / "prometheus-scrape.yml").read_text()
    job = job.replace("localhost:9121", f"127.0.0.1:{daemon.port}")
    (directory / "later").mkdir()
    configuration = f"global: {{scrape_interval: 1s, scrape_timeout: 1s}}\n{job}"
    with run_prometheus(directory / "later", configuration) as url:
        yield url


def check_series(url: str) -> None:
    """The series that there were, under the labels that they have had."""
    wanted = [
        {"__name__": "redis_up", "env": "prod", "instance": name, "job": "redis"}
        for name in ("cache-1", "cache-2", "sessions-1", "sessions-2")
    ]

    def found() -> bool:
        answer = httpx.get(f"{url}/api/v1/query", params={"query": "redis_up"}).json()
        series = sorted((one["metric"] for one in answer["data"]["result"]), key=lambda one: one["instance"])
        return bool(series == wanted)

    wait_until(found, SECONDS, "Prometheus has the servers' series")


@pytest.mark.peers("redis-server", "prometheus", "prometheus-redis-exporter", "prometheus-alertmanager")
def test_the_same_failures_give_the_same_alerts_at_the_same_receiver(tmp_path: Path) -> None:
    exporter_port, manager_port = free_ports()
    with http_hook() as hook, Household.at(tmp_path) as household:
        household.write_files(tmp_path, exporter_port, manager_port, hook)
        configuration = (tmp_path / "prometheus.yml").read_text()
        with ExitStack() as stack:
            stack.enter_context(alertmanager(tmp_path, manager_port))
            with redis_exporter(tmp_path, exporter_port), run_prometheus(tmp_path, configuration):
                before = live_through(household, hook)
            config = migrate(tmp_path, "vigil")
            with Daemon(tmp_path, "--config", str(config)) as daemon:
                after = live_through(household, hook)
                with scraping(tmp_path, config.parent, daemon) as url:
                    check_series(url)
        # Alertmanager has ended, too.
        config = migrate(tmp_path, "alone", "--alertmanager", "alertmanager.yml")
        with Daemon(tmp_path, "--config", str(config)):
            alone = live_through(household, hook)
    shown = {tuple(dict(alert)[name] for name in ("alertname", "instance", "severity")) for alert in before}
    assert shown == {
        ("RedisDown", "cache-1", "critical"),
        ("RedisOutOfConfiguredMaxmemory", "cache-2", "warning"),
        ("RedisReplicationBroken", "sessions-2", "critical"),
    }
    assert after == before
    assert alone == before
