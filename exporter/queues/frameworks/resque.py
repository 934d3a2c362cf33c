"""Resque, and node-resque, which shares its layout.

node-resque is confirmed on npm `node-resque` 9.7; Resque itself from source only:
https://github.com/resque/resque, lib/resque/data_store.rb and worker.rb. Workers of the one write heartbeats
into `workers:heartbeat`, those of the other into `worker:ping:<host>:<pid>`. Resque counts failed jobs among
the processed ones, node-resque does not.

Jobs carry no time. Failed jobs stand in one list, and the counters count for all queues: they are under the
queue `*`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from exporter.connection import Command, Reply
from exporter.queues.base import CandidateKeys, Found, ReadContext
from exporter.queues.frameworks import ruby_index
from exporter.queues.frameworks.bases import read_by_base
from exporter.queues.heads import watch_head
from exporter.queues.known import KnownQueue, printable
from exporter.queues.model import QueueId, Reading
from exporter.queues.replies import ask_members, count, items, json_object, scanned
from exporter.queues.stale_workers import assign_stale_workers
from exporter.queues.steps import Steps
from exporter.queues.timestamps import parse_epoch, parse_iso
from exporter.queues.totals import finished_from_totals
from exporter.queues.vocabulary import Method, State

_DEFAULT_BASE: Final = b"resque:"
_MAX_WORKERS: Final = 500
# Resque itself takes a worker for dead that was not heard for five minutes (`prune_interval`).
_STALE_SECONDS: Final = 300.0


# The note that the workers were seen to be node-resque's.
_PINGS: Final = "pings"


class Resque:
    """See the module."""

    name = ruby_index.RESQUE
    key_patterns = ruby_index.KEY_PATTERNS

    def label(self, queue: QueueId) -> str:
        """See `Framework`; a namespace other than the default is part of it."""
        return printable((queue.base + queue.name).removeprefix(_DEFAULT_BASE))

    def find(self, seen: CandidateKeys, context: ReadContext) -> Steps[Sequence[Found]]:
        """See `Framework`."""
        return ruby_index.find_queues(self.name, seen, context)

    def read(self, queues: Sequence[KnownQueue], context: ReadContext) -> Steps[Sequence[Reading]]:
        """See `Framework`."""
        return read_by_base(queues, context, _read)


@dataclass(frozen=True, slots=True)
class _Worker:
    """A registered worker.

    `heard` is None where it has sent no heartbeat. `running` is its job's queue, `pings` whether it is
    node-resque's.
    """

    queues: frozenset[bytes]
    heard: float | None
    running: bytes | None
    pings: bool = False

    def is_stale(self, at: float) -> bool:
        return self.heard is not None and self.heard < at - _STALE_SECONDS


def _read(base: bytes, queues: Sequence[KnownQueue], context: ReadContext) -> Steps[Sequence[Reading]]:
    questions = [_questions(queue) for queue in queues]
    first = yield [
        ask_members(base + b"workers"),
        *(command for commands in questions for command in commands),
    ]
    names = scanned(first[0])[:_MAX_WORKERS]
    workers = (yield from _read_workers(base, names)) if names else ()
    answers = iter(first[1:])
    readings = {}
    for queue, commands in zip(queues, questions, strict=True):
        read = _total if queue.id.name == ruby_index.ALL else _queue
        readings[queue.id.name] = read(queue, list(islice(answers, len(commands))), workers, context)
    assign_stale_workers(readings, [worker.queues for worker in workers if worker.is_stale(context.at)])
    return list(readings.values())


def _questions(queue: KnownQueue) -> list[Command]:
    base = queue.id.base
    if queue.id.name == ruby_index.ALL:
        return [("LLEN", base + b"failed"), ("GET", base + b"stat:processed"), ("GET", base + b"stat:failed")]
    key = base + b"queue:" + queue.id.name
    return [("LLEN", key), ("LINDEX", key, 0)]


def _read_workers(base: bytes, names: Sequence[bytes]) -> Steps[Sequence[_Worker]]:
    replies = yield [
        ("HMGET", base + b"workers:heartbeat", *names),
        *(("GET", base + b"worker:" + name) for name in names),
        *(("GET", base + b"worker:ping:" + b":".join(name.split(b":")[:2])) for name in names),
    ]
    beats = items(replies[0]) or [None] * len(names)
    jobs, pings = replies[1 : 1 + len(names)], replies[1 + len(names) :]
    return [
        _worker(name, beat, job, ping)
        for name, beat, job, ping in zip(names, beats, jobs, pings, strict=True)
    ]


def _worker(name: bytes, beat: Reply, job: Reply, ping: Reply) -> _Worker:
    pinged = parse_epoch(json_object(ping).get("time"))
    return _Worker(_served(name), parse_iso(beat) or pinged, _running(job), pinged is not None)


def _served(name: bytes) -> frozenset[bytes]:
    """A worker's name is `<host>:<pid>:<queues, with commas>`; `*` stands for all."""
    return frozenset(name.split(b":", 2)[-1].split(b","))


def _running(job: Reply) -> bytes | None:
    queue = json_object(job).get("queue")
    return queue.encode() if isinstance(queue, str) else None


def _queue(
    queue: KnownQueue, replies: Sequence[Reply], workers: Sequence[_Worker], context: ReadContext
) -> Reading:
    name = queue.id.name
    length, head = replies
    reading = Reading(method=Method.FIRST_SEEN)
    reading.count(State.WAITING, count(length))
    reading.oldest = watch_head(queue, head, context.at)
    running = [worker for worker in workers if worker.running == name]
    reading.count(State.ACTIVE, len(running))
    reading.orphaned = sum(worker.is_stale(context.at) for worker in running)
    _count_workers(reading, [worker for worker in workers if worker.queues & {name, b"*"}], context)
    return reading


def _total(
    queue: KnownQueue, replies: Sequence[Reply], workers: Sequence[_Worker], context: ReadContext
) -> Reading:
    failed, *totals = replies
    reading = Reading()
    reading.count(State.FAILED, count(failed))
    if any(worker.pings for worker in workers):
        queue.notes[_PINGS] = 1
    reading.finished = finished_from_totals(*totals, failed_are_extra=_PINGS in queue.notes)
    _count_workers(reading, workers, context)
    return reading


def _count_workers(reading: Reading, workers: Iterable[_Worker], context: ReadContext) -> None:
    workers = list(workers)
    reading.workers = sum(not worker.is_stale(context.at) for worker in workers)
    reading.last_heartbeat = max((worker.heard for worker in workers if worker.heard), default=None)


FRAMEWORK: Final = Resque()
