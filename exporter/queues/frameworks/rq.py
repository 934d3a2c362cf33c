"""RQ. Confirmed on PyPI `rq` 2.12; the layout has been the same since 1.0.

A job that is running stands in the set `rq:wip:<queue>`, scored by when its worker must next be heard. The
index of workers keeps those that were killed; their hash is gone. What workers have done is counted per
worker: of one with several queues it is not known for which, so that stands under the queue `*`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from exporter.connection import Command, Reply
from exporter.queues.base import CandidateKeys, Found, KeyPattern, ReadContext
from exporter.queues.known import KnownQueue, printable
from exporter.queues.model import Oldest, QueueId, Reading
from exporter.queues.prefetch import with_prefetch
from exporter.queues.probes import ask_fitting, find_members, find_types
from exporter.queues.replies import ask_members, count, items, names, number, scanned, text
from exporter.queues.stale_workers import assign_stale_workers
from exporter.queues.steps import Steps
from exporter.queues.timestamps import parse_iso
from exporter.queues.vocabulary import ALL_QUEUES, Method, Outcome, State

_BASE: Final = b"rq:"
_QUEUE: Final = b"rq:queue:"
_WORKER: Final = b"rq:worker:"
_JOB: Final = b"rq:job:"
_ALL: Final = ALL_QUEUES.encode()
_MAX_WORKERS: Final = 1000
# So many queues are looked at to tell whether they are RQ's.
_MAX_PROBES: Final = 10
_REGISTRIES: Final = {
    b"wip": State.ACTIVE,
    b"finished": State.COMPLETED,
    b"failed": State.FAILED,
    b"scheduled": State.SCHEDULED,
    b"deferred": State.DEFERRED,
    b"canceled": State.CANCELED,
}
_WORKER_FIELDS: Final = ("last_heartbeat", "queues", "successful_job_count", "failed_job_count", "birth")


class Rq:
    """See the module."""

    name = "rq"
    key_patterns: Sequence[KeyPattern] = ()

    def label(self, queue: QueueId) -> str:
        """See `Framework`."""
        return printable(queue.name)

    def find(self, seen: CandidateKeys, context: ReadContext) -> Steps[Sequence[Found]]:
        """See `Framework`: the queues of the index, and those that workers serve."""
        index, registered = yield from find_members([b"rq:queues", b"rq:workers"])
        workers = [key for key in registered if key.startswith(_WORKER)][:_MAX_WORKERS]
        hashes = yield from ask_fitting([("HMGET", key, "queues", "last_heartbeat") for key in workers])
        served = [name for reply in hashes for name in _served_by(reply)]
        queues = [key.removeprefix(_QUEUE) for key in index if key.startswith(_QUEUE)]
        if not served and not (yield from _are_queues(queues[:_MAX_PROBES])):
            return []
        found = dict.fromkeys([*queues, *served, _ALL])
        return [Found(QueueId(self.name, _BASE, queue, context.database)) for queue in found]

    def read(self, queues: Sequence[KnownQueue], context: ReadContext) -> Steps[Sequence[Reading]]:
        """See `Framework`."""
        return with_prefetch(queues[0].speculative_cache, _read(queues, context))


def _served_by(reply: Reply) -> Sequence[bytes]:
    """The queues in a worker's hash."""
    queues, heartbeat = (*items(reply), None, None)[:2]
    if not isinstance(queues, bytes) or parse_iso(heartbeat) is None:
        return ()
    return [name for name in queues.split(b",") if name]


def _are_queues(queues: Sequence[bytes]) -> Steps[bool]:
    """Whether some of the index's queues are lists of jobs, or all of them are empty.

    RQ's index holds whole keys, which nobody else writes.
    """
    keys = [_QUEUE + name for name in queues]
    types = yield from find_types(keys)
    if not keys or not set(types.values()) <= {"none", "list"}:
        return False
    lists = [key for key in keys if types[key] == "list"]
    if not lists:
        return True
    ends = yield [command for key in lists for command in (("LINDEX", key, 0), ("LINDEX", key, -1))]
    jobs = yield from ask_fitting(
        [("HMGET", _JOB + job, "created_at", "data", "origin") for job in names(ends)]
    )
    return any(parse_iso(job[0]) is not None and any(job[1:]) for job in map(items, jobs) if job)


def _questions(name: bytes, context: ReadContext) -> list[Command]:
    due_before = context.at - context.settings.overdue_after.seconds
    return [
        ("LLEN", _QUEUE + name),
        ("LLEN", _QUEUE + name + b":intermediate"),
        *(("ZCARD", b"rq:" + registry + b":" + name) for registry in _REGISTRIES),
        ("ZCOUNT", b"rq:wip:" + name, "-inf", f"({context.at:.3f}"),
        ("ZCOUNT", b"rq:scheduled:" + name, "-inf", f"({due_before:.3f}"),
        ("LINDEX", _QUEUE + name, 0),
        ask_members(b"rq:workers:" + name),
    ]


