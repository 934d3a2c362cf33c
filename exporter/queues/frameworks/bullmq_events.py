"""Ended jobs of a BullMQ queue by outcome, counted from its stream of events.

The sets of completed and failed jobs shrink with `removeOnComplete`, so they are no counters. Workers that
were started with `metrics` count for us. Where none was, the stream of events is read on from where the last
pass has stopped, page after page. BullMQ trims it to about 10,000 events: what was trimmed away before it was
read is derived from what has left the queue meanwhile. Source: moveToFinished of npm `bullmq` 5.81 and 6.7.
"""

from collections.abc import Sequence
from typing import Final

from exporter.connection import Command, Reply
from exporter.queues.ends import KEPT, count_derived, jobs_gone, share_out, write_derived
from exporter.queues.frameworks.stream_reading import parse_id
from exporter.queues.known import KnownQueue
from exporter.queues.model import Reading
from exporter.queues.replies import field_map, items, number
from exporter.queues.steps import Steps
from exporter.queues.vocabulary import Outcome

_OUTCOMES: Final = {b"completed": Outcome.COMPLETED, b"failed": Outcome.FAILED}
# A page grows while there is more to read; what jobs return stands in their events, so that its bytes have an
# end too.
_FIRST_PAGE: Final = 100
_LEAST_PAGE: Final = 20
_LARGEST_PAGE: Final = 1000
_PAGE_BYTES: Final = 1 << 20
# Events of all queues together that are read in one round trip, of which the event loop stands still for some
# milliseconds, and in one pass.
_ROUND_EVENTS: Final = 2500
_PASS_EVENTS: Final = 50_000
# The notes: the id of the last event that was read, how many are read at once, that some were trimmed away
# unread, and that workers have counted in the last pass.
_POSITION: Final = "events"
_SIZE: Final = "events/page"
_TRIMMED: Final = "events/trimmed"
_BY_WORKERS: Final = "counted_by_workers"
# The notes of when all events had been read last: what had left the queue, was kept, and was counted.
_GONE: Final = "base/gone"
_KEPT: Final = "base/kept/"
_COUNTED: Final = "base/counted/"
_Id = tuple[int, int]
_NOTHING: Final[_Id] = (0, 0)


