"""asynq. Confirmed from source only: https://github.com/hibiken/asynq, internal/base/base.go and
internal/rdb/rdb.go.

The braces around a queue's name are part of its keys. What servers report is protocol buffers; how many there
are is all that is read.
"""

from collections.abc import Sequence
from typing import Final

from exporter.samplers.queues.base import Found, Moment, Sightings, Signpost, read_each
from exporter.samplers.queues.known import KnownQueue, printable
from exporter.samplers.queues.model import Oldest, QueueId, Reading
from exporter.samplers.queues.replies import ask_members, count, scanned
from exporter.samplers.queues.steps import Steps
from exporter.samplers.queues.timestamps import parse_number
from exporter.samplers.queues.totals import finished_from_totals
from exporter.samplers.queues.vocabulary import Method, State

_BASE: Final = b"asynq:"
_ZSETS: Final = {
    b"scheduled": State.SCHEDULED,
    b"retry": State.RETRY,
    b"archived": State.DEAD,
    b"completed": State.COMPLETED,
}


class Asynq:
    """See the module."""

    name = "asynq"
    signposts: Sequence[Signpost] = ()

    def label(self, queue: QueueId) -> str:
        """See `Framework`."""
        return printable(queue.name)

    def find(self, seen: Sightings, moment: Moment) -> Steps[Sequence[Found]]:
        """See `Framework`. The index of queues says it all."""
        (index,) = yield [ask_members(b"asynq:queues")]
        return [Found(QueueId(self.name, _BASE, name, moment.database)) for name in scanned(index)]

    def read(self, queues: Sequence[KnownQueue], moment: Moment) -> Steps[Sequence[Reading]]:
        """See `Framework`."""
        return read_each(queues, moment, _read)


def _read(queue: KnownQueue, moment: Moment) -> Steps[Reading]:
    stem = queue.id.base + b"{" + queue.id.name + b"}:"
    now = int(moment.at)
    due_before = int(moment.at - moment.settings.overdue_after.seconds)
    replies = yield [
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
    ]
    reading = Reading(method=Method.TIMESTAMP)
    states = (State.WAITING, State.ACTIVE, *_ZSETS.values())
    for state, reply in zip(states, replies, strict=False):
        reading.count(state, count(reply))
    tail, lease, scheduled, retry, paused, processed, failed, servers = replies[len(states) :]
    reading.orphaned = count(lease)
    late = [count(scheduled), count(retry)]
    reading.overdue = None if None in late else sum(part or 0 for part in late)
    reading.paused = count(paused) == 1
    reading.workers = count(servers)
    reading.finished = finished_from_totals(processed, failed)
    if isinstance(tail, bytes):
        (since,) = yield [("HGET", stem + b"t:" + tail, "pending_since")]
        waiting_since = parse_number(since, 1e-9)
        if waiting_since is not None:
            reading.oldest = Oldest(waiting_since, Method.TIMESTAMP)
    return reading


FRAMEWORK: Final = Asynq()
