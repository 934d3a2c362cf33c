"""Hangfire on Redis.

Confirmed from source only: https://github.com/marcoCasamento/Hangfire.Redis.StackExchange,
RedisConnection.cs, RedisMonitoringApi.cs and the handlers of states.

What Hangfire keeps for all queues together (scheduled and failed jobs, what has succeeded) stands under the
queue `*`. Servers write a sign of life every 30 seconds and are taken for dead after five minutes.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from exporter.connection import Command, Reply
from exporter.queues.base import CandidateKeys, Found, KeyPattern, ReadContext
from exporter.queues.frameworks.bases import find_by_base, label_of, read_by_base
from exporter.queues.known import KnownQueue
from exporter.queues.model import Oldest, QueueId, Reading
from exporter.queues.probes import ask_fitting, find_members
from exporter.queues.replies import ask_members, count, items, names, number, scanned
from exporter.queues.stale_workers import assign_stale_workers
from exporter.queues.steps import Steps
from exporter.queues.timestamps import parse_moment
from exporter.queues.vocabulary import ALL_QUEUES, Method, Outcome, State

_INDEX: Final = b"queues"
_DEFAULT_BASE: Final = b"{hangfire}:"
_ALL: Final = ALL_QUEUES.encode()
_STALE_SECONDS: Final = 300.0
_MAX_SERVERS: Final = 500
_MAX_QUEUES_OF_A_SERVER: Final = 100
_MAX_PROBES: Final = 10
_SHARED: Final = {
    b"schedule": ("ZCARD", State.SCHEDULED),
    b"awaiting": ("ZCARD", State.DEFERRED),
    b"failed": ("ZCARD", State.FAILED),
    b"succeeded": ("LLEN", State.COMPLETED),
}


class Hangfire:
    """See the module."""

    name = "hangfire"
    key_patterns = (KeyPattern("set", re.compile(rb".+queues", re.DOTALL)),)

    def label(self, queue: QueueId) -> str:
        """See `Framework`; a prefix other than the default is part of it."""
        return label_of(queue, _DEFAULT_BASE)

    def find(self, seen: CandidateKeys, context: ReadContext) -> Steps[Sequence[Found]]:
        """See `Framework`."""
        bases = [_DEFAULT_BASE, *(index.removesuffix(_INDEX) for index in seen.of("set"))]
        return find_by_base(self.name, bases, _queues, context)

    def read(self, queues: Sequence[KnownQueue], context: ReadContext) -> Steps[Sequence[Reading]]:
        """See `Framework`."""
        return read_by_base(queues, context, _read)


def _queues(base: bytes) -> Steps[Sequence[bytes]]:
    """The queues of an index that Hangfire has written: a job or a server tells."""
    queues, servers = yield from find_members([base + _INDEX, base + b"servers"])
    if not queues:
        return ()
    probes = yield from ask_fitting(
        [
            *(("ZRANGE", base + part, 0, 0) for part in (b"schedule", b"processing", b"failed")),
            *(("LINDEX", base + b"queue:" + name, -1) for name in queues[:_MAX_PROBES]),
        ]
    )
    ids = [job for probe in probes for job in ([probe] if isinstance(probe, bytes) else names(probe))]
    facts = yield from ask_fitting(
        [
            *(("HMGET", base + b"job:" + job, "Type", "Method", "CreatedAt") for job in ids),
            *(
                ("HMGET", base + b"server:" + server, "WorkerCount", "StartedAt")
                for server in servers[:_MAX_PROBES]
            ),
        ]
    )
    return [*queues, _ALL] if any(items(fact) and None not in items(fact) for fact in facts) else ()


@dataclass(frozen=True, slots=True)
class _Server:
    """A Hangfire server: the queues that it works on, when it was last heard."""

    queues: frozenset[bytes]
    heard: float

    def is_stale(self, at: float) -> bool:
        return self.heard < at - _STALE_SECONDS


def _read(base: bytes, queues: Sequence[KnownQueue], context: ReadContext) -> Steps[Sequence[Reading]]:
    """Read all of one prefix.

    What depends on the time is asked first: later rounds are asked ahead where they come out as in the pass
    before.
    """
    questions = [_questions(queue, context) for queue in queues]
    members, *replies = yield [
        ask_members(base + b"servers"),
        *(command for commands in questions for command in commands),
    ]
    ids = scanned(members)[:_MAX_SERVERS]
    answers = iter(replies)
    own = [list(islice(answers, len(commands))) for commands in questions]
    heads = {
        queue.id.name: part[-1]
        for queue, part in zip(queues, own, strict=True)
        if queue.id.name != _ALL and isinstance(part[-1], bytes)
    }
    facts = yield [
        *(("HMGET", base + b"server:" + server, "Heartbeat", "StartedAt") for server in ids),
        *(("LRANGE", base + b"server:" + server + b":queues", 0, _MAX_QUEUES_OF_A_SERVER) for server in ids),
        *(("HMGET", base + b"job:" + job + b":state", "EnqueuedAt") for job in heads.values()),
    ]
    beats, served = facts[: len(ids)], facts[len(ids) : 2 * len(ids)]
    enqueued = dict(zip(heads, facts[2 * len(ids) :], strict=True))
    known = [_server(*pair) for pair in zip(beats, served, strict=True)]
    servers = [server for server in known if server is not None]
    readings = [
        _read_one(queue, part, enqueued.get(queue.id.name), servers, context)
        for queue, part in zip(queues, own, strict=True)
    ]
    assign_stale_workers(
        {queue.id.name: reading for queue, reading in zip(queues, readings, strict=True)},
        [server.queues for server in servers if server.is_stale(context.at)],
    )
    return readings


def _questions(queue: KnownQueue, context: ReadContext) -> list[Command]:
    """The last one tells the oldest job."""
    base = queue.id.base
    if queue.id.name == _ALL:
        due_before = f"({int(context.at - context.settings.overdue_after.seconds)}"
        return [
            *((command, base + part) for part, (command, _) in _SHARED.items()),
            ("ZCOUNT", base + b"schedule", "-inf", due_before),
            ("GET", base + b"stats:succeeded"),
        ]
    key = base + b"queue:" + queue.id.name
    return [("LLEN", key), ("LLEN", key + b":dequeued"), ("LINDEX", key, -1)]


def _server(beat: Reply, queues: Reply) -> _Server | None:
    heard = [parse_moment(field, "auto") for field in items(beat)]
    latest = max((one for one in heard if one is not None), default=None)
    return None if latest is None else _Server(frozenset(names(queues)), latest)


def _read_one(
    queue: KnownQueue,
    replies: Sequence[Reply],
    enqueued: Reply,
    servers: Sequence[_Server],
    context: ReadContext,
) -> Reading:
    if queue.id.name == _ALL:
        reading, serving = _read_shared(replies), list(servers)
    else:
        reading = _read_queue(replies, enqueued)
        serving = [server for server in servers if queue.id.name in server.queues]
    reading.workers = sum(not server.is_stale(context.at) for server in serving)
    reading.last_heartbeat = max((server.heard for server in serving), default=None)
    return reading


def _read_shared(replies: Sequence[Reply]) -> Reading:
    *lengths, overdue, succeeded = replies
    reading = Reading(overdue=count(overdue))
    for (_, state), reply in zip(_SHARED.values(), lengths, strict=True):
        reading.count(state, count(reply))
    # Without a key nothing was counted yet.
    ended = 0.0 if succeeded is None else number(succeeded)
    if ended is not None:
        reading.finished = {Outcome.COMPLETED: ended}
    return reading


def _read_queue(replies: Sequence[Reply], enqueued: Reply) -> Reading:
    waiting, fetched, _ = replies
    reading = Reading(method=Method.TIMESTAMP)
    reading.count(State.WAITING, count(waiting))
    reading.count(State.ACTIVE, count(fetched))
    since = parse_moment(next(iter(items(enqueued)), None), "auto")
    if since is not None:
        reading.oldest = Oldest(since, Method.TIMESTAMP)
    return reading


FRAMEWORK: Final = Hangfire()
