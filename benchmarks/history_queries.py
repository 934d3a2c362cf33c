"""How long a panel of one server takes over days on disk, beside Prometheus on the same samples.

    python -m benchmarks.history_queries [--servers 10] [--days 30] [--rounds 5] [--directory DIR]

Blocks of so many days are written as the daemon leaves them: one for each day, older ones downsampled, and
the last hours in memory. Of all servers Prometheus gets one, the one that is asked about. Prints a table:
milliseconds of the first time (nothing decoded yet) and the least of all rounds, of this engine with its
answer written as JSON, and of Prometheus' HTTP API (programs `prometheus` and `promtool`); and the CPU time
of both, which says more on a machine that has other things to do. Answers have to have the same series and
points. With `--directory` blocks and Prometheus' database are left there, and the next run takes those.
"""

import argparse
import json
import os
import random
import tempfile
import time
from array import array
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from benchmarks.range_queries import count, prometheus
from benchmarks.sampling import fetch
from exporter.history.block_writer import BlockWriter, Column
from exporter.history.blocks import Blocks
from exporter.history.compaction import compact
from exporter.history.source import HistorySource
from exporter.model.labels import METRIC_NAME, Labels
from exporter.model.sample import Family, Kind, Layout, Point, Sample
from exporter.promql import Engine, Limits, parse
from exporter.store import Store
from exporter.web.api_v1.encode import encode_result

STEP_MS: Final = 15_000
DAY_MS: Final = 86_400_000
# The first day begins at midnight, UTC.
START_MS: Final = 1_700_006_400_000
_IN_MEMORY_MS: Final = 6 * 3_600_000
_COMMANDS: Final = 20
_BOUNDS: Final = ("0.001", "0.003", "0.01", "0.03", "0.1", "+Inf")

# As panels of the shipped dashboard `instance` ask.
PANEL: Final = (
    "max by (instance) (redis_memory_used_bytes{ONE})",
    "max by (instance) (redis_connected_clients{ONE})",
    "topk(10, max by (instance, cmd) (rate(redis_commands_total{ONE}[RATE])))",
    "max by (instance) (rate(redis_net_input_bytes_total{ONE}[RATE]))",
    "histogram_quantile(0.99, max by (instance, le) (rate(redis_ping_duration_seconds_bucket{ONE}[RATE])))",
    "max by (instance) (rate(redis_keyspace_hits_total{ONE}[RATE])) / (max by (instance)"
    " (rate(redis_keyspace_hits_total{ONE}[RATE])) + max by (instance)"
    " (rate(redis_keyspace_misses_total{ONE}[RATE])) > 0)",
)
_ONE: Final = '{job=~"redis", instance=~"cache-0:6379"}'
# The last so many days, and seconds between two points.
RANGES: Final = ((1, 60), (7, 600), (30, 1_800))


def families() -> list[tuple[Family, str, dict[str, str]]]:
    """The series of a server: family, suffix and own labels."""
    counters = ["keyspace_hits", "keyspace_misses", "net_input_bytes"]
    return [
        (Family("redis_memory_used_bytes", Kind.GAUGE, ""), "", {}),
        (Family("redis_connected_clients", Kind.GAUGE, ""), "", {}),
        *((Family(f"redis_{name}", Kind.COUNTER, ""), "_total", {}) for name in counters),
        *((_COMMANDS_FAMILY, "_total", {"cmd": f"cmd{number}"}) for number in range(_COMMANDS)),
        *((_PING, "_bucket", {"le": bound}) for bound in _BOUNDS),
    ]


_COMMANDS_FAMILY: Final = Family("redis_commands", Kind.COUNTER, "")
_PING: Final = Family("redis_ping_duration_seconds", Kind.HISTOGRAM, "")


def layout_of(server: int) -> Layout:
    """The series of one server."""
    points = [Point(family, suffix, Labels(labels)) for family, suffix, labels in families()]
    return Layout(points, Labels({"instance": f"cache-{server}:6379", "job": "redis"}))


