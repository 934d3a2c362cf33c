"""How long the event loop stands still at most: `/-/healthy`, polled from outside, under loads of many kinds.

    python -m benchmarks.loop [--targets 200] [--seconds 10] [--every 0.005]
    python -m benchmarks.loop --targets 200 1000 2000 --seconds 60

The first half of the targets is one real server under many addresses, the others refuse connections. Sampled
every 15 s with the shipped rules and all samplers but `clients` (every target would list the connections of
all). Each load is on for the time given, one after the other, beside a baseline without any. Prints a table
in Markdown of milliseconds: the longest answer less what both processes stood in line for a processor
(`benchmarks/lag.py`), and in brackets the longest as it was.
"""

import argparse
import base64
import contextlib
import http.client
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import bcrypt
import yaml

from benchmarks.hostile import KINDS
from benchmarks.lag import Answer, Asking
from benchmarks.rules import addresses
from benchmarks.sampling import running
from tests.peers import require_program
from tests.servers import RealServer, free_port

_USER: Final = "reader"
_PASSWORD: Final = "right"
_QUERIES: Final = (
    '{__name__=~".+"}',
    "count by (__name__, instance) ({__name__=~'.+'})",
    "sum by (instance) (rate({__name__=~'redis_.+_total'}[5m]))",
    "max_over_time(redis_up[6h:1s])",
    "quantile_over_time(0.99, redis_memory_used_bytes[6h:5s])",
    "label_replace({__name__=~'redis_.+'}, 'a', '$1', 'instance', '(.+):.+')",
    "sort_desc({__name__=~'redis_.+'})",
    "redis_up * on (instance) group_left () count by (instance) ({__name__=~'redis_.+'})",
    "topk(1000, {__name__=~'redis_.+'}) or {__name__=~'redis_.+'}",
)


@dataclass(frozen=True, slots=True)
class Load:
    """What is done to the daemon, for as long as the event is not set."""

    name: str
    put_on: Callable[["Daemon", threading.Event], None]


