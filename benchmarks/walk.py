"""What looking for queues costs a server of a million keys, without any queue and with 100 of BullMQ's.

    python -m benchmarks.walk [--keys 1000000] [--seconds 60] [--rounds 5] [--program redis-server]

The CPU of the walk is the difference between a daemon that looks for queues and one that does not, on a
server that is only written to now and then (where nothing is written nothing is looked for). The p99 of GET
(redis-benchmark) is measured in turns, without a daemon and beside one in the middle of a walk; the median
of the rounds counts. Fails (exit status 1) where the walk takes more than 1 % of the server's time, or GET
more than 1.1 times as long.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from benchmarks import queues
from benchmarks.keyspace_keys import fill
from benchmarks.sampling import fetch, running
from tests.peers import require_program
from tests.servers import RealServer, free_port

_MAX_SHARE: Final = 0.01
_MAX_RATIO: Final = 1.1
_REQUESTS: Final = 200_000
_QUEUES: Final = 100
_JOBS: Final = 20
_OFF: Final = {"enabled": False}


@contextmanager
def daemon(server: RealServer, directory: Path, *, looks: bool) -> Iterator[int]:
    """The daemon on the server, with the keyspace scan off; its port."""
    port = free_port()
    samplers: dict[str, Any] = {"keyspace": _OFF} if looks else {"keyspace": _OFF, "queues": _OFF}
    config = directory / "config.yml"
    config.write_text(json.dumps({"targets": [{"url": server.url}], "rule_files": [], "samplers": samplers}))
    command = [sys.executable, "-m", "exporter", "run", "--config", str(config)]
    with running([*command, "--web.listen-address", f"127.0.0.1:{port}"], port):
        yield port


@contextmanager
def written_to(server: RealServer) -> Iterator[None]:
    """Ten writes per second: a server that is at rest is left at rest."""
    ended = threading.Event()

    def write() -> None:
        while not ended.wait(0.1):
            server.client.set("written", time.time())

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def server_share(server: RealServer, seconds: float) -> float:
    """The part of its time that the server works."""
    cpu, began = queues.server_cpu_seconds(server), time.perf_counter()
    time.sleep(seconds)
    return (queues.server_cpu_seconds(server) - cpu) / (time.perf_counter() - began)


def p99(server: RealServer) -> float:
    """The p99 of GET in milliseconds."""
    command = ["redis-benchmark", "-p", str(server.port), "-t", "get", "-c", "4", "--csv"]
    done = subprocess.run([*command, "-n", str(_REQUESTS)], capture_output=True, text=True, check=True)
    header, line = done.stdout.strip().splitlines()[-2:]
    values = dict(zip(header.replace('"', "").split(","), line.replace('"', "").split(","), strict=True))
    return float(values["p99_latency_ms"])


def measure(server: RealServer, directory: Path, seconds: float, rounds: int) -> bool:
    """Print what looking costs; whether it is little enough."""
    shares = []
    for looks in (False, True):
        with daemon(server, directory, looks=looks) as port, written_to(server):
            time.sleep(5)
            shares.append(server_share(server, seconds))
            page = fetch(port, "/metrics").decode()
    share = shares[1] - shares[0]
    known = next((line for line in page.splitlines() if line.startswith("redis_vigil_queues_known{")), "")
    print(f"CPU:  {share * 100:5.2f} % of the server's time for the walk and its passes;  {known}")
    alone, beside = [], []
    for _ in range(rounds):
        with written_to(server):
            alone.append(p99(server))
            with daemon(server, directory, looks=True):
                time.sleep(8)
                beside.append(p99(server))
    ratio = statistics.median(beside) / statistics.median(alone)
    print(f"GET:  p99 {statistics.median(alone):.3f} ms alone, {statistics.median(beside):.3f} ms beside it")
    print(f"      ratio {ratio:.2f}   (alone {alone}, beside {beside})")
    return share <= _MAX_SHARE and ratio <= _MAX_RATIO


def main() -> int:
    """Run it on servers of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--program", default="redis-server")
    options = parser.parse_args()
    is_good = True
    program = require_program(options.program)
    with tempfile.TemporaryDirectory() as folder, RealServer(program, Path(folder)) as server:
        fill(server.port, options.keys)
        for count in (0, _QUEUES):
            if count:
                queues.fill(server.client, count, _JOBS)
            print(f"{server.client.dbsize():,} keys, {count} queues on {options.program}")
            is_good = measure(server, Path(folder), options.seconds, options.rounds) and is_good
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
