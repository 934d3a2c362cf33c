"""What scanning a keyspace costs, beside `redis-cli --memkeys` and redis_exporter's key groups.

    python -m benchmarks.keyspace [speed] [foreground] [page] [memory] [--keys 1000000] [--rounds 3]

speed       wall time and the server's CPU per key: all keys, a sample, the peers; errors of the sample
foreground  p99 of GET and SET (redis-benchmark) alone, and beside scans and redis_exporter
page        how long /metrics takes while the daemon scans
memory      the memory that a sample of --names names with 1,000 patterns adds

Rounds alternate between the tools; the best one of each counts.
"""

import argparse
import csv
import io
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final

import uvloop

from benchmarks.keyspace_keys import LUA_GROUPS, fill
from benchmarks.sampling import fetch, running
from exporter.clock import SystemClock
from exporter.config.samplers.keyspace import KeyspaceSection
from exporter.connection import Connection
from exporter.keyspace import PassReport
from exporter.keyspace.answers import FactsRequest, UnsupportedCommands
from exporter.keyspace.configured import ConfiguredPatterns
from exporter.keyspace.keyspace_sample import KeyspaceSample, SampleSettings
from exporter.keyspace.miner import PatternMiner
from exporter.keyspace.payload import Payload
from exporter.keyspace.plan import SamplePlan
from exporter.keyspace.progress import dump_sample
from exporter.keyspace.scan import Scan
from exporter.model.target import Address, Target
from exporter.sampling.keyspace_stats import KeyspaceStats
from tests.peers import require_program
from tests.servers import RealServer, free_port

_PARTS: Final = ("speed", "foreground", "page", "memory")
_SAMPLE_SHARE: Final = 0.06
_REQUESTS: Final = 200_000
# Beside redis_exporter a request waits for tens of milliseconds.
_FEW_REQUESTS: Final = 10_000
_PAGES: Final = 1000


def scan(server: RealServer, **settings: Any) -> PassReport:
    """One pass of ours."""
    return uvloop.run(_scan(server, KeyspaceSection.model_validate({"run_on": "any", **settings})))


async def _scan(server: RealServer, section: KeyspaceSection) -> PassReport:
    target = Target(server.instance, Address("127.0.0.1", server.port))
    connection = Connection(target, name="redis-vigil-keyspace", no_touch=True, timeout_seconds=60)
    try:
        return (await Scan(connection, section, clock=SystemClock(), lookups=KeyspaceStats()).run()).report
    finally:
        await connection.close()


def memkeys(server: RealServer) -> None:
    """`redis-cli --memkeys`."""
    command = ["redis-cli", "-p", str(server.port), "--memkeys"]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)


@contextmanager
def key_groups(server: RealServer) -> Iterator[Callable[[], bytes]]:
    """redis_exporter with key groups, which it works out in every scrape; yields a scrape."""
    port = free_port()
    program = str(require_program("prometheus-redis-exporter"))
    command = [
        *(program, "-redis.addr", server.url, "-web.listen-address", f"127.0.0.1:{port}"),
        *("-check-key-groups", LUA_GROUPS, "-check-keys-batch-size", "10000"),
    ]
    with running(command, port, "/"):
        yield lambda: fetch(port, "/metrics")


@dataclass(frozen=True, slots=True)
class Cost:
    """One run: seconds, and the server's CPU time in microseconds per key."""

    seconds: float
    server_us: float


def cpu_of(server: RealServer) -> float:
    fields = server.client.info("cpu")
    return float(fields["used_cpu_user"]) + float(fields["used_cpu_sys"])


def measure(server: RealServer, keys: int, work: Callable[[], object]) -> Cost:
    before, started = cpu_of(server), time.perf_counter()
    work()
    seconds = time.perf_counter() - started
    return Cost(seconds, (cpu_of(server) - before) / keys * 1e6)