class Daemon:
    """The daemon on so many targets, half of which are dead, and on servers that are about to be hostile."""

    def __init__(self, directory: Path, server: RealServer, targets: int) -> None:
        self.directory = directory
        self.port = free_port()
        self.hostile_ports = [free_port() for _ in KINDS]
        self.targets = targets
        self.pid = 0
        self._server = server

    @contextmanager
    def start(self) -> Iterator[None]:
        """Runs inside the block, which begins when all targets have been sampled."""
        self._write_files()
        command = [sys.executable, "-m", "exporter", "run", "--config", str(self.directory / "config.yml")]
        command += ["--web.listen-address", f"127.0.0.1:{self.port}"]
        with running(command, self.port, "/-/healthy") as pid:
            self.pid = pid
            deadline = time.monotonic() + 180
            while b"is ready" not in self.get("/-/ready"):
                if time.monotonic() > deadline:
                    raise TimeoutError("the daemon was not ready within three minutes")
                time.sleep(0.5)
            yield

    def get(self, path: str, password: str = _PASSWORD, form: str | None = None) -> bytes:
        """An answer, or nothing where there is none in time."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        token = base64.b64encode(f"{_USER}:{password}".encode()).decode()
        headers = {"Authorization": f"Basic {token}"}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            connection.request("GET" if form is None else "POST", path, form, headers)
            return connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            return b""
        finally:
            connection.close()

    def _write_files(self) -> None:
        half = self.targets // 2
        alive = addresses(self._server, half)
        dead = [address.replace("127.", "127.1", 1).rpartition(":")[0] + ":1" for address in alive]
        hostile = [f"127.0.0.1:{port}" for port in self.hostile_ports]
        config = {
            "targets": [{"url": f"redis://{address}"} for address in (*alive, *dead, *hostile)],
            "samplers": {"clients": {"enabled": False}},
            "storage": {"path": "data"},
            "web": {"config_file": "web-config.yml"},
        }
        (self.directory / "config.yml").write_text(yaml.safe_dump(config))
        hashed = bcrypt.hashpw(_PASSWORD.encode(), bcrypt.gensalt(12)).decode()
        (self.directory / "web-config.yml").write_text(yaml.safe_dump({"basic_auth_users": {_USER: hashed}}))


def _open_page(daemon: Daemon, ended: threading.Event) -> None:
    """Each of three browsers fetches the pages one after the other, a second apart."""

    def browse() -> None:
        while not ended.is_set():
            for path in ("/", "/alerts", "/rules", "/api/v1/targets"):
                daemon.get(path)
                ended.wait(1)

    _together([browse] * 3)


def _query(daemon: Daemon, ended: threading.Event) -> None:
    while not ended.is_set():
        for query in _QUERIES:
            if not ended.is_set():
                daemon.get("/api/v1/query", form=urllib.parse.urlencode({"query": query}))
        daemon.get("/api/v1/series?" + urllib.parse.urlencode({"match[]": '{__name__=~".+"}'}))


def _guess(daemon: Daemon, ended: threading.Event) -> None:
    """Fifty passwords a second, from ten who do not wait for each other."""

    def guess(number: int) -> None:
        while not ended.wait(0.2):
            daemon.get("/metrics", f"wrong {number} {time.monotonic()}")

    _together([lambda number=number: guess(number) for number in range(10)])  # type: ignore[misc]


def _be_hostile(daemon: Daemon, ended: threading.Event) -> None:
    command = [sys.executable, "-m", "benchmarks.hostile", *map(str, daemon.hostile_ports)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE)
    ended.wait()
    process.kill()
    process.wait()


def _idle(daemon: Daemon, ended: threading.Event) -> None:
    with ExitStack() as stack:
        for _ in range(100):
            stack.enter_context(socket.create_connection(("127.0.0.1", daemon.port)))
        ended.wait()


def _scrape(daemon: Daemon, ended: threading.Event) -> None:
    while not ended.wait(1):
        daemon.get("/metrics")


def _send_header(daemon: Daemon, ended: threading.Event) -> None:
    """A header that does not end, again and again."""
    while not ended.is_set():
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", daemon.port)) as one:
            one.sendall(b"GET /metrics HTTP/1.1\r\nHost: a\r\nX: ")
            for _ in range(1000):
                one.sendall(b"a" * 65_536)


def _reload(daemon: Daemon, ended: threading.Event) -> None:
    while not ended.wait(2):
        subprocess.run(["kill", f"-{signal.SIGHUP.value}", str(daemon.pid)], check=False)


def _rest(daemon: Daemon, ended: threading.Event) -> None:
    ended.wait()


def _together(tasks: Sequence[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=task) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


LOADS: Final = (
    Load("no load", _rest),
    Load("pages open in three browsers", _open_page),
    Load("ten heavy queries, one after the other", _query),
    Load("wrong passwords, 50/s, cost 12", _guess),
    Load("four hostile servers", _be_hostile),
    Load("100 idle connections", _idle),
    Load("a scrape each second", _scrape),
    Load("headers without end", _send_header),
    Load("a reload every two seconds", _reload),
)


def measure(daemon: Daemon, load: Load, seconds: float, every_seconds: float) -> Answer:
    """The longest stall while the load is on."""
    ended = threading.Event()
    loading = threading.Thread(target=load.put_on, args=(daemon, ended))
    with Asking(daemon.port, daemon.pid, every_seconds) as asking:
        time.sleep(0.5)
        loading.start()
        time.sleep(seconds)
        ended.set()
        loading.join()
    return asking.worst()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--targets", type=int, nargs="+", default=[200])
    parser.add_argument("--seconds", type=float, default=10.0, help="of each load")
    parser.add_argument("--every", type=float, default=0.005, help="seconds between two questions")
    parser.add_argument("--only", default="", help="loads whose names hold this, and the baseline")
    options = parser.parse_args()
    loads = [load for load in LOADS if options.only in load.name or load is LOADS[0]]
    cells: dict[tuple[str, int], Answer] = {}
    program = require_program("redis-server")
    for targets in options.targets:
        with tempfile.TemporaryDirectory() as name:
            directory = Path(name)
            with RealServer(program, directory, "--bind", "0.0.0.0", "--maxclients", "20000") as server:
                daemon = Daemon(directory, server, targets)
                with daemon.start():
                    for load in loads:
                        cells[load.name, targets] = measure(daemon, load, options.seconds, options.every)
                        print(f"{targets} {load.name}: {cells[load.name, targets]}", file=sys.stderr)
    print("|", *(f"| {targets:,} targets" for targets in options.targets), "|")
    print("|---" * (len(options.targets) + 1) + "|")
    for load in loads:
        found = [cells[load.name, targets] for targets in options.targets]
        texts = [f"| {one.stall_seconds * 1000:.0f} ({one.seconds * 1000:.0f})" for one in found]
        print(f"| {load.name}", *texts, "|")


if __name__ == "__main__":
    main()
