"""Entries of the slow log as events: kept when the server has long dropped them."""

from collections.abc import Sequence
from typing import Final

from exporter.events import EventKind, EventRecorder, FieldValue, identity_of
from exporter.samplers.slowlog.entries import Entry
from exporter.samplers.slowlog.patterns import command_name

_TOPIC: Final = "slowlog"
_SIZES: Final = frozenset({EventKind.LARGE_REQUEST, EventKind.LARGE_REPLY})


class EntryRecorder:
    """Records the entries of one server; with their arguments only where that is allowed."""

    def __init__(self, events: EventRecorder, instance: str, *, with_arguments: bool) -> None:
        self._events = events
        self._instance = instance
        self._with_arguments = with_arguments

    def record(self, entry: Entry, pattern: str, kind: EventKind = EventKind.SLOWLOG) -> None:
        """Keep an entry once, however often it is read."""
        fields: dict[str, FieldValue] = {
            "command": command_name(entry.arguments),
            "pattern": pattern,
            "client": entry.client,
            "client_name": entry.client_name,
            "entry": entry.id,
        }
        if kind in _SIZES:
            fields["bytes"] = entry.value
        else:
            fields["duration_seconds"] = entry.value / 1e6
        if self._with_arguments:
            fields["arguments"] = [
                argument.decode("utf-8", "backslashreplace") for argument in entry.arguments
            ]
        identity = identity_of(self._instance, kind, entry.id, entry.at, entry.value, entry.client)
        self._events.record(kind, fields, at=float(entry.at), identity=identity)

    def resume(self, run_id: str, entries: Sequence[Entry]) -> None:
        """Keep how many came and went since the last run of ours, given what there is, the newest first."""
        known = self._events.known(_TOPIC)
        if known is None or not run_id or known["run_id"] != run_id or not entries:
            return
        if (lost := entries[-1].id - known["next"]) > 0:
            self.record_lost(lost)

    def remember(self, run_id: str, newest: Sequence[Entry]) -> None:
        """Remember how far the log was read."""
        place = {"run_id": run_id, "next": newest[0].id + 1 if newest else 0}
        if newest and place != self._events.known(_TOPIC):
            self._events.remember(_TOPIC, place)

    def record_lost(self, count: int) -> None:
        """Keep that so many entries came and went unread."""
        self._events.record(EventKind.SLOWLOG_LOST, {"entries": count})
