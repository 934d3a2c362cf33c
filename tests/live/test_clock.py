"""The machine's clock is set, or the daemon stands still: people are told what they should be, and no more.

The clock is that of libfaketime, whose offset is changed while the daemon runs; the monotonic clock goes on,
as it does where somebody sets the clock of a real machine.
"""

import json
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import pytest
import yaml

from tests.conftest import StartServer
from tests.live.daemon import Daemon, wait_until
from tests.live.receivers import Hook, http_hook
from tests.peers import require_program
from tests.servers import RealServer

pytestmark = pytest.mark.peers("faketime")

RULES = [
    {"alert": "Always", "expr": "vector(1)"},
    {"alert": "Down", "expr": "redis_up == 0"},
    {"alert": "Busy", "expr": 'rate(redis_commands_processed_total{instance="r1"}[1m]) > 0'},
    {"alert": "Jumped", "expr": "increase(redis_vigil_clock_jumps_total[10m]) > 0"},
    # Nothing of these is to be told: they have not been true for so long, or never.
    {"alert": "Later", "expr": "vector(1)", "for": "30m"},
    {"alert": "Missing", "expr": 'absent(redis_up{instance="r1"})'},
    {"alert": "TooFew", "expr": "count(redis_up) < 2"},
    {"alert": "Storm", "expr": "rate(redis_commands_processed_total[1m]) > 10000"},
]
MORE_RULES = [{"alert": "DownForLong", "expr": "redis_up == 0", "for": "8s"}]