def _read(queues: Sequence[KnownQueue], context: ReadContext) -> Steps[Sequence[Reading]]:
    real = [queue for queue in queues if queue.id.name != _ALL]
    asked = [_questions(queue.id.name, context) for queue in real]
    replies = yield [("EXISTS", b"rq:suspended"), *(command for commands in asked for command in commands)]
    suspended, answers = count(replies[0]), replies[1:]
    size = len(asked[0]) if asked else 0
    parts = [answers[index * size : (index + 1) * size] for index in range(len(asked))]
    readings = {queue.id.name: _first_reading(part) for queue, part in zip(real, parts, strict=True)}
    heads = [part[-2] if isinstance(part[-2], bytes) else b"" for part in parts]
    registered = [scanned(part[-1]) for part in parts]
    workers = list(dict.fromkeys(worker for group in registered for worker in group))[:_MAX_WORKERS]
    replies = yield [
        *(("HMGET", worker, *_WORKER_FIELDS) for worker in workers),
        *(("HMGET", b"rq:job:" + job, "enqueued_at", "created_at") for job in heads if job),
    ]
    hashes = dict(zip(workers, replies, strict=False))
    jobs = iter(replies[len(workers) :])
    for reading, head, group in zip(readings.values(), heads, registered, strict=True):
        reading.paused = None if suspended is None else suspended > 0
        reading.oldest = _oldest(next(jobs)) if head else None
        _count_workers(reading, [hashes[worker] for worker in group if worker in hashes])
    readings[_ALL] = Reading()
    _count_workers(readings[_ALL], list(hashes.values()))
    stale = [worker for worker, fields in hashes.items() if items(fields) and _heard(fields) is None]
    served = dict(zip(readings, registered, strict=False))
    assign_stale_workers(readings, [[name for name in served if worker in served[name]] for worker in stale])
    in_order = [readings[queue.id.name] for queue in queues]
    _count_finished(queues, in_order, hashes, context)
    return in_order


def _first_reading(replies: Sequence[Any]) -> Reading:
    reading = Reading(method=Method.TIMESTAMP)
    reading.count(State.WAITING, count(replies[0]))
    reading.count(State.INTERMEDIATE, count(replies[1]))
    for state, reply in zip(_REGISTRIES.values(), replies[2:], strict=False):
        reading.count(state, count(reply))
    reading.orphaned, reading.overdue = (count(reply) for reply in replies[-4:-2])
    return reading


def _oldest(job: object) -> Oldest | None:
    times = [parse_iso(field) for field in items(job)]
    since = next((time for time in times if time is not None), None)
    return None if since is None else Oldest(since, Method.TIMESTAMP)


def _count_workers(reading: Reading, hashes: Sequence[object]) -> None:
    alive = [heartbeat for fields in hashes if (heartbeat := _heard(fields)) is not None]
    reading.workers = len(alive)
    reading.last_heartbeat = max(alive, default=None)


def _heard(fields: object) -> float | None:
    """When a worker was last heard. One without its hash was killed: heartbeats keep the hash alive."""
    return parse_iso(items(fields)[0]) if items(fields) else None


def _count_finished(
    queues: Sequence[KnownQueue],
    readings: Sequence[Reading],
    hashes: Mapping[bytes, object],
    context: ReadContext,
) -> None:
    by_name = {queue.id.name: (queue, reading) for queue, reading in zip(queues, readings, strict=True)}
    alive = [printable(worker) for worker, fields in hashes.items() if any(items(fields))]
    for outcome, position in ((Outcome.COMPLETED, 2), (Outcome.FAILED, 3)):
        for worker, fields in hashes.items():
            values = items(fields)
            done = number(values[position]) if len(values) > position else None
            served = (text(values[1]) or "").encode() if len(values) > 1 else b""
            place = by_name.get(served) or by_name.get(_ALL)
            if done is not None and place is not None:
                born = parse_iso(values[4]) if len(values) > 4 else None
                is_new = born is not None and born * 1000 >= context.since_ms
                place[0].follow(outcome, printable(worker), done, is_new=is_new)
        for queue, reading in by_name.values():
            queue.drop_sources(outcome, alive)
            if outcome in queue.notes or queue.id.name == _ALL:
                reading.finished[outcome] = queue.number(outcome)


FRAMEWORK: Final = Rq()
