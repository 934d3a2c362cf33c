"""What a reload of many targets and rule files takes, and how long the event loop stands still meanwhile.

    python -m benchmarks.reload [--targets 2000] [--rule-files 500]

Half of the targets are one real server under many addresses, the others refuse connections. Each rule file
has a group of three alerts about one of them. Reloads one after the other: nothing has changed; one target in
ten and one rule file in ten; a label of all targets and all rule files; 300 asked for at once. Prints a table
in Markdown: seconds until the answer, reloads that were made, the longest stall of `/-/healthy` as another
process sees it in milliseconds (`benchmarks/lag.py`; in brackets with the time in line for a processor), the
longest gap between two samples of a server that is up in intervals, and messages that were sent meanwhile.
"""

import argparse
import itertools
import json
import re
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from benchmarks.lag import Asking
from benchmarks.rules import addresses
from benchmarks.sampling import fetch, running
from tests.peers import require_program
from tests.servers import RealServer, free_port

_INTERVAL_SECONDS: Final = 15
_AT_ONCE: Final = 300
_SENT: Final = re.compile(r"^alertmanager_notifications_total\{.*\} (\S+)$", re.MULTILINE)


class World:
    """The files of a daemon; a higher `generation` of a target or of a rule file is a changed one."""

    def __init__(self, directory: Path, server: RealServer, targets: int, files: int, hook: int) -> None:
        half = targets // 2
        alive = addresses(server, half)
        dead = [address.replace("127.", "127.1", 1).rpartition(":")[0] + ":1" for address in alive]
        self.addresses = [*alive, *dead]
        self.alive = frozenset(alive)
        self._directory = directory
        self._targets = [0] * len(self.addresses)
        self._files = [0] * files
        routing = {
            "route": {
                "receiver": "hook",
                "group_by": ["alertname"],
                "group_wait": "20s",
                "group_interval": "1h",
            },
            "receivers": [{"name": "hook", "webhook_configs": [{"url": f"http://127.0.0.1:{hook}/"}]}],
        }
        (directory / "alertmanager.yml").write_text(yaml.safe_dump(routing))
        (directory / "rules").mkdir()
        self.change(1)

    def change(self, every: int) -> None:
        """Write the files anew; every so many of them is another one."""
        self._targets = [one + (number % every == 0) for number, one in enumerate(self._targets)]
        self._files = [one + (number % every == 0) for number, one in enumerate(self._files)]
        config = {
            "rule_files": ["rules/*.yml"],
            "targets": [
                {"url": f"redis://{address}", "labels": {"generation": str(generation)}}
                for address, generation in zip(self.addresses, self._targets, strict=True)
            ],
            "samplers": {"clients": {"enabled": False}},
            "alerting": {"config_file": "alertmanager.yml"},
        }
        (self._directory / "config.yml").write_text(yaml.safe_dump(config))
        for number, generation in enumerate(self._files):
            where = f'{{instance="{self.addresses[-1 - number % len(self.addresses)]}"}}'
            rules = [
                {
                    "alert": f"Rule{name}",
                    "expr": f"{expression}",
                    "annotations": {"summary": f"{{{{ $labels.instance }}}} of {generation}"},
                }
                for name, expression in (
                    ("Down", f"redis_up{where} == 0"),
                    ("Memory", f"redis_memory_used_bytes{where} > 1e15"),
                    ("Clients", f"rate(redis_connections_received_total{where}[5m]) > 1e9"),
                )
            ]
            text = yaml.safe_dump({"groups": [{"name": "one", "rules": rules}]})
            (self._directory / "rules" / f"{number:04}.yml").write_text(text)


