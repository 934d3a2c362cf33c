"""How many of a BullMQ queue's jobs have ended, and how.

The sets of completed and failed jobs shrink with `removeOnComplete`, so they are no counters. Workers that
were started with `metrics` count for us. Where none was, the stream of events is read on from where the last
pass stopped; it is trimmed to about 10,000 events, and a page of it is capped, so a very busy queue is
extrapolated from what one page shows.
"""

from collections.abc import Sequence
from typing import Final

from exporter.connection import Command, Reply
from exporter.samplers.queues.known import KnownQueue
from exporter.samplers.queues.replies import items, mapping, number, text
from exporter.samplers.queues.vocabulary import Outcome

_PAGE: Final = 1000
_OUTCOMES: Final = {b"completed": Outcome.COMPLETED, b"failed": Outcome.FAILED}
_NOTES: Final = {Outcome.COMPLETED: "completed", Outcome.FAILED: "failed"}
# The note that holds the id of the last event that was read.
_POSITION: Final = "events"
# The note that workers have counted in the last pass.
_BY_WORKERS: Final = "counted_by_workers"


class FinishedEvents:
    """Reads the ends of one queue's jobs; the counters are kept in the queue's notes.

    Where workers keep counts themselves, events are not read at all.
    """

    def __init__(self, queue: KnownQueue, stem: bytes) -> None:
        self._queue = queue
        self._key = stem + b":events"
        self._started_at = 0
        self._read_until = 0
        self._page: dict[Outcome, int] = {}
        self._is_full = False

    def ask(self) -> list[Command]:
        """The next page of events; at first sight just where the stream ends now."""
        if _BY_WORKERS in self._queue.notes:
            return []
        position = self._queue.text(_POSITION)
        if not position:
            return [("XREVRANGE", self._key, "+", "-", "COUNT", 1)]
        return [("XRANGE", self._key, f"({position}", "+", "COUNT", _PAGE)]

    def counts(self, metrics: tuple[Reply, Reply], replies: Sequence[Reply]) -> dict[Outcome, float]:
        """The counters after this page, given what workers have counted (completed, failed)."""
        completed, failed = (number(reply) for reply in metrics)
        if completed is not None or failed is not None:
            self._queue.notes[_BY_WORKERS] = 1
            self._queue.notes.pop(_POSITION, None)
            return {Outcome.COMPLETED: completed or 0.0, Outcome.FAILED: failed or 0.0}
        if self._queue.notes.pop(_BY_WORKERS, None) is not None:
            return self._add({})
        entries = items(replies[0]) if replies else ()
        position = self._queue.text(_POSITION)
        if not position:
            self._queue.notes[_POSITION] = _entry_id(entries[-1]) if entries else "0-0"
            return self._add({})
        self._page = _count(entries)
        if entries:
            self._queue.notes[_POSITION] = _entry_id(entries[-1])
        self._is_full = len(entries) >= _PAGE
        if self._is_full:
            self._started_at = _milliseconds(position) or _milliseconds(_entry_id(entries[0]))
            self._read_until = _milliseconds(_entry_id(entries[-1]))
        return self._add(self._page)

    def ask_rest(self) -> list[Command]:
        """Where the stream ends, if the page did not reach it."""
        return [("XREVRANGE", self._key, "+", "-", "COUNT", 1)] if self._is_full else []

    def extrapolate(self, replies: Sequence[Reply], counts: dict[Outcome, float]) -> None:
        """Count what lies behind the page as if it came at the page's own rate."""
        entries = items(replies[0]) if replies else ()
        if not entries:
            return
        last = _entry_id(entries[0])
        unread = _milliseconds(last) - self._read_until
        seen = max(1, self._read_until - self._started_at)
        self._queue.notes[_POSITION] = last
        counts.update(self._add({outcome: int(n * unread / seen) for outcome, n in self._page.items()}))

    def _add(self, found: dict[Outcome, int]) -> dict[Outcome, float]:
        return {outcome: self._queue.add(note, found.get(outcome, 0)) for outcome, note in _NOTES.items()}


def _entry_id(entry: object) -> str:
    return text(items(entry)[0]) or "0-0" if items(entry) else "0-0"


def _milliseconds(entry_id: str) -> int:
    return int(number(entry_id.partition("-")[0].encode()) or 0)


def _count(entries: Sequence[object]) -> dict[Outcome, int]:
    found: dict[Outcome, int] = {}
    for entry in entries:
        parts = items(entry)
        if len(parts) != 2:
            continue
        event = mapping(parts[1]).get("event")
        outcome = _OUTCOMES.get(event) if isinstance(event, bytes) else None
        if outcome is not None:
            found[outcome] = found.get(outcome, 0) + 1
    return found
