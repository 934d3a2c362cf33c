"""What keeping all samples on disk costs: to write them, to start with them, and at rest.

    python -m benchmarks.history_start [--targets 10] [--days 30] [--interval 15] [--seconds 60]
        [--directory DIR]

Records what the samplers write of a real server with traffic, and plays a day of one target through the
write-ahead log into a block. Prints the CPU time of each step, and bytes per sample. Of that day so many days
of so many targets are made, at full resolution (the daemon has the older ones downsampled, which is less).
Then the daemon is started on these, and without a history, with so many real servers: seconds until all
groups of rules were evaluated, memory at rest, and CPU time while each server is sampled once a second. With
`--directory` the blocks are left there, and the next run takes a copy of those.
"""

import argparse
import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from array import array
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from benchmarks.sampling import fetch, traffic
from benchmarks.store import Pass, Player, instance_of, record
from exporter.history.block_writer import BlockWriter, Column
from exporter.history.blocks import Blocks
from exporter.history.source_columns import SourceColumns
from exporter.history.wal_reader import WalReader
from exporter.history.wal_writer import WalWriter
from exporter.store import RowReader, Store
from tests.peers import require_program
from tests.servers import RealServer, free_port

DAY_MS: Final = 86_400_000
_PASSES: Final = 120
_READ_AT_ONCE: Final = 1_000
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PATIENCE_SECONDS: Final = 120.0


