"""Recording: what the rest of the daemon hands its events to."""

import time
from collections.abc import Callable
from typing import Any, Protocol

from exporter.events.event import Event, EventKind, Fields


class EventSink(Protocol):
    """Takes events, and remembers over restarts what was last known of an instance. Nothing of it waits."""

    def record(self, event: Event) -> None:
        """Keep an event."""
        ...

    def known(self, instance: str, topic: str) -> Any:
        """Return what was last known, as plain data; None for nothing."""
        ...

    def remember(self, instance: str, topic: str, value: Any) -> None:
        """Keep what is known now, as plain data."""
        ...


class NoEvents:
    """Keeps nothing."""

    def record(self, event: Event) -> None:
        """Drop it."""

    def known(self, instance: str, topic: str) -> Any:
        """Return None."""

    def remember(self, instance: str, topic: str, value: Any) -> None:
        """Drop it."""


class EventRecorder:
    """Records the events of one instance; empty for the daemon itself.

    `now` tells the time (epoch seconds).
    """

    def __init__(
        self, sink: EventSink | None = None, instance: str = "", now: Callable[[], float] = time.time
    ) -> None:
        self._sink = sink or NoEvents()
        self._instance = instance
        self._now = now

    def record(
        self, kind: EventKind, fields: Fields, *, at: float | None = None, identity: int | None = None
    ) -> None:
        """Keep an event of now, or of a moment (epoch seconds); one in the future happened just now."""
        now = self._now()
        moment = now if at is None else min(at, now)
        self._sink.record(Event.of(moment, self._instance, kind, fields, identity))

    def known(self, topic: str) -> Any:
        """Return what was last known, as plain data; None for nothing."""
        return self._sink.known(self._instance, topic)

    def remember(self, topic: str, value: Any) -> None:
        """Keep what is known now, as plain data, over restarts."""
        self._sink.remember(self._instance, topic, value)