class World:
    """A daemon on two servers, whose clock can be set."""

    def __init__(self, directory: Path, servers: list[RealServer], hook: Hook, *, offset: int = 0) -> None:
        self.servers = servers
        self.hook = hook
        self._offset = directory / "offset"
        self.offset = offset
        self._write_files(directory)
        environment = {
            "LD_PRELOAD": str(require_program("faketime")),
            "FAKETIME_TIMESTAMP_FILE": str(self._offset),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        self.daemon = Daemon(directory, "--config", "config.yml", environment=environment)

    def __enter__(self) -> Self:
        self.daemon.start()
        self.wait_for("firing", "Busy")
        return self

    def __exit__(self, *_: object) -> None:
        self.daemon.stop()

    def _write_files(self, directory: Path) -> None:
        # Rules wait for samples for two intervals: enough for a machine that has other things to do.
        times = {"sample_interval": "3s", "evaluation_interval": "1s", "sample_timeout": "3s"}
        targets = [{"url": server.url, "instance": f"r{index}"} for index, server in enumerate(self.servers)]
        group_times = {"group_wait": "0s", "group_interval": "1s", "repeat_interval": "4h"}
        route = {"receiver": "hook", "group_by": ["..."], **group_times}
        hooks = [{"url": self.hook.url, "send_resolved": True}]
        content = {
            "config": {
                "global": times,
                "targets": targets,
                "rule_files": ["rules.yml"],
                "storage": {"path": "data"},
                "alerting": {"config_file": "alertmanager.yml"},
            },
            "rules": {"groups": [{"name": "clock", "rules": RULES + MORE_RULES}]},
            "alertmanager": {
                "route": route,
                "receivers": [{"name": "hook", "webhook_configs": hooks}],
            },
        }
        for name, one in content.items():
            (directory / f"{name}.yml").write_text(yaml.safe_dump(one))

    @property
    def offset(self) -> int:
        """By how many seconds the daemon's clock is ahead of ours."""
        return self._seconds

    @offset.setter
    def offset(self, seconds: int) -> None:
        self._seconds = seconds
        self._offset.write_text(f"{seconds:+d}")

    @property
    def told(self) -> Counter[tuple[str, str, str]]:
        """Status, name and instance of every alert in every message."""
        alerts = [alert for body in list(self.hook.bodies) for alert in body["alerts"]]
        labels = [alert["labels"] for alert in alerts]
        return Counter(
            (alert["status"], one["alertname"], one.get("instance", ""))
            for alert, one in zip(alerts, labels, strict=True)
        )

    def wait_for(self, status: str, name: str, seconds: float = 30) -> None:
        """Until it is told."""
        wait_until(
            lambda: any(key[:2] == (status, name) for key in self.told), seconds, f"{name} is {status}"
        )

    def query(self, expression: str) -> dict[str, float]:
        """Values by instance."""
        found = json.loads(self.daemon.text(f"/api/v1/query?query={expression}"))["data"]["result"]
        return {one["metric"].get("instance", ""): float(one["value"][1]) for one in found}

    def metric(self, line: str) -> float:
        """The value of a line of `/metrics`."""
        (found,) = [one for one in self.daemon.text("/metrics").splitlines() if one.startswith(f"{line} ")]
        return float(found.rpartition(" ")[2])

    def check_times(self) -> None:
        """No alert is in the future of the daemon's clock, none ends before it has begun."""
        now = time.time() + self.offset + 2
        for alert in json.loads(self.daemon.text("/api/v1/alerts"))["data"]["alerts"]:
            assert moment(alert["activeAt"]) <= now, alert
        for alert in json.loads(self.daemon.text("/api/v2/alerts")):
            assert moment(alert["startsAt"]) <= now, alert
            assert moment(alert["startsAt"]) <= moment(alert["endsAt"]), alert


def moment(text: str) -> float:
    """A time of an API in epoch seconds."""
    return datetime.fromisoformat(text[:19] + "+00:00").timestamp()


@contextmanager
def world(directory: Path, start_server: StartServer, offset: int = 0) -> Iterator[World]:
    """A running daemon, with everything told that is to be told at the beginning."""
    servers = [start_server() for _ in range(2)]
    with http_hook() as hook, World(directory, servers, hook, offset=offset) as running:
        yield running


def at_once(
    story: Callable[[Path, StartServer, int], None],
    directory: Path,
    start_server: StartServer,
    cases: Sequence[int],
) -> None:
    """Tell a story for each of these seconds, three at a time: most of it is waiting."""
    starting = threading.Lock()

    def start_one() -> RealServer:
        with starting:
            return start_server()

    def tell(seconds: int) -> Exception | None:
        place = directory / f"{seconds:+d}"
        place.mkdir()
        try:
            story(place, start_one, seconds)
        except Exception as error:
            error.add_note(f"with {seconds:+d} seconds")
            return error
        return None

    with ThreadPoolExecutor(3) as threads:
        faults = [fault for fault in threads.map(tell, cases) if fault is not None]
    if faults:
        raise ExceptionGroup("not all went well", faults)


USUAL = {("firing", "Always", ""): 1, ("firing", "Busy", "r1"): 1}


def test_after_the_clock_was_set_a_dead_server_is_told_and_nothing_else(
    tmp_path: Path, start_server: StartServer
) -> None:
    at_once(_set_the_clock, tmp_path, start_server, (-1, -600, -7200, -72_000, 7200))


def _set_the_clock(directory: Path, start_server: StartServer, seconds: int) -> None:
    with world(directory, start_server) as running:
        time.sleep(2)
        running.offset = seconds
        running.wait_for("firing", "Jumped")
        uptime = running.query("redis_uptime_in_seconds")["r1"]
        wait_until(lambda: running.query("redis_uptime_in_seconds")["r1"] > uptime, 20, "samples go on")
        running.servers[0].kill()
        began = time.monotonic()
        running.wait_for("firing", "DownForLong")
        assert time.monotonic() - began >= 7
        running.check_times()
        assert running.query("redis_up") == {"r0": 0, "r1": 1}
        assert running.metric('redis_up{instance="r0"}') == 0
        assert running.metric('redis_up{instance="r1"}') == 1
        assert running.daemon.get("/-/ready").status == 200
        direction = "back" if seconds < 0 else "forward"
        assert running.metric(f'redis_vigil_clock_jumps_total{{direction="{direction}"}}') == 1
        assert running.metric("redis_vigil_clock_last_jump_seconds") == pytest.approx(seconds, abs=0.3)
        assert running.daemon.log.count(f"the machine's clock was set {direction}") == 1
        assert running.told == {
            **USUAL,
            ("firing", "Jumped", ""): 1,
            ("firing", "Down", "r0"): 1,
            ("firing", "DownForLong", "r0"): 1,
        }


def test_a_clock_that_is_set_to_and_fro_resolves_nothing(tmp_path: Path, start_server: StartServer) -> None:
    with world(tmp_path, start_server) as running:
        running.servers[0].kill()
        running.wait_for("firing", "DownForLong")
        for seconds in (7200, -600, 36_000, 0):
            running.offset = seconds
            time.sleep(4)
            running.check_times()
        told = running.told
        told.pop(("firing", "Jumped", ""))
        assert told == {**USUAL, ("firing", "Down", "r0"): 1, ("firing", "DownForLong", "r0"): 1}
        running.servers[0].start()
        running.wait_for("resolved", "DownForLong")
        for body in running.hook.bodies:
            for alert in body["alerts"]:
                if alert["status"] == "resolved":
                    assert moment(alert["startsAt"]) <= moment(alert["endsAt"])


def test_a_daemon_that_stood_still_goes_on_as_if_it_had_not(
    tmp_path: Path, start_server: StartServer
) -> None:
    with world(tmp_path, start_server) as running:
        running.servers[0].kill()
        running.wait_for("firing", "Down")
        # A message that is cut off by it is sent again.
        time.sleep(1)
        running.daemon.signal(signal.SIGSTOP)
        time.sleep(15)
        running.daemon.signal(signal.SIGCONT)
        began = time.monotonic()
        running.wait_for("firing", "DownForLong")
        # Of the eight seconds that it has to be true for it was watched just before and after.
        assert time.monotonic() - began >= 4
        assert running.metric("redis_vigil_standstills_total") == 1
        assert 10 <= running.metric("redis_vigil_standstill_seconds_total") <= 20
        assert "the daemon stood still" in running.daemon.log
        running.check_times()
        assert running.told == {**USUAL, ("firing", "Down", "r0"): 1, ("firing", "DownForLong", "r0"): 1}


def test_a_restart_by_another_clock_resolves_and_repeats_nothing(
    tmp_path: Path, start_server: StartServer
) -> None:
    at_once(_restart_by_another_clock, tmp_path, start_server, (7200, -7200))


def _restart_by_another_clock(directory: Path, start_server: StartServer, seconds: int) -> None:
    with world(directory, start_server, offset=seconds) as running:
        running.servers[0].kill()
        running.wait_for("firing", "DownForLong")
        running.daemon.stop()
        running.offset = 0
        running.daemon.start()
        time.sleep(6)
        running.check_times()
        told = running.told
        assert not [key for key in told if key[0] == "resolved"]
        if seconds > 0:
            assert told == {**USUAL, ("firing", "Down", "r0"): 1, ("firing", "DownForLong", "r0"): 1}
            running.servers[0].start()
            running.wait_for("resolved", "DownForLong")


def test_a_silence_stays_active_when_the_clock_is_set_back(tmp_path: Path, start_server: StartServer) -> None:
    with world(tmp_path, start_server) as running:
        now = time.time()
        silence = silence_of("Down.*", now, now + 36_000)
        post(running.daemon, "/api/v2/silences", silence)
        running.offset = -7200
        running.wait_for("firing", "Jumped")
        running.servers[0].kill()
        wait_until(lambda: running.query("redis_up")["r0"] == 0, 20, "the server is down")
        time.sleep(11)
        assert not [key for key in running.told if key[1].startswith("Down")]


def silence_of(alertname: str, starts_at: float, ends_at: float) -> dict[str, Any]:
    """A silence as the API takes it."""
    times = [datetime.fromtimestamp(at).astimezone().isoformat() for at in (starts_at, ends_at)]
    matcher = {"name": "alertname", "value": alertname, "isRegex": True, "isEqual": True}
    return {
        "matchers": [matcher],
        "startsAt": times[0],
        "endsAt": times[1],
        "createdBy": "test",
        "comment": "test",
    }


def post(daemon: Daemon, path: str, body: object) -> None:
    """POST as JSON."""
    import urllib.request

    request = urllib.request.Request(
        daemon.url + path, json.dumps(body).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        assert response.status == 200
