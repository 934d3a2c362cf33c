"""gocraft/work. Confirmed on Go `github.com/gocraft/work` 0.5.

`<namespace>:known_jobs` is the set of kinds of jobs, each of which is a queue. Retries, scheduled and dead
jobs of all kinds stand together, under the queue `*`. Source: redis.go, heartbeater.go, dead_pool_reaper.go.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from exporter.connection import Command, Reply
from exporter.queues.base import CandidateKeys, Found, KeyPattern, ReadContext
from exporter.queues.frameworks.bases import find_by_base, label_of, read_by_base
from exporter.queues.known import KnownQueue
from exporter.queues.model import Oldest, QueueId, Reading
from exporter.queues.probes import ask_fitting, find_members
from exporter.queues.replies import ask_members, count, items, json_object, names, number, scanned
from exporter.queues.stale_workers import assign_stale_workers
from exporter.queues.steps import Steps
from exporter.queues.timestamps import parse_number
from exporter.queues.vocabulary import ALL_QUEUES, Method, State

_INDEX: Final = b"known_jobs"
_ALL: Final = ALL_QUEUES.encode()
_SHARED: Final = {b"retry": State.RETRY, b"scheduled": State.SCHEDULED, b"dead": State.DEAD}
# Pools tell every five seconds that they live; this many beats in a row are not missed by chance.
_STALE_SECONDS: Final = 30.0
_MAX_POOLS: Final = 500
_MAX_PROBES: Final = 10


class GocraftWork:
    """See the module."""

    name = "gocraft-work"
    key_patterns = (KeyPattern("set", re.compile(rb"(.+:)?known_jobs", re.DOTALL)),)

    def label(self, queue: QueueId) -> str:
        """See `Framework`; the namespace has no default, and is part of it."""
        return label_of(queue)

    def find(self, seen: CandidateKeys, context: ReadContext) -> Steps[Sequence[Found]]:
        """See `Framework`."""
        bases = [index.removesuffix(_INDEX) for index in seen.of("set")]
        return find_by_base(self.name, bases, _kinds, context)

    def read(self, queues: Sequence[KnownQueue], context: ReadContext) -> Steps[Sequence[Reading]]:
        """See `Framework`."""
        return read_by_base(queues, context, _read)


def _kinds(base: bytes) -> Steps[Sequence[bytes]]:
    """The kinds of jobs in an index that gocraft/work has written: a job or a pool of workers tells."""
    kinds, pools = yield from find_members([base + _INDEX, base + b"worker_pools"])
    if not kinds:
        return ()
    probes = yield from ask_fitting(
        [
            *(("ZRANGE", base + part, 0, 0) for part in _SHARED),
            *(("LINDEX", base + b"jobs:" + kind, -1) for kind in kinds[:_MAX_PROBES]),
        ]
    )
    waiting = [job for probe in probes for job in ([probe] if isinstance(probe, bytes) else names(probe))]
    beats = yield from ask_fitting(
        [
            ("HMGET", base + b"worker_pools:" + pool, "heartbeat_at", "job_names")
            for pool in pools[:_MAX_PROBES]
        ]
    )
    is_ours = any(_is_job(job, kinds) for job in waiting) or any(_pool(beat) for beat in beats)
    return [*kinds, _ALL] if is_ours else ()


def _is_job(job: bytes, kinds: Sequence[bytes]) -> bool:
    fields = json_object(job)
    name = fields.get("name")
    return isinstance(name, str) and name.encode() in kinds and "id" in fields and "args" in fields


@dataclass(frozen=True, slots=True)
class _WorkerPool:
    """A pool of workers: the kinds of jobs that it works on, when it was last heard."""

    kinds: frozenset[bytes]
    heard: float

    def is_stale(self, at: float) -> bool:
        return self.heard < at - _STALE_SECONDS


def _read(base: bytes, queues: Sequence[KnownQueue], context: ReadContext) -> Steps[Sequence[Reading]]:
    """Read all of one namespace.

    What depends on the time is asked first: later rounds are asked ahead where they come out as in the pass
    before.
    """
    questions = [_questions(queue, context) for queue in queues]
    members, *replies = yield [
        ask_members(base + b"worker_pools"),
        *(command for commands in questions for command in commands),
    ]
    ids = scanned(members)[:_MAX_POOLS]
    beats = yield [("HMGET", base + b"worker_pools:" + pool, "heartbeat_at", "job_names") for pool in ids]
    pools = {pool: found for pool, beat in zip(ids, beats, strict=True) if (found := _pool(beat)) is not None}
    answers = iter(replies)
    readings = [
        _read_one(queue, list(islice(answers, len(commands))), pools, context)
        for queue, commands in zip(queues, questions, strict=True)
    ]
    assign_stale_workers(
        {queue.id.name: reading for queue, reading in zip(queues, readings, strict=True)},
        [pool.kinds for pool in pools.values() if pool.is_stale(context.at)],
    )
    return readings


def _questions(queue: KnownQueue, context: ReadContext) -> list[Command]:
    base = queue.id.base
    if queue.id.name == _ALL:
        due_before = f"({int(context.at - context.settings.overdue_after.seconds)}"
        return [
            *(("ZCARD", base + part) for part in _SHARED),
            *(("ZCOUNT", base + part, "-inf", due_before) for part in (b"retry", b"scheduled")),
        ]
    key = base + b"jobs:" + queue.id.name
    return [
        ("LLEN", key),
        ("LINDEX", key, -1),
        ("GET", key + b":lock"),
        ("HSCAN", key + b":lock_info", 0, "COUNT", _MAX_POOLS),
        ("EXISTS", key + b":paused"),
    ]


def _pool(beat: Reply) -> _WorkerPool | None:
    heard, kinds = (*items(beat), None, None)[:2]
    heard_at = parse_number(heard, 1.0)
    if heard_at is None or not isinstance(kinds, bytes):
        return None
    return _WorkerPool(frozenset(kinds.split(b",")), heard_at)


def _read_one(
    queue: KnownQueue, replies: Sequence[Reply], pools: Mapping[bytes, _WorkerPool], context: ReadContext
) -> Reading:
    if queue.id.name == _ALL:
        reading, serving = _read_shared(replies), list(pools.values())
    else:
        reading = _read_kind(replies, pools, context)
        serving = [pool for pool in pools.values() if queue.id.name in pool.kinds]
    reading.workers = sum(not pool.is_stale(context.at) for pool in serving)
    reading.last_heartbeat = max((pool.heard for pool in serving), default=None)
    return reading


def _read_shared(replies: Sequence[Reply]) -> Reading:
    *lengths, retry, scheduled = replies
    late = [count(retry), count(scheduled)]
    reading = Reading(overdue=None if None in late else sum(part or 0 for part in late))
    for state, reply in zip(_SHARED.values(), lengths, strict=True):
        reading.count(state, count(reply))
    return reading


def _read_kind(replies: Sequence[Reply], pools: Mapping[bytes, _WorkerPool], context: ReadContext) -> Reading:
    length, oldest, running, holders, paused = replies
    reading = Reading(method=Method.TIMESTAMP, paused=count(paused) == 1)
    reading.count(State.WAITING, count(length))
    reading.count(State.ACTIVE, max(0, int(number(running) or 0)))
    reading.orphaned = 0
    held = items(items(holders)[1]) if len(items(holders)) == 2 else ()
    for pool, jobs in zip(held[::2], held[1::2], strict=False):
        known = pools.get(pool)
        if known is None or known.is_stale(context.at):
            reading.orphaned += max(0, int(number(jobs) or 0))
    since = parse_number(json_object(oldest).get("t"), 1.0)
    if since is not None:
        reading.oldest = Oldest(since, Method.TIMESTAMP)
    return reading


FRAMEWORK: Final = GocraftWork()