class EndedJobs:
    """The ends of one queue's jobs in one pass; the counters are kept in the queue's notes.

    `since_ms` (epoch): events of a queue that was not known before count from then on. `position` is the
    id of the last event that was read.
    """

    def __init__(self, queue: KnownQueue, since_ms: int) -> None:
        self._queue = queue
        self._key = queue.id.base + b":events"
        self._since_ms = since_ms
        self.position = self._end = _NOTHING
        self._by_workers = self._is_told = False

    def ask(self) -> list[Command]:
        """Where the stream ends; nothing where workers keep counts themselves."""
        if _BY_WORKERS in self._queue.notes:
            return []
        return [("XREVRANGE", self._key, "+", "-", "COUNT", 1)]

    def begin(self, metrics: tuple[Reply, Reply], replies: Sequence[Reply], reading: Reading) -> None:
        """Take in what workers have counted (completed, failed), or where the stream ends.

        The reading was made at that moment.
        """
        completed, failed = (number(reply) for reply in metrics)
        if completed is not None or failed is not None:
            self._by_workers = True
            reading.finished = {Outcome.COMPLETED: completed or 0.0, Outcome.FAILED: failed or 0.0}
            self._forget_events()
            return
        if self._queue.notes.pop(_BY_WORKERS, None) is not None:
            return
        known = parse_id(self._queue.text(_POSITION).encode())
        if not replies or not isinstance(replies[0], list):
            self.position = self._end = known or _NOTHING
            return
        self._is_told = True
        self._end = _last_id(replies[0]) or _NOTHING
        # A stream that ends before our place is not the one that it was: after a failover, for example.
        self.position = min(known or (self._since_ms, 0), self._end)
        if known is not None:
            self._note_position()

    def _forget_events(self) -> None:
        notes = self._queue.notes
        notes[_BY_WORKERS] = 1
        for note in [name for name in notes if name.partition("/")[0] in (_POSITION, "base")]:
            del notes[note]

    @property
    def is_behind(self) -> bool:
        """Whether there are events of before the pass that were not read yet."""
        return self.position < self._end

    @property
    def page(self) -> int:
        """How many events are asked for at once."""
        return int(self._queue.number(_SIZE, _FIRST_PAGE))

    def ask_page(self) -> list[Command]:
        """Where the stream begins, and the next events."""
        after, end = ("-".join(map(str, place)) for place in (self.position, self._end))
        return [
            ("XRANGE", self._key, "-", "+", "COUNT", 1),
            ("XRANGE", self._key, f"({after}", end, "COUNT", self.page),
        ]

    def take_page(self, replies: Sequence[Reply]) -> int:
        """Count these events; how many they are. None are asked for any more where that is refused."""
        if not isinstance(replies[1], list):
            self._end, self._is_told = self.position, False
            return 0
        first, entries = _last_id(replies[0]), items(replies[1])
        if first is not None and first > self.position and _POSITION in self._queue.notes:
            self._queue.notes[_TRIMMED] = 1
        found, size = _count(entries)
        for outcome, ends in found.items():
            self._queue.add(outcome, ends)
        is_last = len(entries) < self.page
        self.position = self._end if is_last else _last_id(entries) or self._end
        self._note_position()
        self._resize(len(entries), size, is_last=is_last)
        return len(entries)

    def _note_position(self) -> None:
        self._queue.notes[_POSITION] = "-".join(map(str, self.position))

    def _resize(self, events: int, size: int, *, is_last: bool) -> None:
        """Make the next page as large as what will probably be there."""
        fitting = int(_PAGE_BYTES * events / size) if size else _LARGEST_PAGE
        wanted = 2 * events if is_last else 4 * self.page
        self._queue.notes[_SIZE] = max(_LEAST_PAGE, min(wanted, fitting, _LARGEST_PAGE))

    def conclude(self, reading: Reading) -> None:
        """Write the counters into the reading, with what was trimmed away if all else was read."""
        if self._by_workers:
            return
        if self._is_told and not self.is_behind:
            self._note_position()
            self._close_gap(reading)
        for outcome in _OUTCOMES.values():
            reading.finished[outcome] = self._queue.add(outcome, 0)
        if Outcome.UNKNOWN in self._queue.notes:
            reading.finished[Outcome.UNKNOWN] = self._queue.number(Outcome.UNKNOWN)
        write_derived(self._queue, reading)

    def _close_gap(self, reading: Reading) -> None:
        """All has been read up to the moment of the reading: what was trimmed away is what else has left."""
        notes, gone = self._queue.notes, jobs_gone(reading)
        if notes.pop(_TRIMMED, None) is not None and gone is not None and _GONE in notes:
            self._count_trimmed(gone, reading)
        if gone is None:
            return
        notes[_GONE] = gone
        for outcome, state in KEPT.items():
            notes[_KEPT + outcome] = reading.jobs.get(state, 0)
            notes[_COUNTED + outcome] = self._queue.number(outcome)

    def _count_trimmed(self, gone: float, reading: Reading) -> None:
        number = self._queue.number
        seen = {outcome: number(outcome) - number(_COUNTED + outcome) for outcome in KEPT}
        kept = {
            outcome: reading.jobs.get(state, 0) - number(_KEPT + outcome) for outcome, state in KEPT.items()
        }
        missed = gone - number(_GONE) - sum(seen.values())
        if missed > 0:
            count_derived(self._queue, share_out(missed, kept, seen), reading)


def read_events(queues: Sequence[EndedJobs]) -> Steps[list[Reading]]:
    """Read on in all streams side by side, a page of each per round.

    Ends when all are read or it is enough for a pass; the next one goes on from there.

    To be run after steps whose first round begins each of these; adds no readings.
    """
    yield []
    left = _PASS_EVENTS
    while pages := _next_pages(queues, min(left, _ROUND_EVENTS)):
        replies = yield [command for one in pages for command in one.ask_page()]
        for index, one in enumerate(pages):
            left -= one.take_page(replies[2 * index : 2 * index + 2])
    return []


def _next_pages(queues: Sequence[EndedJobs], events: int) -> Sequence[EndedJobs]:
    """Those that may read a page, of so many events at most in all; the furthest behind come first."""
    pages = []
    for one in sorted((one for one in queues if one.is_behind), key=lambda one: one.position):
        events -= one.page
        if events < 0:
            break
        pages.append(one)
    return pages


def _last_id(entries: Reply) -> _Id | None:
    listed = items(entries)
    last = items(listed[-1]) if listed else ()
    return parse_id(last[0]) if last else None


def _count(entries: Sequence[object]) -> tuple[dict[Outcome, int], int]:
    """The ends among some events, and what all of these hold, in bytes."""
    found: dict[Outcome, int] = {}
    size = 0
    for entry in entries:
        parts = items(entry)
        fields = items(parts[1]) if len(parts) == 2 else ()
        size += sum(len(field) for field in fields if isinstance(field, bytes))
        # BullMQ writes this field first; where it is elsewhere the rest is looked through.
        event = (
            fields[1] if len(fields) > 1 and fields[0] == b"event" else field_map(list(fields)).get("event")
        )
        outcome = _OUTCOMES.get(event) if isinstance(event, bytes) else None
        if outcome is not None:
            found[outcome] = found.get(outcome, 0) + 1
    return found, size
