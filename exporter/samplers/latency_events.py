"""Latency spikes as events: a server remembers the last 160 of each kind, and forgets them at a restart.

Format: https://redis.io/docs/latest/commands/latency-history/ (second, milliseconds; one entry per second).
"""

from collections.abc import Iterator, Sequence
from typing import Final

from exporter.connection import Client, Reply
from exporter.events import EventKind, EventRecorder, FieldValue, identity_of
from exporter.sampling.command_support import CommandSupport

_HISTORY: Final = "LATENCY HISTORY"
# Servers know some twenty kinds of spikes.
_MAX_KINDS: Final = 50
_MAX_ENTRIES: Final = 160


class SpikeRecorder:
    """Records the spikes of one server, each once."""

    def __init__(self, events: EventRecorder, instance: str, support: CommandSupport) -> None:
        self._events = events
        self._instance = instance
        self._support = support
        self._seen: dict[str, int] = {}

    async def note(self, connection: Client, latest: Sequence[tuple[str, int, int, int]]) -> None:
        """Look at the kinds that have had a spike since last time.

        `latest`: name, second and milliseconds of the last one, milliseconds of the longest.
        """
        moved = [one for one in latest[:_MAX_KINDS] if self._seen.get(one[0]) != one[1]]
        if not moved:
            return
        histories: Sequence[Reply] = ()
        if self._support.is_due(_HISTORY):
            histories = await connection.pipeline([("LATENCY", "HISTORY", name) for name, *_ in moved])
        for index, (name, last, milliseconds, _) in enumerate(moved):
            reply = self._support.check_reply(_HISTORY, histories[index]) if histories else None
            for second, length in [*_entries(reply), (last, milliseconds)]:
                self._record(name, second, length)
            self._seen[name] = last

    def _record(self, name: str, second: int, milliseconds: int) -> None:
        identity = identity_of(self._instance, EventKind.LATENCY_SPIKE, name, second)
        fields: dict[str, FieldValue] = {"event": name, "duration_seconds": milliseconds / 1000}
        self._events.record(EventKind.LATENCY_SPIKE, fields, at=float(second), identity=identity)


def _entries(reply: Reply) -> Iterator[tuple[int, int]]:
    for entry in reply[-_MAX_ENTRIES:] if isinstance(reply, list) else ():
        if isinstance(entry, list) and len(entry) >= 2:
            second, milliseconds = entry[:2]
            if isinstance(second, int) and isinstance(milliseconds, int):
                yield second, milliseconds
