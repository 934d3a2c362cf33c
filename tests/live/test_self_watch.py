"""Who watches the watcher: heartbeats, failing receivers, and a state that cannot be written, as rules that
come with the daemon tell of them."""

import re
import resource
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest

from tests.conftest import StartServer
from tests.live.daemon import Daemon, wait_until
from tests.live.receivers import Hook, http_hook

RULES = Path(__file__).parents[2] / "rules" / "daemon.yml"
# Nobody listens there.
NOWHERE = "http://127.0.0.1:9/nowhere"
ROUTING = """
route:
  receiver: webhook
  group_by: [alertname, instance]
  group_wait: 0s
  group_interval: 1s
  routes:
    - {{matchers: [alertname="VigilWatchdog"], receiver: heartbeat, repeat_interval: 900ms}}
    - {{matchers: [alertname="VigilNotificationsFailing", integration="slack"], receiver: webhook}}
    - {{matchers: [alertname="RedisDown"], receiver: slack}}
receivers:
  - {{name: heartbeat, webhook_configs: [{{url: '{hook}/heartbeat', send_resolved: false}}]}}
  - {{name: webhook, webhook_configs: [{{url: '{hook}/webhook'}}]}}
  - {{name: slack, slack_configs: [{{api_url: '{slack}', channel: '#redis'}}]}}
"""
DOWN = """
  - name: availability
    rules: [{alert: RedisDown, expr: redis_up == 0}]
"""


@pytest.fixture
def hook() -> Iterator[Hook]:
    with http_hook() as running:
        yield running


def daemon_with(folder: Path, hook: Hook, *targets: str, slack: str = NOWHERE) -> Daemon:
    """The daemon with the rules on itself, patient for seconds instead of minutes."""
    rules = re.sub(r"for: \d+m", "for: 2s", RULES.read_text())
    rules = re.sub(r"\[[25]m\]", "[4s]", rules)
    (folder / "rules.yml").write_text(rules + DOWN)
    (folder / "alertmanager.yml").write_text(ROUTING.format(hook=hook.url, slack=slack))
    config = folder / "config.yml"
    config.write_text(
        "global: {sample_interval: 500ms, sample_timeout: 400ms, evaluation_interval: 500ms}\n"
        "rule_files: [rules.yml]\nalerting: {config_file: alertmanager.yml}\nstorage: {path: data}\n"
        f"targets: [{', '.join(f'{{url: {url}}}' for url in targets)}]\n"
    )
    return Daemon(folder, "--config", str(config))


def told(hook: Hook, alertname: str, status: str = "firing") -> list[dict[str, str]]:
    """The labels of the alerts of this name that came to `/webhook`."""
    return [
        alert["labels"]
        for path, body in zip(hook.paths, hook.bodies, strict=True)
        if path == "/webhook"
        for alert in body["alerts"]
        if alert["labels"]["alertname"] == alertname and alert["status"] == status
    ]


def test_a_heartbeat_comes_as_long_as_the_daemon_lives(
    start_server: StartServer, tmp_path: Path, hook: Hook
) -> None:
    with daemon_with(tmp_path, hook, start_server().url) as daemon:
        wait_until(lambda: "/heartbeat" in hook.paths, 10, "the first heartbeat")
        time.sleep(5.2)
        # One each second.
        assert 4 <= hook.paths.count("/heartbeat") <= 7
        assert hook.paths.count("/webhook") == 0
        daemon.kill()
        time.sleep(0.3)
        before = hook.paths.count("/heartbeat")
        time.sleep(2.5)
        assert hook.paths.count("/heartbeat") == before


@pytest.mark.parametrize("fault", ["no such page", "no connection"])
def test_that_a_receiver_fails_is_told_by_another(
    start_server: StartServer, tmp_path: Path, hook: Hook, fault: str
) -> None:
    server = start_server()
    # Posting to the daemon itself is answered with 404, which is final.
    daemon = daemon_with(tmp_path, hook, server.url)
    if fault == "no such page":
        daemon = daemon_with(tmp_path, hook, server.url, slack=f"{daemon.url}/T0/B0/S3CRET")
    with daemon:
        wait_until(lambda: "redis_up{" in daemon.text("/metrics"), 10, "the server was sampled")
        server.kill()
        # What can be tried again is, for ten seconds.
        wait_until(lambda: told(hook, "VigilNotificationsFailing"), 20, "the failure was told")
        assert told(hook, "VigilNotificationsFailing")[0]["integration"] == "slack"
        assert told(hook, "RedisDown") == []
        assert "S3CRET" not in daemon.log


@contextmanager
def locked(daemon: Daemon) -> Iterator[None]:
    """Somebody else holds the database."""
    with closing(sqlite3.connect(daemon.directory / "data" / "state.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def full(daemon: Daemon) -> Iterator[None]:
    """No file of the daemon can grow beyond a few bytes."""
    limits = resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (1000, limits[1]))
    yield
    resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, limits)


@pytest.mark.parametrize("trouble", [locked, full])
def test_without_its_state_it_goes_on_and_says_so(
    start_server: StartServer,
    tmp_path: Path,
    hook: Hook,
    trouble: Callable[[Daemon], AbstractContextManager[None]],
) -> None:
    server = start_server()
    with daemon_with(tmp_path, hook, server.url, slack=f"{hook.url}/slack") as daemon:
        wait_until(lambda: "redis_vigil_state_up 1" in daemon.text("/metrics"), 10, "all is well")
        with trouble(daemon):
            wait_until(lambda: "redis_vigil_state_up 0" in daemon.text("/metrics"), 15, "the metric tells")
            wait_until(lambda: told(hook, "VigilStateFailing"), 15, "the alert tells")
            server.kill()
            wait_until(lambda: "/slack" in hook.paths, 5, "alerts on other things are told too")
            wait_until(lambda: "RedisDown" in daemon.text("/api/notifications"), 5, "the history has it")
        wait_until(lambda: "redis_vigil_state_up 1" in daemon.text("/metrics"), 15, "the metric tells")
        wait_until(lambda: told(hook, "VigilStateFailing", "resolved"), 15, "the end is told")
        daemon.kill()
        daemon.start()
        time.sleep(2)
        # What was told in the meantime was written afterwards.
        assert hook.paths.count("/slack") == 1
