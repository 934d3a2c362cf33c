"""Every shipped rule that counts events tells of the first one, also in a Prometheus beside the daemon."""

import json
import re
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import pytest

from tests.live.daemon import Daemon, wait_until
from tests.live.first_events import SCENES, Scene, servers, write_rules
from tests.live.prometheus import prometheus
from tests.peers import require_program
from tests.servers import RealServer

# Many servers on few processors.
TOLD_SECONDS = 30.0


def version_of(program: Path) -> tuple[int, int]:
    """The Redis version that a server has, or that it can do as much as."""
    text = subprocess.run([str(program), "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"v=(\d+)\.(\d+)", text)
    assert found is not None
    return int(found[1]), int(found[2])


def start_daemon(directory: Path, running: Mapping[str, RealServer]) -> Daemon:
    # What looks for queues is refused too where everybody is.
    only = {"failing-jobs": ", samplers: {queues: {enabled: true}}"}
    targets = "".join(
        f"  - {{url: '{server.url}', instance: {name}{only.get(name, '')}}}\n"
        for name, server in running.items()
    )
    (directory / "config.yml").write_text(f"""
global: {{sample_interval: 1s, sample_timeout: 900ms, evaluation_interval: 1s}}
targets:
{targets}
samplers:
  keyspace: {{enabled: false}}
  queues: {{enabled: false, interval: 1s}}
rule_files: [rules.yml]
""")
    return Daemon(directory, "--config", "config.yml")


def firing(url: str) -> list[dict[str, str]]:
    """The labels of all alerts that fire."""
    with urllib.request.urlopen(f"{url}/api/v1/alerts", timeout=10) as response:
        alerts = json.loads(response.read())["data"]["alerts"]
    return [alert["labels"] for alert in alerts if alert["state"] == "firing"]


def tells(url: str, scene: Scene) -> bool:
    wanted = {"alertname": scene.alert, "instance": scene.name, **scene.labels}
    return any(wanted.items() <= labels.items() for labels in firing(url))


def query(url: str, expression: str) -> list[float]:
    """The values of an instant query."""
    address = f"{url}/api/v1/query?{urllib.parse.urlencode({'query': expression})}"
    with urllib.request.urlopen(address, timeout=10) as response:
        return [float(one["value"][1]) for one in json.loads(response.read())["data"]["result"]]


def is_watched(url: str, count: int) -> bool:
    """Whether all servers are up, and the one queue has been found."""
    failed = 'redis_queue_jobs_finished_total{outcome="failed"}'
    return query(url, "sum(redis_up)") == [count] and query(url, failed) == [0]


def is_seen(url: str, expression: str) -> bool:
    """Whether an increase says that there was something."""
    return any(increase >= 1 for increase in query(url, expression))


def untold(url: str, scenes: list[Scene]) -> list[str]:
    """The scenes of which nobody tells in time."""
    deadline = time.monotonic() + TOLD_SECONDS
    left = scenes
    while left and time.monotonic() < deadline:
        left = [scene for scene in left if not tells(url, scene)]
        time.sleep(0.2)
    return [scene.name for scene in left]


def test_every_rule_tells_of_the_first_event(each_program: Path, tmp_path: Path) -> None:
    write_rules(tmp_path / "rules.yml")
    with servers(each_program, tmp_path, version_of(each_program)) as running:
        scenes = [scene for scene in SCENES if scene.name in running]
        with start_daemon(tmp_path, running) as daemon:
            wait_until(lambda: query(daemon.url, "sum(redis_up)") == [len(running)], 60, "all are watched")
            time.sleep(3)
            before = [scene.name for scene in scenes if tells(daemon.url, scene)]
            assert before == []
            for scene in scenes:
                scene.happen(running[scene.name])
            assert untold(daemon.url, scenes) == []


@pytest.mark.peers("prometheus", "redis-server")
@pytest.mark.parametrize("scrape_seconds", [1, 3])
def test_a_prometheus_that_scrapes_the_daemon_sees_it_too(tmp_path: Path, scrape_seconds: int) -> None:
    redis_server = require_program("redis-server")
    write_rules(tmp_path / "rules.yml")
    with servers(redis_server, tmp_path, version_of(redis_server)) as running:
        scenes = [scene for scene in SCENES if scene.name in running]
        with (
            start_daemon(tmp_path, running) as daemon,
            prometheus(tmp_path, daemon, interval=1, scrape_interval=1) as url,
            # A second one, so that neither takes the 0 away from the other.
            prometheus(tmp_path, daemon, interval=1, scrape_interval=scrape_seconds) as other,
        ):
            for one in (url, other):
                wait_until(partial(is_watched, one, len(running)), 60, "all are watched")
            time.sleep(3 * scrape_seconds)
            for scene in scenes:
                scene.happen(running[scene.name])
            for one in (daemon.url, url, other):
                assert untold(one, scenes) == []
                for expression in (
                    'increase(redis_errors_total{instance="oom", err="OOM"}[2m])',
                    'increase(redis_slowlog_entries_total{instance="very-slow", command="eval"}[2m])',
                    'increase(redis_commands_total{instance="evicting", cmd="set"}[2m])',
                ):
                    wait_until(partial(is_seen, one, expression), TOLD_SECONDS, f"{expression} at {one}")
