"""Logs of events for tests, and what they hold."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from exporter.events import Event, EventKind, EventLog, EventQuery, StoredEvent
from tests.clocks import FrozenClock

NOW = 1_760_000_000.0
DAY_MS = 86_400_000


def event(
    at: float = NOW, instance: str = "cache-1", kind: EventKind = EventKind.SLOWLOG, **fields: Any
) -> Event:
    """An event of this moment."""
    return Event.of(at, instance, kind, fields)


@asynccontextmanager
async def open_log(
    path: Path | None = None, *, max_bytes: int = 1 << 30, registry: CollectorRegistry | None = None
) -> AsyncIterator[EventLog]:
    """A log that stands at NOW."""
    log = EventLog(
        path,
        FrozenClock(NOW),
        registry or CollectorRegistry(),
        retention_ms=30 * DAY_MS,
        max_bytes=max_bytes,
    )
    await log.start()
    try:
        yield log
    finally:
        await log.close()


async def all_of(log: EventLog, **query: Any) -> Sequence[StoredEvent]:
    """All events that a query finds, the newest first, page by page."""
    found: list[StoredEvent] = []
    page = await log.read(EventQuery(**query))
    while True:
        found += page.events
        if page.next_cursor is None:
            return found
        page = await log.read(EventQuery(**{**query, "after": page.next_cursor}))
