"""A history that is appended to as fast as it goes; made to be killed at any moment."""

import asyncio
from multiprocessing.connection import Connection
from pathlib import Path

from prometheus_client import CollectorRegistry

from exporter.clock import SystemClock
from exporter.history import write_ahead_log
from exporter.history.history import History
from exporter.model.labels import EMPTY, Labels
from exporter.model.sample import Family, Kind, Layout, Point, Sample
from exporter.store import Store

FAMILY = Family("m", Kind.GAUGE, "A gauge.", ("k",))
SOURCES = 3
SPAN_MS = 40
"""So short that spans end and become blocks all the time."""


def append(directory: Path, first: int, tell: Connection) -> None:
    """Write rows from number `first` on; sends the number of the last row that is committed."""
    write_ahead_log.SPAN_MS = SPAN_MS  # type: ignore[misc]
    asyncio.run(_append(directory, first, tell))


async def _append(directory: Path, first: int, tell: Connection) -> None:
    store = Store()
    history = History(
        directory,
        SystemClock(),
        CollectorRegistry(),
        retention_ms=1 << 50,
        max_bytes=1 << 30,
        downsample_after_ms=1 << 50,
    )
    await history.open()
    await history.follow(store, [], lambda labels: labels)
    tell.send(first - 1)
    maintenance = asyncio.create_task(history.maintain())
    row = first
    while True:
        for number in range(SOURCES):
            store.append(Sample(f"source-{number}", row, layout_of(row, number), values_of(row)))
        await history.wal.flush()
        if history.wal.is_healthy:
            tell.send(row)
        row += 1
        if maintenance.done():
            maintenance = asyncio.create_task(history.maintain())


def layout_of(row: int, number: int) -> Layout:
    """The layout of a source in a row: its series become others now and then."""
    names = ["always", f"in-{row // 50}", "step"]
    return Layout([Point(FAMILY, "", Labels({"k": name, "n": str(number)})) for name in names], EMPTY)


def values_of(row: int) -> list[float | None]:
    """The values in a row: one that moves, one that stands, one that comes and goes."""
    return [float(row), 1.0, None if row % 7 == 0 else float(row // 7)]