def write_day(path: Path, recorded: list[Pass], start_ms: int, interval_ms: int) -> float:
    """Play a day of one target, and have it written; prints what that costs, returns the samples."""
    store = Store(retention_ms=2 * DAY_MS)
    player, reader, writer = Player(store, recorded, 1), RowReader(store), WalWriter(path)
    began, written = time.process_time(), 0.0
    for number in range(DAY_MS // interval_ms):
        player.play(number, start_ms + number * interval_ms)
        if number % 4 == 0:
            before = time.process_time()
            writer.append(reader.read(_READ_AT_ONCE))
            reader.ack()
            written += time.process_time() - before
    writer.append(reader.read(_READ_AT_ONCE))
    writer.close()
    whole = time.process_time() - began
    print(
        f"a day of one target: {player.samples:,} samples; the store {whole - written:.2f} s of CPU,"
        f" the write-ahead log {written:.2f} s and {writer.bytes / player.samples:.2f} bytes per sample"
    )
    return player.samples


def read_day(path: Path) -> dict[str, SourceColumns]:
    """The columns of all sources of a file."""
    reader = WalReader(path)
    found = {}
    for source in reader.sources:
        columns = found[source] = SourceColumns()
        for one in reader.read(source):
            columns.add(one.series, one.rows)
    reader.close()
    return found


def write_blocks(directory: Path, day: dict[str, SourceColumns], targets: int, days: int) -> int:
    """Write the day as so many days of so many targets; returns what the blocks take."""
    blocks = Blocks(directory)
    for number in range(days):
        after = number * DAY_MS
        one = next(iter(day.values()))
        path = blocks.path_of(one.times[0] + after, one.times[-1] + after, number + 1)
        writer = BlockWriter(path)
        for target in range(targets):
            for source, found in day.items():
                times = array("q", [at + after for at in found.times])
                series = [labels.with_({"instance": instance_of(target)}) for labels in found.columns]
                columns = (Column(column.rows, column.values) for column in found.columns.values())
                writer.add(f"{target}{source.removeprefix('0')}", series, times, columns)
        writer.close()
    return sum(path.stat().st_size for path in directory.glob("*.block"))


class Daemon:
    """The daemon in a directory, until the end of a `with` block."""

    def __init__(self, directory: Path, servers: Sequence[RealServer], interval: str, storage: str) -> None:
        self._directory = directory
        self._port = free_port()
        targets = [
            {"url": server.url, "instance": instance_of(number)} for number, server in enumerate(servers)
        ]
        (directory / "config.yml").write_text(
            f"global: {{sample_interval: {interval}}}\ntargets: {json.dumps(targets)}\nstorage: {storage}\n"
        )
        self.start_seconds = 0.0

    def __enter__(self) -> "Daemon":
        listen = ["--web.listen-address", f"127.0.0.1:{self._port}"]
        began = time.monotonic()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "exporter", "run", "--config", "config.yml", *listen],
            cwd=self._directory,
            stderr=subprocess.DEVNULL,
        )
        while not self._is_evaluated():
            assert time.monotonic() < began + _PATIENCE_SECONDS, "the daemon evaluates its rules"
            time.sleep(0.02)
        self.start_seconds = time.monotonic() - began
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(30)

    def _is_evaluated(self) -> bool:
        try:
            groups = json.loads(fetch(self._port, "/api/v1/rules"))["data"]["groups"]
        except (OSError, ValueError, KeyError):
            return False
        return any(group["lastEvaluation"] > "1971" for group in groups)

    @property
    def memory_mb(self) -> float:
        """What of it is in memory."""
        text = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(text.split("VmRSS:")[1].split()[0]) / 1024

    @property
    def cpu_seconds(self) -> float:
        """The CPU time that it has taken."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS


def compare(directory: Path, servers: Sequence[RealServer], seconds: float) -> None:
    """Run the daemon with the history in a directory and without, and print a table."""
    print(f"{'':16}{'start s':>9}{'MB':>7}{'CPU s':>8}")
    for name, storage in (
        ("with history", f'{{path: "{directory}"}}'),
        ("without", "{path: state, history: 0}"),
    ):
        with tempfile.TemporaryDirectory() as scratch:
            with Daemon(Path(scratch), servers, "15s", storage) as daemon:
                time.sleep(seconds)
                start, memory = daemon.start_seconds, daemon.memory_mb
            with Daemon(Path(scratch), servers, "1s", storage) as daemon:
                time.sleep(10.0)
                before = daemon.cpu_seconds
                time.sleep(seconds)
                print(f"{name:16}{start:9.1f}{memory:7.0f}{daemon.cpu_seconds - before:8.2f}", flush=True)


def write_history(state: Path, server: RealServer, wal: Path, options: argparse.Namespace) -> None:
    """Record a day, write it as many into a directory, and print what each step costs."""
    recorded = asyncio.run(record(server.url, _PASSES))
    start_ms = (int(time.time() * 1000) // DAY_MS - options.days) * DAY_MS
    samples = write_day(wal, recorded, start_ms, options.interval * 1000)
    before = time.process_time()
    day = read_day(wal)
    print(f"into columns: {time.process_time() - before:.2f} s of CPU")
    before = time.process_time()
    size = write_blocks(state, day, options.targets, options.days)
    count = samples * options.targets * options.days
    spent = (time.process_time() - before) / options.targets / options.days
    print(f"a day of one target into a block: {spent:.2f} s of CPU, {size / count:.3f} bytes per sample")
    print(f"{options.days} days of {options.targets} targets: {size / 1e6:.0f} MB", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--targets", type=int, default=10)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--interval", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--directory", type=Path)
    options = parser.parse_args()
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        kept, state = options.directory or scratch / "kept", scratch / "state"
        kept.mkdir(mode=0o700, parents=True, exist_ok=True)
        servers = []
        for number in range(options.targets):
            home = scratch / f"server-{number}"
            home.mkdir()
            servers.append(stack.enter_context(RealServer(require_program("redis-server"), home)))
        stack.enter_context(traffic(servers[0]))
        if not any(kept.glob("*.block")):
            write_history(kept, servers[0], scratch / "wal", options)
        # The daemon compacts and downsamples what it finds.
        shutil.copytree(kept, state)
        compare(state, servers, options.seconds)


if __name__ == "__main__":
    main()