def compare_speed(server: RealServer, keys: int, rounds: int) -> None:
    reports: dict[str, PassReport] = {}

    def ours(name: str, **settings: Any) -> Callable[[], object]:
        def work() -> None:
            reports[name] = scan(server, budget="unlimited", **settings)

        return work

    with key_groups(server) as scrape:
        tools: dict[str, Callable[[], object]] = {
            "redis-cli --memkeys": lambda: memkeys(server),
            "redis_exporter key groups": scrape,
            "redis-vigil, all keys": ours("all", sample="all"),
            "redis-vigil, a sample": ours("sample", sample=round(keys * _SAMPLE_SHARE)),
        }
        runs: dict[str, list[Cost]] = {name: [] for name in tools}
        for _ in range(rounds):
            for name, work in tools.items():
                runs[name].append(measure(server, keys, work))
    best = {
        name: Cost(min(run.seconds for run in costs), min(run.server_us for run in costs))
        for name, costs in runs.items()
    }
    for name, cost in best.items():
        print(f"{name:28} {cost.seconds:8.2f} s  {cost.server_us:6.2f} us of the server per key")
    cli, peer = best["redis-cli --memkeys"], best["redis_exporter key groups"]
    exact, sampled = best["redis-vigil, all keys"], best["redis-vigil, a sample"]
    print(f"all keys: {cli.seconds / exact.seconds:.1f} x faster than redis-cli --memkeys (goal: 5)")
    print(f"all keys: {exact.server_us / peer.server_us:.2f} x redis_exporter's server CPU (goal: 0.9)")
    print(f"a sample: {sampled.server_us / peer.server_us:.2f} x redis_exporter's server CPU (goal: 0.35)")
    print_errors(reports["all"], reports["sample"])


def print_errors(exact: PassReport, sampled: PassReport) -> None:
    """How far the sample is off, for the patterns that hold 1 % of the memory or more."""
    truth = {one.pattern: one.memory_bytes or 0 for one in exact.patterns}
    errors = [
        (abs((one.memory_bytes or 0) / truth[one.pattern] - 1), one.pattern)
        for one in sampled.patterns
        if truth[one.pattern] >= 0.01 * (exact.memory_bytes or 0)
    ]
    worst, pattern = max(errors)
    print(f"a sample: of {len(errors)} patterns the worst is {worst:.1%} off, {pattern} (goal: 3 %)")


@contextmanager
def beside(work: Callable[[], object] | None) -> Iterator[None]:
    """Something that goes on again and again meanwhile, in a process of its own."""
    if work is None:
        yield
        return
    parent, child = os.getpid(), os.fork()
    if child == 0:
        try:
            while os.getppid() == parent:
                work()
        finally:
            os._exit(0)
    try:
        time.sleep(1.0)
        yield
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)


def p99(server: RealServer, requests: int) -> tuple[float, float]:
    """The 99th percentile of GET and SET in milliseconds."""
    command = ["redis-benchmark", "-p", str(server.port), "-t", "get,set", "-n", str(requests)]
    done = subprocess.run(
        [*command, "-r", "100000", "-c", "50", "--csv"], capture_output=True, text=True, check=True
    )
    rows = {row["test"]: float(row["p99_latency_ms"]) for row in csv.DictReader(io.StringIO(done.stdout))}
    return rows["GET"], rows["SET"]


def compare_foreground(server: RealServer, rounds: int) -> None:
    with key_groups(server) as scrape:
        loads: dict[str, Callable[[], object] | None] = {
            "alone": None,
            "beside redis-vigil at 1 %": lambda: scan(server),
            "beside redis-vigil unthrottled": lambda: scan(server, budget="unlimited", sample="all"),
            "beside redis_exporter key groups": scrape,
        }
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in loads}
        for _ in range(rounds):
            for name, work in loads.items():
                with beside(work):
                    found[name].append(p99(server, _FEW_REQUESTS if work is scrape else _REQUESTS))
    for name, pairs in found.items():
        get, put = (statistics.median(pair[index] for pair in pairs) for index in (0, 1))
        print(f"{name:34} p99 GET {get:6.3f} ms  SET {put:6.3f} ms (median of {len(pairs)})")


