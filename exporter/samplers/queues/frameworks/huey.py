"""Huey. Confirmed on PyPI `huey` 3.5, plain and with priorities.

A queue is a list; with priorities it is a sorted set whose members start with the moment of their making.
Tasks are pickles and are never looked at.
"""

import re
import struct
from collections.abc import Iterable, Sequence
from typing import Final

from exporter.connection import Command, Reply
from exporter.samplers.queues.base import Found, Moment, Sightings, Signpost, read_each
from exporter.samplers.queues.heads import watch_head
from exporter.samplers.queues.known import KnownQueue, printable
from exporter.samplers.queues.model import Oldest, QueueId, Reading
from exporter.samplers.queues.replies import count, names
from exporter.samplers.queues.steps import Steps
from exporter.samplers.queues.timestamps import plausible
from exporter.samplers.queues.vocabulary import Method, State

_QUEUE: Final = b"huey.redis."
_SCHEDULE: Final = b"huey.schedule."
# The first task of each of these priorities is looked at; a score is a priority with the sign turned.
_SCORES: Final = range(-20, 21)


class Huey:
    """See the module."""

    name = "huey"
    signposts = (
        Signpost("list", re.compile(rb"huey\.redis\..+", re.DOTALL)),
        Signpost("zset", re.compile(rb"huey\.(redis|schedule)\..+", re.DOTALL)),
    )

    def label(self, queue: QueueId) -> str:
        """See `Framework`."""
        return printable(queue.name)

    def find(self, seen: Sightings, moment: Moment) -> Steps[Sequence[Found]]:
        """See `Framework`: the keys' names say it."""
        yield from ()
        keys = [*seen.of("list"), *seen.of("zset")]
        found = dict.fromkeys(key.removeprefix(_QUEUE).removeprefix(_SCHEDULE) for key in keys)
        return [Found(QueueId(self.name, b"", name, moment.database)) for name in found]

    def read(self, queues: Sequence[KnownQueue], moment: Moment) -> Steps[Sequence[Reading]]:
        """See `Framework`."""
        return read_each(queues, moment, _read)


def _read(queue: KnownQueue, moment: Moment) -> Steps[Reading]:
    key, schedule = _QUEUE + queue.id.name, _SCHEDULE + queue.id.name
    due_before = moment.at - moment.settings.overdue_after.seconds
    # One of LLEN and ZCARD is refused, for the wrong type, unless the queue is empty.
    length, size, tail, scheduled, overdue = yield [
        ("LLEN", key),
        ("ZCARD", key),
        ("LINDEX", key, -1),
        ("ZCARD", schedule),
        ("ZCOUNT", schedule, "-inf", f"({due_before:.3f}"),
    ]
    reading = Reading(overdue=count(overdue))
    reading.count(State.SCHEDULED, count(scheduled))
    prioritized = count(size)
    if prioritized and count(length) is None:
        reading.count(State.WAITING, prioritized)
        reading.method = Method.TIMESTAMP
        reading.oldest = _oldest((yield _ask_firsts(key)))
        return reading
    reading.count(State.WAITING, count(length))
    reading.method = Method.FIRST_SEEN
    reading.oldest = watch_head(queue, tail, moment.at)
    return reading


def _ask_firsts(key: bytes) -> list[Command]:
    return [
        ("ZRANGEBYSCORE", key, score, "+inf", "LIMIT", 0, 1) for score in _SCORES
    ] + [("ZRANGE", key, 0, 0)]  # fmt: skip


def _oldest(replies: Iterable[Reply]) -> Oldest | None:
    """Members start with eight bytes: the microseconds since the epoch."""
    made = [
        plausible(struct.unpack(">Q", member[:8])[0] / 1e6)
        for reply in replies
        for member in names(reply)
        if len(member) >= 8
    ]
    known = [moment for moment in made if moment is not None]
    return Oldest(min(known), Method.TIMESTAMP) if known else None


FRAMEWORK: Final = Huey()
