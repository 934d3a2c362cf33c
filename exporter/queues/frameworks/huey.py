"""Huey. Confirmed on PyPI `huey` 3.5, plain and with priorities.

A queue is a list; with priorities it is a sorted set whose members start with the moment of their making.
Tasks are pickles and are never loaded.
"""

import re
import struct
import zlib
from collections.abc import Iterable, Sequence
from typing import Final

from exporter.connection import Command, Reply
from exporter.queues.base import CandidateKeys, Found, KeyPattern, ReadContext, read_each
from exporter.queues.heads import watch_head
from exporter.queues.known import KnownQueue, printable
from exporter.queues.model import Oldest, QueueId, Reading
from exporter.queues.probes import ask_fitting, elements, keep_fitting
from exporter.queues.replies import count, names, text
from exporter.queues.steps import Steps
from exporter.queues.timestamps import plausible
from exporter.queues.vocabulary import Method, State

_QUEUE: Final = b"huey.redis."
_SCHEDULE: Final = b"huey.schedule."
# The first task of each of these priorities is looked at; a score is a priority with the sign turned.
_SCORES: Final = range(-20, 21)
# What stands before a task in a sorted set.
_STAMP_BYTES: Final = 8
# A task's class and its id come first, then its arguments.
_HEAD_BYTES: Final = 1024
_TASK_ID: Final = re.compile(rb"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}")


class Huey:
    """See the module."""

    name = "huey"
    key_patterns = (
        KeyPattern("list", re.compile(rb"huey\.redis\..+", re.DOTALL)),
        KeyPattern("zset", re.compile(rb"huey\.(redis|schedule)\..+", re.DOTALL)),
    )

    def label(self, queue: QueueId) -> str:
        """See `Framework`."""
        return printable(queue.name)

    def find(self, seen: CandidateKeys, context: ReadContext) -> Steps[Sequence[Found]]:
        """See `Framework`: by a task, waiting or scheduled."""
        keys = [*seen.of("list"), *seen.of("zset")]
        found = list(dict.fromkeys(key.removeprefix(_QUEUE).removeprefix(_SCHEDULE) for key in keys))
        queues = yield from keep_fitting(found, _is_huey)
        return [Found(QueueId(self.name, b"", name, context.database)) for name in queues]

    def read(self, queues: Sequence[KnownQueue], context: ReadContext) -> Steps[Sequence[Reading]]:
        """See `Framework`."""
        return read_each(queues, context, _read)


def _is_huey(name: bytes) -> Steps[bool]:
    ends = yield from ask_fitting(
        [
            ("LINDEX", _QUEUE + name, -1),
            ("ZRANGE", _QUEUE + name, 0, 0),
            ("ZRANGE", _SCHEDULE + name, 0, 0),
        ]
    )
    return any(_is_task(member) for member in elements(ends))


def _is_task(member: bytes) -> bool:
    """Return whether this is a pickle with the id that Huey gives, a UUID, near its start.

    It may be compressed, or stand behind a moment. It is not loaded.
    """
    for start in (0, _STAMP_BYTES):
        head = member[start : start + _HEAD_BYTES]
        if head[:1] in (b"\x1f", b"\x78"):
            head = _decompress(head)
        if head[:1] == b"\x80" and _TASK_ID.search(head):
            return True
    return False


def _decompress(head: bytes) -> bytes:
    """The start of what gzip or zlib has packed; nothing where it is something else."""
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(head, _HEAD_BYTES)
    except zlib.error:
        return b""


def _read(queue: KnownQueue, context: ReadContext) -> Steps[Reading]:
    key, schedule = _QUEUE + queue.id.name, _SCHEDULE + queue.id.name
    due_before = context.at - context.settings.overdue_after.seconds
    kind, scheduled, overdue = yield [
        ("TYPE", key),
        ("ZCARD", schedule),
        ("ZCOUNT", schedule, "-inf", f"({due_before:.3f}"),
    ]
    reading = Reading(overdue=count(overdue))
    reading.count(State.SCHEDULED, count(scheduled))
    if text(kind) == "zset":
        size, *firsts = yield [("ZCARD", key), *_ask_firsts(key)]
        reading.count(State.WAITING, count(size))
        reading.method = Method.TIMESTAMP
        reading.oldest = _oldest(firsts)
        return reading
    length, tail = yield [("LLEN", key), ("LINDEX", key, -1)]
    reading.count(State.WAITING, count(length))
    reading.method = Method.FIRST_SEEN
    reading.oldest = watch_head(queue, tail, context.at)
    return reading


def _ask_firsts(key: bytes) -> list[Command]:
    return [
        ("ZRANGEBYSCORE", key, score, "+inf", "LIMIT", 0, 1) for score in _SCORES
    ] + [("ZRANGE", key, 0, 0)]  # fmt: skip


def _oldest(replies: Iterable[Reply]) -> Oldest | None:
    """Members start with eight bytes: the microseconds since the epoch."""
    made = [
        plausible(struct.unpack(">Q", member[:_STAMP_BYTES])[0] / 1e6)
        for reply in replies
        for member in names(reply)
        if len(member) >= _STAMP_BYTES
    ]
    known = [one for one in made if one is not None]
    return Oldest(min(known), Method.TIMESTAMP) if known else None


FRAMEWORK: Final = Huey()
