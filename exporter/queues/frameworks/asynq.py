"""asynq.

Confirmed from source only: https://github.com/hibiken/asynq, internal/base/base.go and internal/rdb/rdb.go.

The braces around a queue's name are part of its keys. What servers report is protocol buffers; how many there
are is all that is read.
"""

from collections.abc import Sequence
from typing import Final

from exporter.connection import Command, Reply
from exporter.queues.base import CandidateKeys, Found, KeyPattern, ReadContext, read_each
from exporter.queues.known import KnownQueue, printable
from exporter.queues.model import Oldest, QueueId, Reading
from exporter.queues.probes import ask_fitting, check_each, elements, find_members
from exporter.queues.replies import ask_members, count, items, names, number, scanned
from exporter.queues.steps import Steps
from exporter.queues.timestamps import parse_number
from exporter.queues.totals import finished_from_totals
from exporter.queues.vocabulary import Method, State

_BASE: Final = b"asynq:"
# So many queues are looked at to tell whether they are asynq's.
_MAX_PROBES: Final = 10
_MAX_GROUPS: Final = 500
_ZSETS: Final = {
    b"scheduled": State.SCHEDULED,
    b"retry": State.RETRY,
    b"archived": State.DEAD,
    b"completed": State.COMPLETED,
}


class Asynq:
    """See the module."""

    name = "asynq"
    key_patterns: Sequence[KeyPattern] = ()

    def label(self, queue: QueueId) -> str:
        """See `Framework`."""
        return printable(queue.name)

    def find(self, seen: CandidateKeys, context: ReadContext) -> Steps[Sequence[Found]]:
        """See `Framework`: the queues of the index, where something is asynq's."""
        (queues,) = yield from find_members([_BASE + b"queues"])
        if not queues or not (yield from _are_queues(queues[:_MAX_PROBES])):
            return []
        return [Found(QueueId(self.name, _BASE, name, context.database)) for name in queues]

    def read(self, queues: Sequence[KnownQueue], context: ReadContext) -> Steps[Sequence[Reading]]:
        """See `Framework`."""
        return read_each(queues, context, _read)


def _are_queues(queues: Sequence[bytes]) -> Steps[bool]:
    """Whether a server has reported, or one of the queues has what only asynq writes."""
    (servers,) = yield from ask_fitting([("ZRANGE", _BASE + b"servers", 0, 0)])
    if any(name.startswith(_BASE + b"servers:{") for name in names(servers)):
        return True
    return any((yield from check_each(queues, _is_queue)))


def _is_queue(queue: bytes) -> Steps[bool]:
    """A count of what was done, or the hash of a task that stands in the queue."""
    stem = _stem(queue)
    processed, groups, *ends = yield from ask_fitting(
        [
            ("GET", stem + b"processed"),
            ("SSCAN", stem + b"groups", 0, "COUNT", 1),
            ("LINDEX", stem + b"pending", -1),
            ("LINDEX", stem + b"active", -1),
            *(("ZRANGE", stem + part, 0, 0) for part in _ZSETS),
        ]
    )
    if number(processed) is not None:
        return True
    ends += yield from ask_fitting(
        [("ZRANGE", stem + b"g:" + group, 0, 0) for group in scanned(groups)[:_MAX_PROBES]]
    )
    tasks = [("HMGET", stem + b"t:" + task, "msg", "state") for task in elements(ends)]
    hashes = yield from ask_fitting(tasks)
    return any(items(fields) and None not in items(fields) for fields in hashes)


def _stem(queue: bytes) -> bytes:
    return _BASE + b"{" + queue + b"}:"


def _read(queue: KnownQueue, context: ReadContext) -> Steps[Reading]:
    stem = _stem(queue.id.name)
    replies = yield _first_questions(queue, context)
    reading = Reading(method=Method.TIMESTAMP)
    states = (State.WAITING, State.ACTIVE, *_ZSETS.values())
    for state, reply in zip(states, replies, strict=False):
        reading.count(state, count(reply))
    tail, lease, scheduled, retry, paused, processed, failed, servers, groups = replies[len(states) :]
    reading.orphaned = count(lease)
    late = [count(scheduled), count(retry)]
    reading.overdue = None if None in late else sum(part or 0 for part in late)
    reading.paused = count(paused) == 1
    reading.workers = count(servers)
    reading.finished = finished_from_totals(processed, failed)
    yield from _read_details(reading, stem, tail, groups)
    return reading


def _first_questions(queue: KnownQueue, context: ReadContext) -> list[Command]:
    stem = _stem(queue.id.name)
    now = int(context.at)
    due_before = int(context.at - context.settings.overdue_after.seconds)
    return [
        ("LLEN", stem + b"pending"),
        ("LLEN", stem + b"active"),
        *(("ZCARD", stem + part) for part in _ZSETS),
        ("LINDEX", stem + b"pending", -1),
        ("ZCOUNT", stem + b"lease", "-inf", f"({now}"),
        ("ZCOUNT", stem + b"scheduled", "-inf", f"({due_before}"),
        ("ZCOUNT", stem + b"retry", "-inf", f"({due_before}"),
        ("EXISTS", stem + b"paused"),
        ("GET", stem + b"processed"),
        ("GET", stem + b"failed"),
        ("ZCOUNT", queue.id.base + b"servers", now, "+inf"),
        ask_members(stem + b"groups"),
    ]


def _read_details(reading: Reading, stem: bytes, tail: Reply, groups: Reply) -> Steps[None]:
    """Read since when the oldest task has waited, and how many tasks are in groups."""
    tails = [tail] if isinstance(tail, bytes) else []
    keys = [stem + b"g:" + group for group in scanned(groups)[:_MAX_GROUPS]]
    more: list[Command] = [
        *(("HGET", stem + b"t:" + task, "pending_since") for task in tails),
        *(("ZCARD", key) for key in keys),
    ]
    details = (yield more) if more else ()
    for since in details[: len(tails)]:
        waiting_since = parse_number(since, 1e-9)
        if waiting_since is not None:
            reading.oldest = Oldest(waiting_since, Method.TIMESTAMP)
    # As asynq's own inspector counts them: those of a group that is being aggregated have left its set.
    reading.count(State.AGGREGATING, sum(count(size) or 0 for size in details[len(tails) :]))


FRAMEWORK: Final = Asynq()
