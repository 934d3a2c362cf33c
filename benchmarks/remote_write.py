"""What remote write costs, and how late samples arrive: into a real Prometheus.

    python -m benchmarks.remote_write [--targets 200] [--seconds 60]

A real server under that many addresses is sampled every 5 s. Measured are the CPU time of the daemon without
`remote_write` and with it, of which the difference is what it costs, and that of a Prometheus that scrapes
the page of the same daemon every 5 s. The lag is the time from a sample to the first query of the receiver
that finds it, over all servers.

Before that: how long it takes to make requests of rows, by us and by the protobuf library.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx

from benchmarks.rules import INTERVAL_SECONDS, daemon, prometheus, write_rules
from benchmarks.sampling import cpu_seconds, resident_megabytes, running, traffic
from exporter.model.labels import Labels
from exporter.model.sample import Family, Kind, Layout, Point, Sample
from exporter.remote.protocol import snappy
from exporter.remote.protocol.prometheus_pb2 import WriteRequest
from exporter.remote.write.encoder import Encoder
from exporter.remote.write.message import Message
from exporter.remote.write.message_v1 import MessageV1
from exporter.remote.write.message_v2 import MessageV2
from exporter.remote.write.transform import transform_by
from exporter.store import Store
from exporter.store.row_reader import RowReader, Rows
from tests.peers import require_program
from tests.servers import RealServer, free_port

_SERIES: Final = 400
_SOURCES: Final = 20
_PASSES: Final = 30
_BATCH: Final = 2000
_LOOK_SECONDS: Final = 0.2
_V2: Final = "io.prometheus.write.v2.Request"


def sampled_rows() -> Sequence[Rows]:
    """Rows of targets of which a tenth of the series moves each time."""
    store = Store()
    reader = RowReader(store)
    for target in range(_SOURCES):
        base = Labels({"instance": f"redis-{target}.example.com:6379", "job": "redis", "env": "production"})
        family = Family("redis_commands_total", Kind.COUNTER, "Calls of commands.", ("cmd",))
        layout = Layout([Point(family, "", Labels({"cmd": f"command-{n}"})) for n in range(_SERIES)], base)
        values: list[float | None] = [float(n) for n in range(_SERIES)]
        for number in range(_PASSES):
            values = [*values]
            for index in range(number % 10, _SERIES, 10):
                values[index] = number * 1000.5
            store.append(Sample(f"t{target}", 1_700_000_000_000 + number * 5000, layout, values))
    return reader.read(1 << 30)


def by_library(found: Iterable[Rows]) -> int:
    """Make requests with the protobuf library; returns their bytes."""
    size, request, samples = 0, WriteRequest(), 0
    for rows in found:
        labels = [rows.layout.labels(at).pairs for at in range(len(rows.layout))]
        assert rows.base is not None
        values = list(rows.base)
        for row, moment in enumerate(rows.times):
            for index, value in zip(*rows.changes(row), strict=True):
                values[index] = value
            for pairs, value in zip(labels, values, strict=True):
                series = request.timeseries.add()
                for name, text in pairs:
                    series.labels.add(name=name, value=text)
                series.samples.add(value=value, timestamp=moment)
                samples += 1
            if samples >= _BATCH:
                size += len(snappy.compress(request.SerializeToString()))
                request, samples = WriteRequest(), 0
    return size


def by_us(found: Iterable[Rows], message: Message) -> int:
    """The same as the daemon does it."""
    encoder = Encoder(message, transform_by({}, []), _BATCH)
    return sum(len(request.body) for request in encoder.requests(found, 0))


def measure_encoding() -> None:
    """Print what making requests of rows takes."""
    found = sampled_rows()
    samples = _SERIES * _SOURCES * _PASSES
    print(f"{samples:,} samples of {_SERIES * _SOURCES:,} series, {_BATCH} to a request, compressed")
    ways: dict[str, Callable[[], int]] = {
        "redis-vigil, 1.0": lambda: by_us(found, MessageV1()),
        "redis-vigil, 2.0": lambda: by_us(found, MessageV2()),
        "protobuf library, 1.0": lambda: by_library(found),
    }
    for title, make in ways.items():
        began = time.process_time()
        size = make()
        taken = time.process_time() - began
        print(f"  {title:24}{taken / samples * 1e9:8.0f} ns and {size / samples:5.1f} bytes a sample")


@contextmanager
def receiver(directory: Path) -> Iterator[tuple[int, int]]:
    """A Prometheus that takes remote write; its process id and port."""
    (directory / "receiver.yml").write_text("{}")
    port = free_port()
    command = [
        str(require_program("prometheus")),
        f"--config.file={directory / 'receiver.yml'}",
        f"--storage.tsdb.path={directory / f'received-{port}'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--web.enable-remote-write-receiver",
    ]
    with running(command, port) as pid:
        yield pid, port


def measure_lags(port: int, seconds: float) -> list[float]:
    """How old each sample is when a query finds it first."""
    lags: list[float] = []
    seen: dict[str, float] = {}
    query = {"query": "timestamp(redis_up)"}
    ends_at = time.monotonic() + seconds
    with httpx.Client() as client:
        while time.monotonic() < ends_at:
            answer = client.get(f"http://127.0.0.1:{port}/api/v1/query", params=query).json()
            now = time.time()
            for one in answer["data"]["result"]:
                name, moment = one["metric"]["instance"], float(one["value"][1])
                if seen.get(name, moment) != moment:
                    lags.append(now - moment)
                seen[name] = moment
            time.sleep(_LOOK_SECONDS)
    return sorted(lags)


def measure(pid: int, settle: float, seconds: float) -> tuple[float, float]:
    """CPU seconds and megabytes of a process."""
    time.sleep(settle)
    before = cpu_seconds(pid)
    time.sleep(seconds)
    return cpu_seconds(pid) - before, resident_megabytes(pid)


def measure_sending(server: RealServer, directory: Path, options: argparse.Namespace) -> None:
    """Print what sending costs beside a scrape."""
    extra = "samplers: {clients: {enabled: false}}\n"
    times = (options.settle, options.seconds)
    with daemon(server, options.targets, directory, extra) as (pid, port):
        without = measure(pid, *times)
        scrape = (
            f"  - {{job_name: a, honor_labels: true, static_configs: [{{targets: ['127.0.0.1:{port}']}}]}}\n"
        )
        with prometheus(directory, scrape) as (prometheus_pid, _):
            scraping = measure(prometheus_pid, *times)
    print(f"{options.targets} targets at {INTERVAL_SECONDS} s, {options.seconds:g} s")
    print(f"  {'':34}{'CPU s':>8}{'MB':>8}")
    print(f"  {'redis-vigil without remote_write':34}{without[0]:8.1f}{without[1]:8.0f}")
    print(f"  {'Prometheus that scrapes its page':34}{scraping[0]:8.1f}{scraping[1]:8.0f}")
    for title, message in (("1.0", "prometheus.WriteRequest"), ("2.0", _V2)):
        if message == _V2 and not options.v2:
            continue
        with receiver(directory) as (receiver_pid, receiver_port):
            url = f"http://127.0.0.1:{receiver_port}/api/v1/write"
            sending = f"remote_write: [{{url: '{url}', protobuf_message: {message}}}]\n"
            with daemon(server, options.targets, directory, extra + sending) as (pid, _):
                time.sleep(options.settle)
                before, theirs = cpu_seconds(pid), cpu_seconds(receiver_pid)
                lags = measure_lags(receiver_port, options.seconds)
                taken, memory = cpu_seconds(pid) - before, resident_megabytes(pid)
                theirs = cpu_seconds(receiver_pid) - theirs
        print(f"  {f'redis-vigil with it, {title}':34}{taken:8.1f}{memory:8.0f}")
        print(f"  {'the receiver':34}{theirs:8.1f}")
        extra_cpu = taken - without[0]
        print(f"  {'what it costs':34}{extra_cpu:8.1f}{memory - without[1]:8.0f}")
        print(f"  {'ratio to the scrape':34}{extra_cpu / scraping[0]:8.2f}")
        print(f"  lag: median {lags[len(lags) // 2]:.1f} s, p99 {lags[int(len(lags) * 0.99)]:.1f} s")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--targets", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--settle", type=float, default=20.0)
    parser.add_argument("--v2", action="store_true", help="2.0 as well; the receiver must be Prometheus 3")
    parser.add_argument("--encoding-only", action="store_true")
    options = parser.parse_args()
    measure_encoding()
    if options.encoding_only:
        return
    sys.stdout.flush()
    program = require_program("redis-server")
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        write_rules(directory)
        with RealServer(program, directory, "--bind", "0.0.0.0") as server, traffic(server):
            measure_sending(server, directory, options)


if __name__ == "__main__":
    main()