def time_pages(server: RealServer, directory: Path) -> None:
    """/metrics of the daemon: without a scan, and beside one after the other."""
    settings = {
        "without a scan": "enabled: false",
        "beside a scan at 1 %": "budget: 1%",
        "beside an unthrottled scan": "budget: unlimited",
    }
    for name, setting in settings.items():
        seconds = page_times(server, directory, setting)
        p50, p99 = seconds[_PAGES // 2] * 1e3, seconds[int(_PAGES * 0.99)] * 1e3
        print(f"/metrics {name:27} p50 {p50:5.2f} ms  p99 {p99:5.2f} ms (goal: 5 ms)")


def page_times(server: RealServer, directory: Path, setting: str) -> list[float]:
    """The seconds that pages take, sorted. Sampling is at one second, so that scan follows scan."""
    port = free_port()
    config = directory / "config.yml"
    config.write_text(
        f"rule_files: []\nglobal: {{sample_interval: 1s}}\ntargets: [{{url: '{server.url}'}}]\n"
        f"samplers: {{keyspace: {{interval: 1s, {setting}}}}}\n"
    )
    command = [sys.executable, "-m", "exporter", "run", "--config", str(config)]
    seconds = []
    with running([*command, "--web.listen-address", f"127.0.0.1:{port}"], port):
        time.sleep(2)
        for _ in range(_PAGES):
            started = time.perf_counter()
            fetch(port, "/metrics")
            seconds.append(time.perf_counter() - started)
            time.sleep(0.013)
    return sorted(seconds)


def sample_names(names: int) -> None:
    """A sample of names that are made up, in this process."""
    random = Random(1)
    settings = SampleSettings(
        SamplePlan(names * _SAMPLE_SHARE), 0.3 * names * _SAMPLE_SHARE, "OBJECT IDLETIME", False, 10, seed=1
    )
    sample = KeyspaceSample(
        settings, PatternMiner(ConfiguredPatterns([])), UnsupportedCommands(), KeyspaceStats()
    )
    sample.note_size(names)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    for _ in range(names // 1000):
        batch = sample.select(
            b"0",
            [_name(number) for number in random.sample(range(10**9), 1000)],
        )
        sample.commit(batch, _made_up(batch.request, sample.refused, random))
        if sample.needs_tidying:
            sample.tidy()
    seconds = time.process_time() - started
    # What is saved every half minute counts too.
    saved = len(json.dumps(dump_sample(sample)))
    found = sample.miner.finalize()
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    each = seconds / names * 1e6
    print(f"{names:,} names, {len(found):,} patterns: {grown:.0f} MB more (goal: 100), {each:.1f} us per key")
    print(f"progress as it is saved: {saved / 1e6:.1f} MB")


def _name(number: int) -> bytes:
    """A name of one of a thousand patterns."""
    family = number % 1000
    return b"a%c:b%c:c%c:%d" % (97 + family // 100, 97 + family // 10 % 10, 97 + family % 10, number)


def _made_up(request: FactsRequest, refused: UnsupportedCommands, random: Random) -> list[Any]:
    payload = Payload()
    request.write(payload, refused)
    count, extra = len(request.names), len(request.extra)
    sizes = [random.randrange(50, 500) for _ in range(count)]
    return [*[b"string"] * count, *[-1] * count, *sizes, *[b"raw"] * extra, *[100] * extra]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", metavar="part", help=", ".join(_PARTS))
    parser.add_argument("--keys", type=int, default=1_000_000)
    parser.add_argument("--names", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--server", default="redis-server")
    options = parser.parse_args()
    options.parts = options.parts or list(_PARTS)
    if unknown := set(options.parts) - set(_PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}: choose from {', '.join(_PARTS)}")
    if set(options.parts) & {"speed", "foreground", "page"}:
        with tempfile.TemporaryDirectory() as name:
            directory = Path(name)
            with RealServer(require_program(options.server), directory / "server") as server:
                fill(server.port, options.keys)
                keys = server.client.dbsize()
                if "speed" in options.parts:
                    compare_speed(server, keys, options.rounds)
                if "page" in options.parts:
                    time_pages(server, directory)
                if "foreground" in options.parts:
                    compare_foreground(server, options.rounds)
    if "memory" in options.parts:
        sample_names(options.names)


if __name__ == "__main__":
    main()
