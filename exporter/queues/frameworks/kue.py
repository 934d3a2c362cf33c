"""Kue. Confirmed on npm `kue` 0.11.

A queue is a type of jobs. The sorted sets of its states hold `<digits of the id>|<id>` with the priority as
score, so that the first is the next one to run. What Kue keeps for all types together (the ids, the delayed
jobs by their moment) stands under the queue `*`. Source: lib/kue.js and lib/queue/job.js.
"""

import re
from collections.abc import Sequence
from typing import Final

from exporter.connection import Command, Reply
from exporter.queues.base import CandidateKeys, Found, KeyPattern, ReadContext, read_each
from exporter.queues.frameworks.bases import find_by_base, label_of
from exporter.queues.known import KnownQueue
from exporter.queues.model import Oldest, QueueId, Reading
from exporter.queues.probes import ask_fitting, find_members
from exporter.queues.replies import count, items, names, number
from exporter.queues.steps import Steps
from exporter.queues.timestamps import parse_number
from exporter.queues.vocabulary import ALL_QUEUES, Method, State

_INDEX: Final = b"job:types"
_DEFAULT_BASE: Final = b"q:"
# ioredis, and clusters, want the prefix as a hash tag.
_USUAL: Final = (_DEFAULT_BASE, b"{q}:")
_ALL: Final = ALL_QUEUES.encode()
_STATES: Final = {
    b"inactive": State.WAITING,
    b"active": State.ACTIVE,
    b"delayed": State.DELAYED,
    b"failed": State.FAILED,
    b"complete": State.COMPLETED,
}
# critical, high, medium, normal, low: the first job of each may be the oldest.
_PRIORITIES: Final = (-15, -10, -5, 0, 10)
_MAX_PROBES: Final = 10
_MAX_ACTIVE: Final = 1000


class Kue:
    """See the module."""

    name = "kue"
    key_patterns = (KeyPattern("set", re.compile(rb".+:job:types", re.DOTALL)),)

    def label(self, queue: QueueId) -> str:
        """See `Framework`; a prefix other than the default is part of it."""
        return label_of(queue, _DEFAULT_BASE)

    def find(self, seen: CandidateKeys, context: ReadContext) -> Steps[Sequence[Found]]:
        """See `Framework`."""
        bases = [*_USUAL, *(index.removesuffix(_INDEX) for index in seen.of("set"))]
        return find_by_base(self.name, bases, _types, context)

    def read(self, queues: Sequence[KnownQueue], context: ReadContext) -> Steps[Sequence[Reading]]:
        """See `Framework`."""
        return read_each(queues, context, _read)


def _types(base: bytes) -> Steps[Sequence[bytes]]:
    """The types of jobs in an index that Kue has written, which a job of one of them tells."""
    (types,) = yield from find_members([base + _INDEX])
    if not types:
        return ()
    firsts = yield from ask_fitting(
        [("ZRANGE", _key(base, kind, state), 0, 0) for kind in types[:_MAX_PROBES] for state in _STATES]
    )
    ids = [_job_id(first) for reply in firsts for first in names(reply)]
    jobs = yield from ask_fitting(
        [("HMGET", base + b"job:" + job, "type", "state", "created_at") for job in ids]
    )
    return [*types, _ALL] if any(_is_job(job, types) for job in jobs) else ()


def _is_job(reply: Reply, types: Sequence[bytes]) -> bool:
    fields = items(reply)
    return len(fields) == 3 and fields[0] in types and fields[1] in _STATES and number(fields[2]) is not None


def _key(base: bytes, kind: bytes, state: bytes) -> bytes:
    return base + b"jobs:" + kind + b":" + state


def _job_id(member: bytes) -> bytes:
    return member.rpartition(b"|")[2]


def _read(queue: KnownQueue, context: ReadContext) -> Steps[Reading]:
    if queue.id.name == _ALL:
        return (yield from _read_all(queue.id.base, context))
    base, kind = queue.id.base, queue.id.name
    inactive = _key(base, kind, b"inactive")
    replies = yield [
        *(("ZCARD", _key(base, kind, state)) for state in _STATES),
        ("ZRANGE", _key(base, kind, b"active"), 0, _MAX_ACTIVE - 1),
        ("ZRANGE", inactive, 0, 0),
        *(("ZRANGEBYSCORE", inactive, score, score, "LIMIT", 0, 1) for score in _PRIORITIES),
    ]
    reading = Reading(method=Method.TIMESTAMP)
    for state, reply in zip(_STATES.values(), replies, strict=False):
        reading.count(state, count(reply))
    active, *firsts = replies[len(_STATES) :]
    waiting = list(dict.fromkeys(member for first in firsts for member in names(first)))
    running = names(active)
    jobs = yield [*_ask(base, waiting, "promote_at"), *_ask(base, running, "started_at")]
    moments = [parse_number(next(iter(items(job)), None), 1e-3) for job in jobs]
    ready = [since for since in moments[: len(waiting)] if since is not None]
    if ready:
        reading.oldest = Oldest(min(ready), Method.TIMESTAMP)
    stuck_since = context.at - context.settings.stuck_after.seconds
    reading.stuck = sum(since < stuck_since for since in moments[len(waiting) :] if since is not None)
    return reading


def _ask(base: bytes, members: Sequence[bytes], field: str) -> list[Command]:
    return [("HMGET", base + b"job:" + _job_id(member), field) for member in members]


def _read_all(base: bytes, context: ReadContext) -> Steps[Reading]:
    due_before_ms = int((context.at - context.settings.overdue_after.seconds) * 1000)
    ids, overdue = yield [("GET", base + b"ids"), ("ZCOUNT", base + b"jobs:delayed", "-inf", due_before_ms)]
    return Reading(added=number(ids), overdue=count(overdue))


FRAMEWORK: Final = Kue()
