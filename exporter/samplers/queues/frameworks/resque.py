"""Resque. Confirmed from source only: https://github.com/resque/resque, lib/resque/data_store.rb and
worker.rb.

Jobs carry no time. Failed jobs stand in one list, and the counters count for all queues: they are under the
queue `*`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from exporter.connection import Reply
from exporter.samplers.queues.base import Found, Moment, Sightings
from exporter.samplers.queues.frameworks import ruby_index
from exporter.samplers.queues.heads import watch_head
from exporter.samplers.queues.known import KnownQueue, printable
from exporter.samplers.queues.model import QueueId, Reading
from exporter.samplers.queues.replies import ask_members, count, items, json_object, scanned
from exporter.samplers.queues.steps import Steps, together
from exporter.samplers.queues.timestamps import parse_iso
from exporter.samplers.queues.totals import finished_from_totals
from exporter.samplers.queues.vocabulary import Method, State

_DEFAULT_BASE: Final = b"resque:"
_MAX_WORKERS: Final = 500
# Resque itself takes a worker for dead that was not heard for five minutes (`prune_interval`).
_SILENT_SECONDS: Final = 300.0


class Resque:
    """See the module."""

    name = ruby_index.RESQUE
    signposts = ruby_index.SIGNPOSTS

    def label(self, queue: QueueId) -> str:
        """See `Framework`; a namespace other than the default is part of it."""
        return printable((queue.base + queue.name).removeprefix(_DEFAULT_BASE))

    def find(self, seen: Sightings, moment: Moment) -> Steps[Sequence[Found]]:
        """See `Framework`."""
        return ruby_index.find_queues(self.name, seen, moment)

    def read(self, queues: Sequence[KnownQueue], moment: Moment) -> Steps[Sequence[Reading]]:
        """See `Framework`."""
        bases = list(dict.fromkeys(queue.id.base for queue in queues))
        fleets = yield from together([_read_workers(base) for base in bases])
        by_base = dict(zip(bases, fleets, strict=True))
        return (
            yield from together(
                [
                    _read_total(queue, by_base[queue.id.base], moment)
                    if queue.id.name == ruby_index.ALL
                    else _read_queue(queue, by_base[queue.id.base], moment)
                    for queue in queues
                ]
            )
        )


@dataclass(frozen=True, slots=True)
class _Worker:
    """A registered worker; `heard` is None where it has sent no heartbeat. `running` is its job's queue."""

    queues: frozenset[bytes]
    heard: float | None
    running: bytes | None

    def is_silent(self, at: float) -> bool:
        return self.heard is not None and self.heard < at - _SILENT_SECONDS


def _read_workers(base: bytes) -> Steps[Sequence[_Worker]]:
    (reply,) = yield [ask_members(base + b"workers")]
    names = scanned(reply)[:_MAX_WORKERS]
    if not names:
        return ()
    replies = yield [
        ("HMGET", base + b"workers:heartbeat", *names),
        *(("GET", base + b"worker:" + name) for name in names),
    ]
    beats = items(replies[0]) or [None] * len(names)
    return [
        _Worker(_served(name), parse_iso(beat), _running(job))
        for name, beat, job in zip(names, beats, replies[1:], strict=True)
    ]


def _served(name: bytes) -> frozenset[bytes]:
    """A worker's name is `<host>:<pid>:<queues, with commas>`; `*` stands for all."""
    return frozenset(name.split(b":", 2)[-1].split(b","))


def _running(job: Reply) -> bytes | None:
    queue = json_object(job).get("queue")
    return queue.encode() if isinstance(queue, str) else None


def _read_queue(queue: KnownQueue, workers: Sequence[_Worker], moment: Moment) -> Steps[Reading]:
    name = queue.id.name
    key = queue.id.base + b"queue:" + name
    length, head = yield [("LLEN", key), ("LINDEX", key, 0)]
    reading = Reading(method=Method.FIRST_SEEN)
    reading.count(State.WAITING, count(length))
    reading.oldest = watch_head(queue, head, moment.at)
    running = [worker for worker in workers if worker.running == name]
    reading.count(State.ACTIVE, len(running))
    reading.orphaned = sum(worker.is_silent(moment.at) for worker in running)
    _count_workers(reading, [worker for worker in workers if worker.queues & {name, b"*"}], moment)
    return reading


def _read_total(queue: KnownQueue, workers: Sequence[_Worker], moment: Moment) -> Steps[Reading]:
    base = queue.id.base
    failed, *totals = yield [
        ("LLEN", base + b"failed"),
        ("GET", base + b"stat:processed"),
        ("GET", base + b"stat:failed"),
    ]
    reading = Reading()
    reading.count(State.FAILED, count(failed))
    reading.finished = finished_from_totals(*totals)
    _count_workers(reading, workers, moment)
    return reading


def _count_workers(reading: Reading, workers: Iterable[_Worker], moment: Moment) -> None:
    workers = list(workers)
    reading.silent_workers = sum(worker.is_silent(moment.at) for worker in workers)
    reading.workers = len(workers) - reading.silent_workers
    reading.last_heartbeat = max((worker.heard for worker in workers if worker.heard), default=None)


FRAMEWORK: Final = Resque()
