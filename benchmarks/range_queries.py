"""How long range queries take, as dashboards ask them, beside Prometheus on the same samples.

    python -m benchmarks.range_queries [--servers 5] [--hours 6] [--rounds 5]

Prints a table: expression, points in the answer, milliseconds of this engine with its answer written as JSON,
and of Prometheus' HTTP API (programs `prometheus` and `promtool`), the least of all rounds, and the ratio.
Answers have to have the same series and points.
"""

import argparse
import json
import random
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from benchmarks.sampling import fetch, running
from exporter.model.labels import Labels
from exporter.model.sample import Family, Kind, Layout, Point, Sample
from exporter.promql import Engine, Limits, parse
from exporter.store import Store
from exporter.web.api_v1.encode import encode_result
from tests.peers import require_program
from tests.servers import free_port

STEP_MS: Final = 15_000
START_MS: Final = 1_700_000_000_000
# Seconds between two points of the answer, and the query.
QUERIES: Final = (
    (60, "clients"),
    (15, "clients"),
    (60, "rate(calls_total[1m])"),
    (15, "rate(calls_total[1m])"),
    (60, "sum by (instance) (rate(calls_total[5m]))"),
    (60, "topk(5, rate(calls_total[5m]))"),
    (60, "histogram_quantile(0.99, sum by (le) (rate(latency_seconds_bucket[5m])))"),
    (60, "sum by (cmd) (rate(seconds_total[5m])) / sum by (cmd) (rate(calls_total[5m]))"),
    (60, "max_over_time(clients[1h])"),
    (60, "avg_over_time(clients[10m])"),
    (60, "max_over_time(sum by (instance) (rate(calls_total[5m]))[30m:1m])"),
)
_COMMANDS: Final = 20
_BOUNDS: Final = ("0.001", "0.01", "0.1", "1", "+Inf")
_CALLS = Family("calls", Kind.COUNTER, "")
_SECONDS = Family("seconds", Kind.COUNTER, "")
_LATENCY = Family("latency_seconds", Kind.HISTOGRAM, "")


def points(server: int) -> list[Point]:
    """The series of one server."""
    where = {"instance": f"cache-{server}:6379"}
    commands = [Labels({**where, "cmd": f"cmd{number}"}) for number in range(_COMMANDS)]
    return [
        Point(Family("clients", Kind.GAUGE, ""), "", Labels(where)),
        *(Point(_CALLS, "_total", labels) for labels in commands),
        *(Point(_SECONDS, "_total", labels) for labels in commands),
        *(Point(_LATENCY, "_bucket", Labels({**where, "le": bound})) for bound in _BOUNDS),
    ]


def values(count: int, rows: int, chance: random.Random) -> Iterator[list[float]]:
    """What the series of one server say, row by row: a gauge that goes up and down, counters that grow."""
    row = [float(chance.randrange(1000)) for _ in range(count)]
    for _ in range(rows):
        grown = [round(value + 100 * chance.random(), 3) for value in row[1 : -len(_BOUNDS)]]
        more, buckets = 0.0, []
        for value in row[-len(_BOUNDS) :]:
            more += chance.randrange(3)
            buckets.append(value + more)
        row = [float(chance.randrange(1000)), *grown, *buckets]
        yield row


def write(servers: int, rows: int, store: Store, text: Path) -> None:
    """The same samples into a store, and as OpenMetrics."""
    chance = random.Random(1)
    with text.open("w") as file:
        for server in range(servers):
            layout = Layout(points(server))
            for number, row in enumerate(values(len(layout), rows, chance)):
                at = START_MS + number * STEP_MS
                store.append(Sample(f"cache-{server}", at, layout, row))
                for point, value in zip(layout.points, row, strict=True):
                    labels = ",".join(f'{name}="{one}"' for name, one in point.labels)
                    file.write(f"{point.series.name}{{{labels}}} {value!r} {at / 1000:.3f}\n")
        file.write("# EOF\n")


@contextmanager
def prometheus(directory: Path, text: Path) -> Iterator[int]:
    """The port of a Prometheus that has the samples of a file."""
    tsdb, config, port = directory / "tsdb", directory / "prometheus.yml", free_port()
    if not tsdb.exists():
        _write_tsdb(text, tsdb)
    config.write_text("global: {}\n")
    command = [
        str(require_program("prometheus")),
        f"--config.file={config}",
        f"--storage.tsdb.path={tsdb}",
        "--storage.tsdb.retention.time=50y",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with running(command, port, "/-/ready"):
        yield port


def _write_tsdb(text: Path, tsdb: Path) -> None:
    command = [str(require_program("promtool")), "tsdb", "create-blocks-from", "openmetrics"]
    # The file is read once for each block, of which there are to be few.
    subprocess.run(
        [*command, "--max-block-duration=1000h", str(text), str(tsdb)], check=True, stdout=subprocess.DEVNULL
    )


def least(rounds: int, ask: Callable[[], bytes]) -> tuple[float, bytes]:
    """The shortest time that an answer took, in milliseconds, and the answer."""
    times, answer = [], b""
    for _ in range(rounds):
        begin = time.perf_counter()
        answer = ask()
        times.append(time.perf_counter() - begin)
    return min(times) * 1000, answer


def count(series: Sequence[dict[str, Any]]) -> tuple[int, int]:
    """How many series and points an answer has."""
    return len(series), sum(len(one["values"]) for one in series)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--servers", type=int, default=5)
    parser.add_argument("--hours", type=float, default=6.0)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    rows = int(options.hours * 3_600_000 / STEP_MS)
    start, end = START_MS, START_MS + (rows - 1) * STEP_MS
    store = Store(retention_ms=1 << 50)
    engine = Engine(store, Limits())
    with tempfile.TemporaryDirectory() as name:
        text = Path(name) / "samples.txt"
        write(options.servers, rows, store, text)
        with prometheus(Path(name), text) as port:
            print(f"{'points':>8}  {'ours ms':>8}  {'Prometheus':>10}  {'ratio':>5}  expression (step in s)")
            for step, query in QUERIES:
                expression = parse(query)

                def ours(expression: Any = expression, step: int = step) -> bytes:
                    return encode_result(engine.range(expression, start, end, step * 1000), end).whole

                fields = {"query": query, "start": start / 1000, "end": end / 1000, "step": step}
                path = f"/api/v1/query_range?{urlencode(fields)}"
                mine, answer = least(options.rounds, ours)
                other, wanted = least(options.rounds, lambda path=path: fetch(port, path))  # type: ignore[misc]
                found = count(json.loads(answer)["result"])
                assert found == count(json.loads(wanted)["data"]["result"]), query
                print(f"{found[1]:8,}  {mine:8.1f}  {other:10.1f}  {mine / other:5.1f}  {query} ({step})")


if __name__ == "__main__":
    main()
