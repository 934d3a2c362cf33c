"""rsmq, Redis Simple Message Queue. Confirmed on npm `rsmq` 0.12.

A queue is a sorted set of messages by the moment (ms) from which they can be received, and a hash `<queue>:Q`
with its settings, counters and the messages themselves. A received message stays, hidden, until it is deleted
or its time is over. Source: index.js.
"""

import re
from collections.abc import Sequence
from typing import Final

from exporter.connection import Reply
from exporter.queues.base import CandidateKeys, Found, KeyPattern, ReadContext, read_each
from exporter.queues.frameworks.bases import find_by_base, label_of
from exporter.queues.known import KnownQueue
from exporter.queues.model import Oldest, QueueId, Reading
from exporter.queues.probes import ask_fitting, find_members
from exporter.queues.replies import count, items, names, number, scored_members
from exporter.queues.steps import Steps
from exporter.queues.timestamps import parse_number
from exporter.queues.vocabulary import Method, Outcome, State

_INDEX: Final = b"QUEUES"
_DEFAULT_BASE: Final = b"rsmq:"
_SETTINGS: Final = ("vt", "delay", "maxsize", "created", "modified")
# Hidden messages of which it is looked up whether somebody has received them; the others count as delayed.
_MAX_HIDDEN: Final = 1000


class Rsmq:
    """See the module."""

    name = "rsmq"
    key_patterns = (KeyPattern("set", re.compile(rb".+:QUEUES", re.DOTALL)),)

    def label(self, queue: QueueId) -> str:
        """See `Framework`; a namespace other than the default is part of it."""
        return label_of(queue, _DEFAULT_BASE)

    def find(self, seen: CandidateKeys, context: ReadContext) -> Steps[Sequence[Found]]:
        """See `Framework`."""
        bases = [_DEFAULT_BASE, *(index.removesuffix(_INDEX) for index in seen.of("set"))]
        return find_by_base(self.name, bases, _queues, context)

    def read(self, queues: Sequence[KnownQueue], context: ReadContext) -> Steps[Sequence[Reading]]:
        """See `Framework`."""
        return read_each(queues, context, _read)


def _queues(base: bytes) -> Steps[Sequence[bytes]]:
    """The queues of an index, each with the hash of its settings."""
    (members,) = yield from find_members([base + _INDEX])
    hashes = yield from ask_fitting([("HMGET", base + member + b":Q", *_SETTINGS) for member in members])
    return [member for member, fields in zip(members, hashes, strict=True) if _are_settings(fields)]


def _are_settings(reply: Reply) -> bool:
    fields = items(reply)
    return len(fields) == len(_SETTINGS) and all(number(field) is not None for field in fields)


def _read(queue: KnownQueue, context: ReadContext) -> Steps[Reading]:
    key = queue.id.base + queue.id.name
    now = context.at_ms
    total, visible, first, hidden, counters = yield [
        ("ZCARD", key),
        ("ZCOUNT", key, "-inf", now),
        ("ZRANGE", key, 0, 0, "WITHSCORES"),
        ("ZRANGEBYSCORE", key, f"({now}", "+inf", "LIMIT", 0, _MAX_HIDDEN),
        ("HMGET", key + b":Q", "created", "totalsent"),
    ]
    reading = Reading(method=Method.TIMESTAMP)
    messages, waiting = count(total), count(visible)
    if messages is None or waiting is None:
        return reading
    out_of_sight = names(hidden)
    received = 0
    if out_of_sight:
        (times,) = yield [("HMGET", key + b":Q", *(message + b":rc" for message in out_of_sight))]
        received = sum(received is not None for received in items(times))
    reading.count(State.WAITING, waiting)
    reading.count(State.ACTIVE, received)
    reading.count(State.DELAYED, max(0, messages - waiting - received))
    _take_oldest(reading, first, context)
    created, sent = (*items(counters), None, None)[:2]
    if created is not None:
        # The counter comes with the first message.
        reading.added = number(sent) or 0.0
        # Deleting a message is how its receiver says that it is done with it.
        reading.finished = {Outcome.COMPLETED: max(0.0, reading.added - messages)}
    return reading


def _take_oldest(reading: Reading, first: Reply, context: ReadContext) -> None:
    """The message that has been visible for longest.

    A received one becomes visible anew when its time is over.
    """
    for _, score in scored_members(first)[:1]:
        since = parse_number(score, 1e-3)
        if since is not None and since <= context.at:
            reading.oldest = Oldest(since, Method.TIMESTAMP)


FRAMEWORK: Final = Rsmq()
