"""`promtool query` against the daemon, as against a Prometheus."""

import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.live.daemon import Daemon, wait_until
from tests.peers import require_program
from tests.servers import RealServer

pytestmark = pytest.mark.peers("promtool")


@pytest.fixture(scope="module")
def daemon(server: RealServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    folder = tmp_path_factory.mktemp("api")
    config = folder / "config.yml"
    config.write_text(
        "global: {sample_interval: 1s}\nrule_files: []\n"
        f"targets: [{{url: '{server.url}', instance: cache-1, labels: {{env: test}}}}]\n"
    )
    with Daemon(folder, "--config", str(config)) as running:
        wait_until(lambda: "redis_up{" in running.text("/metrics"), 10, "sampled")
        time.sleep(2.2)
        yield running


def promtool(*arguments: str) -> str:
    """What a query prints."""
    done = subprocess.run(
        [str(require_program("promtool")), "query", *arguments], text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_instant(daemon: Daemon) -> None:
    assert 'redis_up{env="test", instance="cache-1", job="redis"} => 1 @[' in promtool(
        "instant", daemon.url, "redis_up"
    )
    assert promtool("instant", daemon.url, "vector(1) + 1").startswith("{} => 2 @[")
    assert "=> 0 @[" in promtool("instant", daemon.url, "redis_up - redis_up", f"--time={time.time():.0f}")


def test_range(daemon: Daemon) -> None:
    now = int(time.time())
    said = promtool("range", "--step=1s", f"--start={now - 2}", f"--end={now}", daemon.url, "redis_up")
    assert said.startswith('redis_up{env="test", instance="cache-1", job="redis"} =>\n1 @[')


def test_series(daemon: Daemon) -> None:
    said = promtool("series", "--match=redis_up", "--match=redis_uptime_in_seconds", daemon.url)
    for name in ("redis_up", "redis_uptime_in_seconds"):
        assert f'{{__name__="{name}", env="test", instance="cache-1", job="redis"}}' in said
    assert said.count("__name__") == 2


def test_labels(daemon: Daemon) -> None:
    assert promtool("labels", daemon.url, "instance") == "cache-1\n"
    assert "redis_up\n" in promtool("labels", daemon.url, "__name__")


def test_an_error_is_told(daemon: Daemon) -> None:
    done = subprocess.run(
        [str(require_program("promtool")), "query", "instant", daemon.url, "sum("],
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    assert "bad_data" in done.stderr


def test_a_heavy_query_holds_up_nobody(daemon: Daemon) -> None:
    query = 'max_over_time(rate({__name__=~"redis.*"}[5m])[6h:10ms])'
    with ThreadPoolExecutor(1) as threads:
        heavy = threads.submit(
            httpx.get, f"{daemon.url}/api/v1/query", params={"query": query, "timeout": "3s"}, timeout=30
        )
        answered = 0
        while not heavy.done():
            assert "redis_up{" in daemon.text("/metrics")
            answered += 1
    assert heavy.result().json() == {
        "status": "error",
        "errorType": "timeout",
        "error": "query timed out in expression evaluation",
    }
    assert answered > 3


def test_who_gets_the_alerts(daemon: Daemon) -> None:
    found = httpx.get(f"{daemon.url}/api/v1/alertmanagers").json()["data"]["activeAlertmanagers"]
    assert [one["url"].endswith("/api/v2/alerts") for one in found] == [True]
    shown = httpx.get(f"{daemon.url}/api/v1/status/config").json()["data"]["yaml"]
    assert "scrape_interval: 1s" in shown
