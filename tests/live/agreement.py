"""The daemon and a real Prometheus that scrapes it, with one rule file, while faults are injected."""

import contextlib
import json
import socket
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import redis

from tests.live.daemon import Daemon, wait_until
from tests.live.prometheus import prometheus
from tests.servers import RealServer

RULES: Final = """
groups:
  - name: agreement
    rules:
      - {record: 'instance:commands:rate10s', expr: 'rate(redis_commands_processed_total[10s])'}
      - {alert: Down, expr: redis_up == 0}
      - {alert: DownForLong, expr: redis_up == 0, for: 4s}
      - {alert: Busy, expr: 'rate(redis_commands_processed_total[10s]) > 300', for: 3s}
      - {alert: BusyRecorded, expr: 'instance:commands:rate10s > 300'}
      - {alert: ManyClients, expr: redis_connected_clients > 30}
      - {alert: Full, expr: 'redis_memory_used_bytes / (redis_memory_max_bytes > 0) > 0.9', for: 2s}
      - {alert: Rejected, expr: 'increase(redis_rejected_connections_total[15s]) > 0'}
      - {alert: Restarted, expr: 'changes(redis_start_time_seconds[20s]) > 0', keep_firing_for: 2s}
      - {alert: Quiet, expr: 'absent(redis_connected_clients > 30)', for: 3s}
"""
POLL_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True)
class Change:
    """An alert went into a state at a moment (monotonic seconds)."""

    at: float
    state: str


History = dict[str, list[Change]]


@dataclass(slots=True)
class Watcher:
    """Polls `/api/v1/alerts` and notes every change."""

    url: str
    history: History = field(default_factory=dict)

    def states(self) -> dict[str, str]:
        """The state of every alert that is not inactive."""
        with urllib.request.urlopen(f"{self.url}/api/v1/alerts", timeout=5) as response:
            alerts = json.loads(response.read())["data"]["alerts"]
        return {alert["labels"]["alertname"]: alert["state"] for alert in alerts}

    def look(self) -> None:
        """Note what has changed since the last look."""
        states = self.states()
        now = time.monotonic()
        for name in states.keys() | self.history.keys():
            state = states.get(name, "inactive")
            changes = self.history.setdefault(name, [Change(now, "inactive")])
            if changes[-1].state != state:
                changes.append(Change(now, state))


@dataclass(slots=True)
class Scene:
    """What faults are injected into."""

    server: RealServer
    is_loaded: threading.Event = field(default_factory=threading.Event)
    sockets: list[socket.socket] = field(default_factory=list)

    def connect(self, count: int) -> None:
        """Open connections that nobody closes."""
        for _ in range(count):
            self.sockets.append(socket.create_connection(("127.0.0.1", self.server.port), timeout=5))

    def disconnect(self) -> None:
        """Close them."""
        while self.sockets:
            self.sockets.pop().close()

    def refuse(self) -> None:
        """Have the server turn clients away."""
        self.server.command("CONFIG", "SET", "maxclients", "40")
        with contextlib.suppress(OSError):
            self.connect(60)

    def release(self) -> None:
        """The end of that."""
        self.disconnect()
        time.sleep(0.3)
        self.server.command("CONFIG", "SET", "maxclients", "1000")

    def fill(self) -> None:
        """Leave no room."""
        self.server.command("CONFIG", "SET", "maxmemory", "1mb")

    def empty(self) -> None:
        """Leave all."""
        self.server.command("CONFIG", "SET", "maxmemory", "0")


Fault = tuple[Callable[[Scene], None], Callable[[Scene], object]]

FAULTS: Final[Sequence[Fault]] = (
    (lambda scene: scene.is_loaded.set(), lambda scene: scene.is_loaded.clear()),
    (lambda scene: scene.server.kill(), lambda scene: scene.server.start()),
    (lambda scene: scene.fill(), lambda scene: scene.empty()),
    (lambda scene: scene.refuse(), lambda scene: scene.release()),
    (lambda scene: scene.server.pause(), lambda scene: scene.server.resume()),
    (lambda scene: scene.connect(40), lambda scene: scene.disconnect()),
)


