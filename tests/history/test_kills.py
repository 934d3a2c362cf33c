"""`kill -9` while a history writes and seals: what was committed is there, and every file is whole."""

import asyncio
import multiprocessing
import os
import random
from multiprocessing.connection import Connection
from pathlib import Path

from prometheus_client import CollectorRegistry

from exporter.history.history import History
from exporter.model.labels import METRIC_NAME, Labels
from exporter.model.matcher import Matcher, MatchOp
from exporter.model.sample import is_stale
from exporter.store import Store
from tests.clocks import FrozenClock
from tests.history.append_process import SOURCES, append, layout_of, values_of

KILLS = int(os.environ.get("VIGIL_KILLS", "50"))
PATIENCE_SECONDS = 60.0
# One process is made, and forked from for each life: starting Python anew would take most of the time.
CONTEXT = multiprocessing.get_context("forkserver")


def live_and_be_killed(directory: Path, first: int, seconds: float) -> int:
    """One life from a row on; returns the last row that was committed."""
    mine, theirs = CONTEXT.Pipe(duplex=False)
    process = CONTEXT.Process(target=append, args=(directory, first, theirs), daemon=True)
    process.start()
    theirs.close()
    assert mine.poll(PATIENCE_SECONDS), "it starts"
    process.join(seconds)
    process.kill()
    process.join(PATIENCE_SECONDS)
    return last_of(mine)


def last_of(told: Connection) -> int:
    """The last number that was sent before the end."""
    row = -1
    try:
        while True:
            row = told.recv()
    except (EOFError, OSError):
        told.close()
        return row


def stored(directory: Path) -> tuple[dict[int, dict[Labels, float]], History]:
    """The values of all rows on disk, after a start that seals what is left."""
    rows: dict[int, dict[Labels, float]] = {}
    registry = CollectorRegistry()
    history = History(
        directory,
        FrozenClock(),
        registry,
        retention_ms=1 << 50,
        max_bytes=1 << 30,
        downsample_after_ms=1 << 50,
    )

    async def read() -> None:
        await history.open()
        await history.follow(Store(), [], lambda labels: labels)
        for block in history.blocks.between(-1, 1 << 40):
            for source, index in block.select([Matcher(METRIC_NAME, MatchOp.EQUAL, "m")]):
                times, column = source.times(), source.column(index)
                ends = [*column.rows[1:], len(times)]
                for row, end, value in zip(column.rows, ends, column.values, strict=True):
                    for at in times[row:end] if not is_stale(value) else ():
                        rows.setdefault(at, {})[source.series[index]] = value
        await history.close()

    asyncio.run(read())
    assert registry.get_sample_value("redis_vigil_history_wal_corruptions_total") == 0
    assert registry.get_sample_value("redis_vigil_history_damaged_blocks_total") == 0
    assert registry.get_sample_value("redis_vigil_history_maintenance_failures_total") == 0
    return rows, history


def expected(row: int) -> dict[Labels, float]:
    found = {}
    for number in range(SOURCES):
        layout = layout_of(row, number)
        pairs = enumerate(values_of(row))
        found.update({layout.labels(index): value for index, value in pairs if value is not None})
    return found


def test_what_was_committed_is_there_after_every_kill(tmp_path: Path) -> None:
    CONTEXT.set_forkserver_preload(["tests.history.append_process"])
    rng = random.Random(19)
    committed: list[tuple[int, int]] = []
    first = 1
    for _ in range(KILLS):
        last = live_and_be_killed(tmp_path, first, rng.uniform(0.0, 0.25))
        committed.append((first, last))
        # The next life goes on a little later, as a daemon does after a restart.
        first = max(first, last) + 3
    rows, _ = stored(tmp_path)
    wanted = [row for begin, end in committed for row in range(begin, end + 1)]
    assert len(wanted) > 10 * KILLS, "there was time to write something"
    missing = [row for row in wanted if rows.get(row) != expected(row)]
    assert not missing, f"{len(missing)} of {len(wanted)}, the first {missing[:5]}"
    assert not list(tmp_path.glob("*.damaged"))
    assert not list(tmp_path.glob("*.tmp"))
    assert not list(tmp_path.glob("history-wal-*"))
