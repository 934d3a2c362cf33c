"""CPU time of writing the history, step by step, beside that of sampling and evaluation.

    python -m benchmarks.history_writing [--interval 15]

Records what the samplers write of a real server with traffic, and plays a day of it as one target:
through the store, the write-ahead log (a file for each span, flushed after each pass), sealing into
blocks, compaction to the block of a day, and downsampling. Prints the CPU time of each step for a
day of a target and for a million samples, and its share of what it takes to sample that target for
a day, as measured with the recording (which includes the traffic, and no rules). The recording
comes again and again: bytes per sample of a whole day are what `benchmarks.history` says.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from benchmarks.sampling import traffic
from benchmarks.store import Pass, Player, record
from exporter.history.blocks import Blocks
from exporter.history.compaction import compact
from exporter.history.sealing import Sealer
from exporter.history.wal_files import WalFiles
from exporter.history.wal_writer import WalWriter
from exporter.history.write_ahead_log import SPAN_MS
from exporter.store import RowReader, Store
from tests.peers import require_program
from tests.servers import RealServer

DAY_MS: Final = 86_400_000
_START_MS: Final = 19_680 * DAY_MS
# At first series are new in each pass.
_SETTLING: Final = 60
_PASSES: Final = 120
_READ_AT_ONCE: Final = 1_000
_NEVER_MS: Final = 1_000 * DAY_MS


def write_logs(files: WalFiles, recorded: list[Pass], interval_ms: int) -> tuple[int, float]:
    """Play a day into files of the write-ahead log; returns the samples, and the CPU time of writing."""
    store = Store(retention_ms=DAY_MS // 4)
    player, reader = Player(store, recorded, 1), RowReader(store)
    seconds = 0.0
    for span in range(DAY_MS // SPAN_MS):
        writer = WalWriter(files.path_of(span + 1))
        reader.require_base()
        for number in range(span * SPAN_MS // interval_ms, (span + 1) * SPAN_MS // interval_ms):
            player.play(number, _START_MS + number * interval_ms)
            before = time.process_time()
            writer.append(reader.read(_READ_AT_ONCE))
            reader.ack()
            seconds += time.process_time() - before
        writer.close()
    return player.samples, seconds


def spent(step: Callable[[], object]) -> float:
    """Return the CPU time of a step."""
    before = time.process_time()
    step()
    return time.process_time() - before


def measure(recorded: list[Pass], sampling: float, interval: int) -> None:
    """Write a day, and print a table; `sampling` is the CPU time of a day without a history."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        files, blocks = WalFiles(directory), Blocks(directory)
        blocks.load()
        samples, writing = write_logs(files, recorded, interval * 1000)
        end_ms = _START_MS + DAY_MS
        steps = [("write-ahead log", writing, files.bytes)]
        sealer = Sealer(files, blocks, lambda: False)
        seconds = spent(lambda: sealer.seal_all(lambda: None))
        steps.append(("sealing into blocks", seconds, blocks.bytes))
        for title, after_ms in (("compaction to a day", _NEVER_MS), ("downsampling", 0)):
            seconds = spent(lambda: compact(blocks, now_ms=end_ms + DAY_MS, downsample_after_ms=after_ms))  # noqa: B023
            steps.append((title, seconds, blocks.bytes))
    print(f"{samples:,} samples: a day of one target at {interval} s; sampling it {sampling:.1f} s of CPU")
    print(f"{'':24}{'CPU, s':>8}{'s/million':>11}{'of sampling':>13}{'bytes/sample':>14}")
    steps.append(("all", sum(one[1] for one in steps), 0))
    for title, seconds, size in steps:
        density = f"{size / samples:14.3f}" if size else ""
        share = f"{seconds / sampling:13.1%}"
        print(f"{title:24}{seconds:8.2f}{seconds * 1e6 / samples:11.3f}{share}{density}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--interval", type=int, default=15)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as name,
        RealServer(require_program("redis-server"), Path(name)) as server,
        traffic(server),
    ):
        before = time.process_time()
        recorded = asyncio.run(record(server.url, _PASSES))[_SETTLING:]
        sampling = (time.process_time() - before) * DAY_MS / 1000 / options.interval / _PASSES
    measure(recorded, sampling, options.interval)


if __name__ == "__main__":
    main()
