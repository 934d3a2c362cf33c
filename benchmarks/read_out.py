"""What it costs when others read the samples: remote read in both ways, federation, an export.

    python -m benchmarks.read_out [--targets 20] [--rows 400]

A store holds so many rows of 500 series of so many targets, a tenth of which move in each row. All of it is
read through the web application without a socket. Prints CPU time by sample, bytes by sample, and the longest
time that the process computes between two turns of the event loop (CPU time, so that others on the machine do
not count; of a thread that runs meanwhile it counts too).
"""

import argparse
import asyncio
import random
import time
from collections.abc import Callable
from typing import Any, Final

from starlette.applications import Starlette

from exporter.clock import SystemClock
from exporter.model.labels import EMPTY, Labels
from exporter.model.sample import Family, Kind, Layout, Point, Sample, schema_of
from exporter.promql import MemoryBudget
from exporter.remote.export.model import Samples
from exporter.remote.export.writers import make_writer
from exporter.remote.protocol import prometheus_pb2 as pb
from exporter.remote.protocol import snappy
from exporter.remote.read.series_reader import SeriesReader
from exporter.store import Store
from exporter.web import federate
from exporter.web.api_v1 import read
from exporter.web.api_v1.cooperative import CooperativeExecutor
from exporter.web.api_v1.reading import ReadSource
from tests.web.directory import External

_SERIES: Final = 500
_MOVING: Final = 50
_STEP_MS: Final = 15_000
_BUDGET_BYTES: Final = 4 << 30


def fill(targets: int, rows: int) -> Store:
    """A store with these samples, up to now."""
    store, dice, now_ms = Store(retention_ms=1 << 50), random.Random(1), round(time.time() * 1000)
    schema = schema_of(
        [Point(Family(f"redis_metric_{at}", Kind.GAUGE, ""), "", EMPTY) for at in range(_SERIES)]
    )
    for target in range(targets):
        layout = Layout(schema, Labels({"instance": f"redis-{target}:6379", "job": "redis"}))
        values = [float(at) for at in range(_SERIES)]
        for row in range(rows):
            values = [value + dice.randint(0, 1000) for value in values[:_MOVING]] + values[_MOVING:]
            at_ms = now_ms - (rows - row) * _STEP_MS + dice.randint(0, 20)
            store.append(Sample(f"info/{target}", at_ms, layout, values))
    return store


class Sink:
    """Takes what an application answers, and how much that is."""

    def __init__(self, body: bytes) -> None:
        self.status = self.bytes = 0
        self._body: bytes | None = body

    async def receive(self) -> dict[str, Any]:
        """The request, and then nothing for ever."""
        if self._body is None:
            await asyncio.Event().wait()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, message: Any) -> None:
        """Count, as fast as it comes."""
        self.status = message.get("status", self.status)
        self.bytes += len(message.get("body", b""))
        await asyncio.sleep(0)


async def ask(app: Starlette, method: str, path: str, query: bytes, body: bytes) -> tuple[int, float, float]:
    """Bytes, CPU seconds, and the longest of these between two turns of the loop."""
    sink, turns, ended = Sink(body), [0.0], asyncio.Event()

    async def watch() -> None:
        while not ended.is_set():
            begin = time.process_time()
            await asyncio.sleep(0.001)
            turns.append(time.process_time() - begin)

    watching = asyncio.create_task(watch())
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query,
        "headers": [],
        "root_path": "",
    }
    begin = time.process_time()
    await app(scope, sink.receive, sink.send)
    seconds = time.process_time() - begin
    ended.set()
    await watching
    assert sink.status == 200, sink.status
    return sink.bytes, seconds, max(turns)


def request(kind: Any) -> bytes:
    """Everything."""
    matcher = pb.LabelMatcher(type=pb.LabelMatcher.RE, name="job", value=".+")
    query = pb.Query(start_timestamp_ms=0, end_timestamp_ms=1 << 50, matchers=[matcher])
    return snappy.compress(
        pb.ReadRequest(queries=[query], accepted_response_types=[kind]).SerializeToString()
    )


def export_all(store: Store) -> int:
    """The bytes of everything as OpenMetrics."""
    writer, reader, size = make_writer("openmetrics", (), {}), SeriesReader(0, 1 << 50), 0
    for series in store.select([]):
        for part in reader.read(series):
            size += len(writer.samples(series.labels, Samples(part.times, part.values)))
    return size


def report(name: str, samples: int, size: int, seconds: float, turn: float | None) -> None:
    """One line of the table."""
    stands = "" if turn is None else f"{turn * 1000:.0f} ms"
    print(f"| {name} | {seconds / samples * 1e6:.2f} µs | {size / samples:.1f} | {stands} |", flush=True)


async def measure(store: Store, samples: int, series: int) -> None:
    """All ways of reading."""
    clock, executor, budget = SystemClock(), CooperativeExecutor(), MemoryBudget(_BUDGET_BYTES)
    source = ReadSource(store, None, External())
    app = Starlette(
        routes=[
            *read.routes(source, clock, executor, budget),
            *federate.routes(store, clock, executor, budget, External()),
        ]
    )
    chunks, message = request(pb.ReadRequest.STREAMED_XOR_CHUNKS), request(pb.ReadRequest.SAMPLES)
    ways: list[tuple[str, int, Callable[[], Any]]] = [
        ("remote read, chunks", samples, lambda: ask(app, "POST", "/api/v1/read", b"", chunks)),
        ("remote read, samples", samples, lambda: ask(app, "POST", "/api/v1/read", b"", message)),
        ("/federate", series, lambda: ask(app, "GET", "/federate", b"match[]={job!=%22%22}", b"")),
    ]
    for name, count, way in ways:
        report(name, count, *await way())


def main() -> None:
    """Fill a store, and print what reading costs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--targets", type=int, default=20)
    parser.add_argument("--rows", type=int, default=400)
    arguments = parser.parse_args()
    store = fill(arguments.targets, arguments.rows)
    series = arguments.targets * _SERIES
    samples = series * arguments.rows
    print(f"{samples:,} samples of {series:,} series\n")
    print("| way | CPU by sample | bytes by sample | longest turn |\n|---|---|---|---|")
    asyncio.run(measure(store, samples, series))
    begin = time.process_time()
    size = export_all(store)
    report("export, OpenMetrics", samples, size, time.process_time() - begin, None)


if __name__ == "__main__":
    main()
