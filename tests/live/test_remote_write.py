"""A real Prometheus gets every sample of every series by remote write, whatever happened meanwhile."""

import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

import httpx
import pytest

from tests.live.daemon import Daemon, wait_until
from tests.live.prometheus import run_prometheus
from tests.servers import RealServer, free_port

CONFIG = """
global: {{sample_interval: 1s, evaluation_interval: 1s, external_labels: {{cluster: a, job: other}}}}
rule_files: [rules.yml]
targets: [{{url: '{url}', instance: cache-1, labels: {{env: test}}}}]
storage: {{path: state}}
remote_write:
  - url: http://127.0.0.1:{port}/api/v1/write
    name: receiver
    queue_config: {{batch_send_deadline: 1s, max_backoff: 1s}}
"""
RULES = """
groups:
  - name: one
    rules:
      - {record: 'instance:redis_uptime', expr: redis_uptime_in_seconds}
      - {alert: Always, expr: 'vector(1)', for: 2s}
"""

EMPTY: Final[Mapping[str, str]] = {}
EXTERNAL: Final = {"cluster": "a", "job": "other"}

Samples = Mapping[frozenset[tuple[str, str]], list[tuple[float, float]]]


class Receiver:
    """A Prometheus that can be gone for a while."""

    def __init__(self, directory: Path) -> None:
        self.port = free_port()
        self._directory = directory

    def run(self) -> AbstractContextManager[str]:
        """Run it, on the same port and with what it had."""
        database = self._directory / "received"
        flag = "--web.enable-remote-write-receiver"
        return run_prometheus(self._directory, "{}", database, flag, port=self.port)


def samples(url: str, at: float, seconds: int, external: Mapping[str, str] = EMPTY) -> Samples:
    """All samples of all series of so many seconds before a moment, with labels added that they lack."""
    query = {"query": f'{{__name__!=""}}[{seconds}s]', "time": f"{at:.3f}"}
    answer = httpx.get(f"{url}/api/v1/query", params=query, timeout=60).raise_for_status().json()
    return {
        frozenset({**external, **one["metric"]}.items()): [
            (moment, float(value)) for moment, value in one["values"]
        ]
        for one in answer["data"]["result"]
    }


def check_agreement(daemon: Daemon, receiver: str, seconds: int) -> Samples:
    """Both have the same samples of the last seconds but the very last."""
    at = time.time() - 3
    ours = samples(daemon.url, at, seconds, EXTERNAL)
    wait_until(lambda: newest(samples(receiver, at, seconds)) >= newest(ours), 60, "all has arrived")
    theirs = samples(receiver, at, seconds)
    assert theirs.keys() == ours.keys()
    different = {one: (ours[one], theirs[one]) for one in ours if not same(ours[one], theirs[one])}
    assert not different
    return ours


def same(ours: list[tuple[float, float]], theirs: list[tuple[float, float]]) -> bool:
    """Also where values are NaN."""
    return [(at, repr(value)) for at, value in ours] == [(at, repr(value)) for at, value in theirs]


def newest(found: Samples) -> float:
    return max((moment for values in found.values() for moment, _ in values), default=0.0)


@pytest.mark.peers("prometheus")
def test_prometheus_has_every_sample_also_of_when_it_was_away(server: RealServer, tmp_path: Path) -> None:
    receiver = Receiver(tmp_path)
    config = tmp_path / "config.yml"
    config.write_text(CONFIG.format(url=server.url, port=receiver.port))
    (tmp_path / "rules.yml").write_text(RULES)
    began = time.time()
    with Daemon(tmp_path, "--config", str(config)) as daemon:
        with receiver.run() as url:
            time.sleep(8)
            found = check_agreement(daemon, url, int(time.time() - began))
            names = {dict(series)["__name__"] for series in found}
            assert {"up", "scrape_duration_seconds", "instance:redis_uptime", "ALERTS"} < names
            assert len(found) > 500
        time.sleep(5)
        with receiver.run() as url:
            check_agreement(daemon, url, int(time.time() - began))
        assert "remote write fails" in daemon.log
        assert "remote write works again" in daemon.log


@pytest.mark.peers("prometheus")
def test_what_was_sampled_before_a_restart_arrives_after_it(server: RealServer, tmp_path: Path) -> None:
    receiver = Receiver(tmp_path)
    config = tmp_path / "config.yml"
    config.write_text(CONFIG.format(url=server.url, port=receiver.port))
    (tmp_path / "rules.yml").write_text(RULES)
    began = time.time()
    daemon = Daemon(tmp_path, "--config", str(config))
    with daemon:
        with receiver.run() as url:
            time.sleep(5)
            check_agreement(daemon, url, int(time.time() - began))
        time.sleep(4)
    with daemon:
        time.sleep(4)
        # The receiver is still away: it has missed the end of the first run and the beginning of the second.
        daemon.kill()
    with daemon, receiver.run() as url:
        time.sleep(5)
        check_agreement(daemon, url, int(time.time() - began))
    assert "bug" not in daemon.log