@dataclass(slots=True)
class Trial:
    """What both have seen, and by how much they differ."""

    ours: History
    theirs: History

    @property
    def changes(self) -> int:
        """How many changes Prometheus has seen."""
        return sum(len(changes) - 1 for changes in self.theirs.values())

    def differences(self, tolerance_seconds: float) -> list[str]:
        """What one saw and the other did not, or at another time."""
        found = []
        for name in sorted(self.ours.keys() | self.theirs.keys()):
            ours, theirs = self.ours.get(name, []), self.theirs.get(name, [])
            if [one.state for one in ours] != [one.state for one in theirs]:
                found.append(f"{name}: {_tell(ours)} here, {_tell(theirs)} there")
                continue
            for one, other in zip(ours[1:], theirs[1:], strict=True):
                if abs(one.at - other.at) > tolerance_seconds:
                    found.append(f"{name}: {one.state} {other.at - one.at:+.1f} s later there")
        return found

    @property
    def largest_seconds(self) -> float:
        """The longest time between both seeing the same change."""
        pairs = ((self.ours.get(name, []), changes) for name, changes in self.theirs.items())
        return max(
            (abs(a.at - b.at) for ours, theirs in pairs for a, b in zip(ours[1:], theirs[1:], strict=False)),
            default=0.0,
        )


def _tell(changes: Sequence[Change]) -> str:
    start = changes[0].at if changes else 0.0
    return " ".join(f"{one.state}@{one.at - start:.1f}" for one in changes)


def compare(
    directory: Path, program: Path, faults: Sequence[Fault], *, interval: int, phase_seconds: float
) -> Trial:
    """Inject the faults one after the other, each for a phase and with a quiet phase after it.

    `interval` is that of the evaluation in seconds; sampling and scraping go once a second.
    """
    scene = Scene(RealServer(program, directory / "server"))
    (directory / "rules.yml").write_text(RULES)
    with (
        scene.server,
        _load(scene),
        _start_daemon(directory, scene.server, interval) as daemon,
        prometheus(directory, daemon, interval=interval) as url,
    ):
        # What the daemon has seen before Prometheus came says nothing.
        wait_until(lambda: Watcher(daemon.url).states() == Watcher(url).states() != {}, 90, "both agree")
        ours, theirs = Watcher(daemon.url), Watcher(url)
        with _watching(ours, theirs):
            time.sleep(phase_seconds)
            for begin, end in faults:
                begin(scene)
                time.sleep(phase_seconds)
                end(scene)
                time.sleep(phase_seconds * 1.5)
            scene.disconnect()
    return Trial(ours.history, theirs.history)


def _start_daemon(directory: Path, server: RealServer, interval: int) -> Daemon:
    config = directory / "config.yml"
    config.write_text(f"""
global: {{sample_interval: 1s, sample_timeout: 1s, evaluation_interval: {interval}s}}
targets: [{{url: '{server.url}', instance: cache-1}}]
rule_files: [rules.yml]
# Prometheus resolves what it does not hear of.
alerting: {{hold_missing: false}}
""")
    return Daemon(directory, "--config", str(config))


@contextmanager
def _watching(*watchers: Watcher) -> Iterator[None]:
    """Look again and again inside the block."""
    ended = threading.Event()

    def work(watcher: Watcher) -> None:
        while not ended.wait(POLL_SECONDS):
            watcher.look()

    threads = [threading.Thread(target=work, args=(watcher,)) for watcher in watchers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join()


@contextmanager
def _load(scene: Scene) -> Iterator[None]:
    """A thousand commands a second while the event is set."""
    ended = threading.Event()

    def work() -> None:
        while not ended.wait(0.05):
            if scene.is_loaded.is_set():
                with contextlib.suppress(redis.RedisError), redis.Redis(port=scene.server.port) as client:
                    pipeline = client.pipeline(transaction=False)
                    for _ in range(50):
                        pipeline.echo("x")
                    pipeline.execute()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