class Daemon:
    """A running daemon on the files of a world."""

    def __init__(self, world: World, port: int, pid: int, log: Path) -> None:
        self.world = world
        self.port = port
        self.pid = pid
        self._log = log

    def reload(self) -> None:
        """Until it is done."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/-/reload", method="POST")
        urllib.request.urlopen(request, timeout=120).read()

    def reload_at_once(self) -> None:
        """Many, each over a connection of its own."""
        threads = [threading.Thread(target=self.reload) for _ in range(_AT_ONCE)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    @property
    def reloads(self) -> int:
        """How many were made so far."""
        return self._log.read_text().count("the configuration was reloaded")

    @property
    def sent(self) -> int:
        """How many messages were sent so far."""
        return sum(round(float(one)) for one in _SENT.findall(fetch(self.port, "/metrics").decode()))

    def longest_gap(self, seconds: float) -> float:
        """Between two samples of a server that is up, in seconds, by its address."""
        query = f"redis_memory_used_bytes[{round(seconds)}s]"
        path = "/api/v1/query?" + urllib.parse.urlencode({"query": query})
        moments: dict[str, list[float]] = {}
        found: dict[str, Any] = json.loads(fetch(self.port, path))
        for series in found["data"]["result"]:
            ats = (float(at) for at, _ in series["values"])
            moments.setdefault(series["metric"]["instance"], []).extend(ats)
        missing = self.world.alive - moments.keys()
        assert not missing, f"{len(missing)} servers have no samples"
        return max(_longest(sorted(ats)) for ats in moments.values())


def _longest(moments: Sequence[float]) -> float:
    return max((after - before for before, after in itertools.pairwise(moments)), default=0.0)


def measure(daemon: Daemon, change_every: int, at_once: bool) -> str:
    """A row of the table. Long enough after the reload for a gap and a message to show."""
    if change_every:
        daemon.world.change(change_every)
    reloads, sent = daemon.reloads, daemon.sent
    with Asking(daemon.port, daemon.pid) as asking:
        time.sleep(1)
        began = time.monotonic()
        (daemon.reload_at_once if at_once else daemon.reload)()
        ended = time.monotonic()
        time.sleep(2.5 * _INTERVAL_SECONDS)
    during, after = asking.worst(until=ended), asking.worst(since=ended)
    gap = daemon.longest_gap(time.monotonic() - began + _INTERVAL_SECONDS) / _INTERVAL_SECONDS
    return (
        f"{ended - began:.1f} | {daemon.reloads - reloads} "
        f"| {during.stall_seconds * 1000:.0f} ({during.seconds * 1000:.0f}) "
        f"| {after.stall_seconds * 1000:.0f} ({after.seconds * 1000:.0f}) "
        f"| {gap:.2f} | {daemon.sent - sent}"
    )


def _await_ready(port: int) -> None:
    deadline = time.monotonic() + 300
    while b"is ready" not in fetch(port, "/-/ready"):
        if time.monotonic() > deadline:
            raise TimeoutError("the daemon was not ready within five minutes")
        time.sleep(0.5)


KINDS: Final = (
    ("nothing has changed", 0, False),
    ("a tenth of the targets and rule files", 10, False),
    ("a label of all targets, all rule files", 1, False),
    (f"{_AT_ONCE} at once, nothing has changed", 0, True),
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--targets", type=int, default=2000)
    parser.add_argument("--rule-files", type=int, default=500)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        log = directory / "log"
        with RealServer(
            require_program("redis-server"), directory, "--bind", "0.0.0.0", "--maxclients", "20000"
        ) as server:
            world = World(directory, server, options.targets, options.rule_files, free_port())
            port = free_port()
            command = [sys.executable, "-m", "exporter", "run", "--config", str(directory / "config.yml")]
            command = ["sh", "-c", 'exec "$@" 2>"$0"', str(log), *command]
            with running([*command, "--web.listen-address", f"127.0.0.1:{port}"], port, "/-/healthy") as pid:
                _await_ready(port)
                daemon = Daemon(world, port, pid, log)
                # A message of every group, and samples to see a gap between.
                time.sleep(4 * _INTERVAL_SECONDS)
                rows = []
                for text, change_every, at_once in KINDS:
                    rows.append(f"| {text} | {measure(daemon, change_every, at_once)} |")
                    print(rows[-1], file=sys.stderr)
    print("| reload of what has changed | s | made | stall during | after | gap | messages |")
    print("|---" * 7 + "|")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