def columns(rows: int, chance: random.Random) -> list["array[float]"]:
    """What a lively server says, series by series."""

    def walk(start: int, most: int) -> Iterator[float]:
        return map(
            float, accumulate((chance.randrange(-most, most + 1) for _ in range(rows - 1)), initial=start)
        )

    def grow(most: int) -> Iterator[float]:
        return map(float, accumulate((chance.randrange(most) for _ in range(rows - 1)), initial=0))

    found = [array("d", walk(1 << 30, 1 << 20)), array("d", walk(10_000, 5))]
    found += [array("d", grow(most)) for most in (50_000, 2_000, 5_000_000)]
    found += [array("d", grow(1 << (number // 2 + 1))) for number in range(_COMMANDS)]
    buckets = [array("d", grow(most)) for most in (20, 5, 2, 2, 2, 2)]
    for place in range(1, len(buckets)):
        buckets[place] = array("d", map(sum, zip(buckets[place - 1], buckets[place], strict=True)))
    return found + buckets


def write_blocks(directory: Path, servers: int, values: Sequence["array[float]"]) -> Blocks:
    """All samples as the daemon leaves them on disk."""
    blocks = Blocks(directory)
    rows, layouts = len(values[0]), [layout_of(server) for server in range(servers)]
    for number, first in enumerate(range(0, rows, DAY_MS // STEP_MS), 1):
        here = [one[first : first + DAY_MS // STEP_MS] for one in values]
        times = array(
            "q", range(START_MS + first * STEP_MS, START_MS + (first + len(here[0])) * STEP_MS, STEP_MS)
        )
        path = blocks.path_of(times[0], times[-1], number)
        writer = BlockWriter(path)
        for server, layout in enumerate(layouts):
            labels = [layout.labels(index) for index in range(len(layout))]
            writer.add(f"cache-{server}", labels, times, [_changes(column) for column in here])
        writer.close()
        blocks.add(path)
    end_ms = START_MS + rows * STEP_MS
    compact(blocks, now_ms=end_ms + DAY_MS // 4, downsample_after_ms=2 * DAY_MS)
    return blocks


def _changes(values: "array[float]") -> Column:
    moved = [row for row in range(len(values)) if not row or values[row] != values[row - 1]]
    return Column(array("I", moved), array("d", [values[row] for row in moved]))


def write_text(text: Path, values: Sequence["array[float]"]) -> None:
    """The samples of the first server as OpenMetrics."""
    layout = layout_of(0)
    heads = []
    for index in range(len(layout)):
        labels = layout.labels(index)
        inner = ",".join(f'{name}="{value}"' for name, value in labels if name != METRIC_NAME)
        heads.append(f"{labels.name}{{{inner}}}")
    with text.open("w") as file:
        for head, column in zip(heads, values, strict=True):
            file.writelines(
                f"{head} {value:.0f} {START_MS // 1000 + row * (STEP_MS // 1000)}\n"
                for row, value in enumerate(column)
            )
        file.write("# EOF\n")


def newest(servers: int, values: Sequence["array[float]"]) -> Store:
    """The last hours in memory."""
    store, rows = Store(retention_ms=_IN_MEMORY_MS), len(values[0])
    layouts = [layout_of(server) for server in range(servers)]
    for row in range(max(0, rows - _IN_MEMORY_MS // STEP_MS), rows):
        told = [column[row] for column in values]
        for server, layout in enumerate(layouts):
            store.append(Sample(f"cache-{server}", START_MS + row * STEP_MS, layout, told))
    return store


def times_of(rounds: int, ask: Callable[[], bytes]) -> tuple[float, float, bytes]:
    """How long it took at first and at least, in milliseconds, and the answer."""
    times, answer = [], b""
    for _ in range(rounds):
        begin = time.perf_counter()
        answer = ask()
        times.append((time.perf_counter() - begin) * 1000)
    return times[0], min(times), answer


def cpu_of_children() -> float:
    """The CPU time that running children have used, in seconds."""
    pid = os.getpid()
    ticks = 0
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def compare(reopen: Callable[[], Engine], port: int, end_ms: int, rounds: int) -> None:
    """Print the table."""
    head = f"{'points':>7}  {'first ms':>8}  {'ours':>7}  {'first ms':>8}  {'Prometheus':>10}  {'ratio':>5}"
    for days, step in RANGES:
        engine, sums, used = reopen(), [0.0] * 4, [0.0, 0.0]
        print(f"{days} d, {step} s\n{head}  expression")
        for text in PANEL:
            query = text.replace("{ONE}", _ONE).replace("RATE", f"{step + STEP_MS // 1000}s")
            expression, start_ms = parse(query), end_ms - days * DAY_MS + STEP_MS

            def ours(expression: Any = expression, start_ms: int = start_ms, step: int = step) -> bytes:
                return encode_result(engine.range(expression, start_ms, end_ms, step * 1000), end_ms).whole  # noqa: B023

            fields = {"query": query, "start": start_ms / 1000, "end": end_ms / 1000, "step": step}
            path = f"/api/v1/query_range?{urlencode(fields)}"
            begin = time.process_time()
            mine = times_of(rounds, ours)
            used[0] += (time.process_time() - begin) * 1000 / rounds
            before = cpu_of_children()
            other = times_of(rounds, lambda path=path: fetch(port, path))  # type: ignore[misc]
            used[1] += (cpu_of_children() - before) * 1000 / rounds
            found = count(json.loads(mine[2])["result"])
            wanted = count(json.loads(other[2])["data"]["result"])
            assert found == wanted, (query, found, wanted)
            row = [*mine[:2], *other[:2]]
            sums = [one + more for one, more in zip(sums, row, strict=True)]
            _print_row(found[1], row, text.replace("{ONE}", ""))
        _print_row(0, sums, "all of them")
        print(
            f"CPU time of all, ms: ours {used[0]:.0f}, Prometheus {used[1]:.0f}, "
            f"ratio {used[0] / used[1]:.1f}"
        )


def _print_row(points: int, row: Sequence[float], text: str) -> None:
    first, least, first_other, least_other = row
    print(
        f"{points:7,}  {first:8.1f}  {least:7.1f}  {first_other:8.1f}  {least_other:10.1f}"
        f"  {least / least_other:5.1f}  {text[:70]}"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--servers", type=int, default=10)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--directory", type=Path)
    options = parser.parse_args()
    values = columns(options.days * DAY_MS // STEP_MS, random.Random(1))
    end_ms = START_MS + options.days * DAY_MS - STEP_MS
    store = newest(options.servers, values)
    with tempfile.TemporaryDirectory() as name:
        directory = options.directory or Path(name)
        text = directory / "samples.txt"
        blocks = Blocks(directory)
        blocks.load()
        if not blocks.count:
            blocks = write_blocks(directory, options.servers, values)
        print(f"{blocks.count} blocks, {blocks.bytes / 1e6:.1f} MB")

        def reopen() -> Engine:
            """An engine that has decoded nothing yet."""
            again = Blocks(directory)
            again.load()
            return Engine(store, Limits(), history=HistorySource(store, again))

        if not (directory / "tsdb").exists():
            write_text(text, values)
        with prometheus(directory, text) as port:
            text.unlink(missing_ok=True)
            compare(reopen, port, end_ms, options.rounds)


if __name__ == "__main__":
    main()
