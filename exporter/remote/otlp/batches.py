"""Gathers events, so that what happens at once goes out in one request."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final

from exporter.events import Event
from exporter.remote.otlp.metrics import OtlpMetrics

MOST_EVENTS: Final = 10_000
"""How many events wait to be encoded; then the oldest are dropped and counted."""

_GATHER_SECONDS: Final = 1.0


class EventBatches:
    """Hands events to `send`, some at a time; use it inside the event loop. `send` raises nothing."""

    def __init__(self, send: Callable[[Sequence[Event]], Awaitable[None]], metrics: OtlpMetrics) -> None:
        self._send = send
        self._metrics = metrics
        self._events: deque[Event] = deque()
        self._task: asyncio.Task[None] | None = None

    def add(self, events: Iterable[Event]) -> None:
        """Have these events sent soon; returns at once."""
        self._events.extend(events)
        if (surplus := len(self._events) - MOST_EVENTS) > 0:
            for _ in range(surplus):
                self._events.popleft()
            self._metrics.dropped.labels("logs", "queue_full").inc(surplus)
        if self._events and self._task is None:
            self._task = asyncio.create_task(self._run(), name="otlp events")

    def clear(self) -> None:
        """Drop what waits."""
        self._events.clear()

    async def flush(self) -> None:
        """Send what waits now."""
        events = list(self._events)
        self._events.clear()
        if events:
            await self._send(events)

    async def stop(self) -> None:
        """Send nothing more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        try:
            while self._events:
                await asyncio.sleep(_GATHER_SECONDS)
                await self.flush()
        finally:
            self._task = None
