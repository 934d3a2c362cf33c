"""Sidekiq.

Confirmed on Debian's `ruby-sidekiq` 6.4; versions 7 and 8 from source: times in whole milliseconds, and
running jobs under `<process>:work` instead of `:workers`. Retries, scheduled and dead jobs stand in one set
each for all queues, and so do the counters: they are under the queue `*`. Source:
https://github.com/sidekiq/sidekiq, lib/sidekiq/api.rb and launcher.rb.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from exporter.connection import Command, Reply
from exporter.queues.base import CandidateKeys, Found, ReadContext
from exporter.queues.frameworks import ruby_index
from exporter.queues.frameworks.bases import read_by_base
from exporter.queues.known import KnownQueue, printable
from exporter.queues.model import Oldest, QueueId, Reading
from exporter.queues.replies import ask_members, count, items, json_object, scanned
from exporter.queues.steps import Steps
from exporter.queues.timestamps import parse_epoch
from exporter.queues.totals import finished_from_totals
from exporter.queues.vocabulary import Method, State

_MAX_PROCESSES: Final = 500


class Sidekiq:
    """See the module."""

    name = ruby_index.SIDEKIQ
    key_patterns = ruby_index.KEY_PATTERNS

    def label(self, queue: QueueId) -> str:
        """See `Framework`; a namespace is part of it."""
        return printable(queue.base + queue.name)

    def find(self, seen: CandidateKeys, context: ReadContext) -> Steps[Sequence[Found]]:
        """See `Framework`."""
        return ruby_index.find_queues(self.name, seen, context)

    def read(self, queues: Sequence[KnownQueue], context: ReadContext) -> Steps[Sequence[Reading]]:
        """See `Framework`."""
        return read_by_base(queues, context, _read)


@dataclass(frozen=True, slots=True)
class _Process:
    """A process that serves queues: registered, and alive while its hash is there."""

    queues: frozenset[bytes]
    beat: float | None
    running: Sequence[bytes]

    @property
    def is_alive(self) -> bool:
        return self.beat is not None


def _read(base: bytes, queues: Sequence[KnownQueue], context: ReadContext) -> Steps[Sequence[Reading]]:
    names = [queue.id.name for queue in queues if queue.id.name != ruby_index.ALL]
    first = yield [
        ask_members(base + b"processes"),
        ask_members(base + b"paused"),
        *_ask_totals(base, context),
        *(("LLEN", base + b"queue:" + name) for name in names),
        *(("LINDEX", base + b"queue:" + name, -1) for name in names),
    ]
    identities = scanned(first[0])[:_MAX_PROCESSES]
    paused, totals, rest = scanned(first[1]), first[2:9], first[9:]
    replies = yield [command for identity in identities for command in _ask_process(base + identity)]
    processes = [_process(replies[start : start + 3]) for start in range(0, len(replies), 3)]
    readings = {ruby_index.ALL: _total(totals, processes)}
    for name, length, tail in zip(names, rest[: len(names)], rest[len(names) :], strict=True):
        readings[name] = _queue(name, length, tail, processes)
        readings[name].paused = name in paused
    return [readings[queue.id.name] for queue in queues]


def _ask_totals(base: bytes, context: ReadContext) -> list[Command]:
    due_before = f"({context.at - context.settings.overdue_after.seconds:.3f}"
    return [
        ("ZCARD", base + b"schedule"),
        ("ZCARD", base + b"retry"),
        ("ZCARD", base + b"dead"),
        ("ZCOUNT", base + b"schedule", "-inf", due_before),
        ("ZCOUNT", base + b"retry", "-inf", due_before),
        ("GET", base + b"stat:processed"),
        ("GET", base + b"stat:failed"),
    ]


def _ask_process(key: bytes) -> list[Command]:
    return [("HMGET", key, "info", "beat"), ("HVALS", key + b":work"), ("HVALS", key + b":workers")]


def _process(replies: Sequence[Reply]) -> _Process:
    info, beat = (*items(replies[0]), None, None)[:2]
    served = json_object(info).get("queues")
    names = served if isinstance(served, list) else ()
    running = [json_object(job).get("queue") for reply in replies[1:] for job in items(reply)]
    return _Process(
        frozenset(str(name).encode() for name in names),
        parse_epoch(beat),
        [queue.encode() for queue in running if isinstance(queue, str)],
    )


def _queue(name: bytes, length: Reply, tail: Reply, processes: Iterable[_Process]) -> Reading:
    reading = Reading(method=Method.TIMESTAMP)
    reading.count(State.WAITING, count(length))
    since = _waiting_since(json_object(tail))
    if since is not None:
        reading.oldest = Oldest(since, Method.TIMESTAMP)
    processes = list(processes)
    reading.count(State.ACTIVE, sum(process.running.count(name) for process in processes))
    reading.orphaned = sum(process.running.count(name) for process in processes if not process.is_alive)
    serving = [process.beat for process in processes if name in process.queues and process.beat is not None]
    reading.workers = len(serving)
    reading.last_heartbeat = max(serving, default=None)
    return reading


def _waiting_since(job: Mapping[str, Any]) -> float | None:
    return parse_epoch(job.get("enqueued_at")) or parse_epoch(job.get("created_at"))


def _total(replies: Sequence[Reply], processes: Sequence[_Process]) -> Reading:
    scheduled, retry, dead, *due = (count(reply) for reply in replies[:5])
    reading = Reading()
    reading.count(State.SCHEDULED, scheduled)
    reading.count(State.RETRY, retry)
    reading.count(State.DEAD, dead)
    if all(part is not None for part in due):
        reading.overdue = sum(part or 0 for part in due)
    reading.finished = finished_from_totals(*replies[5:])
    beats = [process.beat for process in processes if process.beat is not None]
    reading.workers, reading.stale_workers = len(beats), len(processes) - len(beats)
    reading.last_heartbeat = max(beats, default=None)
    return reading


FRAMEWORK: Final = Sidekiq()
