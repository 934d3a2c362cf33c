"""SAQ. Confirmed on PyPI `saq` 0.26.

The set `incomplete` holds every job that has not ended; those in neither list are scheduled.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from exporter.connection import Reply
from exporter.queues.base import CandidateKeys, Found, KeyPattern, ReadContext, read_each
from exporter.queues.known import KnownQueue, printable
from exporter.queues.model import Oldest, QueueId, Reading
from exporter.queues.probes import ask_fitting, elements, keep_fitting
from exporter.queues.replies import count, json_object, names, number
from exporter.queues.steps import Steps
from exporter.queues.timestamps import parse_number
from exporter.queues.vocabulary import Method, Outcome, State

_BASE: Final = b"saq:"
_KEY: Final = re.compile(rb"saq:(.+):(queued|active|incomplete|stats)", re.DOTALL)
_MAX_ACTIVE: Final = 100
_MAX_WORKERS: Final = 100
_OUTCOMES: Final = {"complete": Outcome.COMPLETED, "failed": Outcome.FAILED}


class Saq:
    """See the module."""

    name = "saq"
    key_patterns = (KeyPattern("list", _KEY), KeyPattern("zset", _KEY))

    def label(self, queue: QueueId) -> str:
        """See `Framework`."""
        return printable(queue.name)

    def find(self, seen: CandidateKeys, context: ReadContext) -> Steps[Sequence[Found]]:
        """See `Framework`: by a job or a worker's report in one of the keys."""
        matches = [_KEY.fullmatch(key) for key in (*seen.of("list"), *seen.of("zset"))]
        found = list(dict.fromkeys(match[1] for match in matches if match))
        queues = yield from keep_fitting(found, _is_saq)
        return [Found(QueueId(self.name, _BASE, name, context.database)) for name in queues]

    def read(self, queues: Sequence[KnownQueue], context: ReadContext) -> Steps[Sequence[Reading]]:
        """See `Framework`."""
        return read_each(queues, context, _read)


def _is_saq(name: bytes) -> Steps[bool]:
    """Return whether a queue's keys hold whole keys, with the queue's name in them."""
    stem = _BASE + name
    ends = yield from ask_fitting(
        [
            ("LINDEX", stem + b":queued", 0),
            ("LINDEX", stem + b":active", 0),
            ("ZRANGE", stem + b":incomplete", 0, 0),
            ("ZRANGE", stem + b":stats", 0, 0),
        ]
    )
    own = (_BASE + b"job:" + name + b":", stem + b":worker_info:", stem + b":stats:")
    return any(member.startswith(own) for member in elements(ends))


def _read(queue: KnownQueue, context: ReadContext) -> Steps[Reading]:
    stem = queue.id.base + queue.id.name
    due_before = context.at - context.settings.overdue_after.seconds
    queued, active, incomplete, overdue, head, running, workers, reports = yield [
        ("LLEN", stem + b":queued"),
        ("LLEN", stem + b":active"),
        ("ZCARD", stem + b":incomplete"),
        ("ZCOUNT", stem + b":incomplete", 1, f"({due_before:.3f}"),
        ("LINDEX", stem + b":queued", 0),
        ("LRANGE", stem + b":active", -_MAX_ACTIVE, -1),
        ("ZCOUNT", stem + b":stats", context.at_ms, "+inf"),
        ("ZRANGEBYSCORE", stem + b":stats", context.at_ms, "+inf", "LIMIT", 0, _MAX_WORKERS),
    ]
    reading = Reading(method=Method.TIMESTAMP, workers=count(workers), overdue=count(overdue))
    sizes = [count(reply) for reply in (queued, active, incomplete)]
    reading.count(State.WAITING, sizes[0])
    reading.count(State.ACTIVE, sizes[1])
    if all(size is not None for size in sizes):
        known = [size or 0 for size in sizes]
        reading.count(State.SCHEDULED, max(0, known[2] - known[0] - known[1]))
    jobs, informers = names(running), sorted(names(reports))
    heads = [head] if isinstance(head, bytes) else []
    replies = yield [("GET", key) for key in (*heads, *jobs, *informers)]
    after_jobs = len(heads) + len(jobs)
    if heads:
        since = parse_number(json_object(replies[0]).get("queued"), 1e-3)
        reading.oldest = None if since is None else Oldest(since, Method.TIMESTAMP)
    _judge_running(reading, replies[len(heads) : after_jobs], context)
    _count_finished(reading, queue, dict(zip(informers, replies[after_jobs:], strict=True)))
    return reading


def _judge_running(reading: Reading, jobs: Sequence[Reply], context: ReadContext) -> None:
    """Count orphaned and stuck jobs among those that run.

    A job without its record, or whose own heartbeat has stopped, is orphaned; one past its timeout is stuck.
    """
    reading.orphaned = reading.stuck = 0
    for reply in jobs:
        job = json_object(reply)
        if not job or _is_past(job, "touched", "heartbeat", context):
            reading.orphaned += 1
        elif _is_past(job, "started", "timeout", context):
            reading.stuck += 1


def _is_past(job: Mapping[str, Any], since: str, limit: str, context: ReadContext) -> bool:
    began, seconds = parse_number(job.get(since), 1e-3), job.get(limit)
    if began is None or not isinstance(seconds, int | float) or not seconds:
        return False
    return context.at - began > seconds


def _count_finished(reading: Reading, queue: KnownQueue, reports: Mapping[bytes, Reply]) -> None:
    """Each worker reports what it has done since its start."""
    for word, outcome in _OUTCOMES.items():
        for worker, reply in reports.items():
            stats = json_object(reply).get("stats")
            done = number(stats.get(word)) if isinstance(stats, dict) else None
            if done is not None:
                queue.follow(outcome, printable(worker), done)
        queue.drop_sources(outcome, [printable(worker) for worker in reports])
        if outcome in queue.notes:
            reading.finished[outcome] = queue.number(outcome)


FRAMEWORK: Final = Saq()
