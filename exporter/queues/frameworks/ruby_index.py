"""Sidekiq and Resque share an index, `<namespace>queues`: which of the two has written it, if either has?

`queues`, `processes`, `workers` and `failed` are words that any program uses, so that they say nothing. Told
by a job, a process or a worker; where all is empty and everybody has gone, by Sidekiq's counts per day, or by
Resque's own namespace with a count. Sources: lib/sidekiq/api.rb and launcher.rb of
https://github.com/sidekiq/sidekiq, lib/resque/data_store.rb of https://github.com/resque/resque.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Final

from exporter.connection import Command, Reply
from exporter.queues.base import CandidateKeys, Found, KeyPattern, ReadContext
from exporter.queues.frameworks.bases import find_by_base
from exporter.queues.probes import ask_fitting, find_members
from exporter.queues.replies import items, json_object, names, number
from exporter.queues.steps import Steps
from exporter.queues.timestamps import parse_epoch
from exporter.queues.vocabulary import ALL_QUEUES

SIDEKIQ: Final = "sidekiq"
RESQUE: Final = "resque"
ALL: Final = ALL_QUEUES.encode()
KEY_PATTERNS: Final = (KeyPattern("set", re.compile(rb"(.+:)?queues", re.DOTALL)),)
# Looked up even if a walk has not seen them: the frameworks' defaults.
_USUAL: Final = {SIDEKIQ: b"", RESQUE: b"resque:"}
# Indexes of this name that other frameworks write.
_OTHERS: Final = frozenset({b"rq:queues", b"asynq:queues"})
# So many queues, processes and workers are looked at to tell the two apart.
_MAX_PROBES: Final = 10
# Sidekiq keeps its counts of each day for years; of these days one should have had a job.
_DAYS: Final = 30


def find_queues(framework: str, seen: CandidateKeys, context: ReadContext) -> Steps[Sequence[Found]]:
    """The queues of this framework, by all indexes that were seen, and one for what belongs to no queue."""
    indexes = [key for key in seen.of("set") if key not in _OTHERS]
    bases = [_USUAL[framework], *(key.removesuffix(b"queues") for key in indexes)]
    return find_by_base(framework, bases, lambda base: _find_queues(framework, base, context), context)


def _find_queues(framework: str, base: bytes, context: ReadContext) -> Steps[Sequence[bytes]]:
    """Those of one installation: of its index, and those that its processes serve."""
    keys = [base + name for name in (b"queues", b"processes", b"workers")]
    queues, processes, workers = yield from find_members(keys)
    if framework == SIDEKIQ:
        served = yield from _look_for_sidekiq(base, queues, processes[:_MAX_PROBES], context)
    else:
        served = yield from _look_for_resque(base, queues, workers[:_MAX_PROBES])
    return () if served is None else list(dict.fromkeys([*queues, *served, ALL]))


def _look_for_sidekiq(
    base: bytes, queues: Sequence[bytes], processes: Sequence[bytes], context: ReadContext
) -> Steps[Iterable[bytes] | None]:
    """The queues that processes serve; None where it is not Sidekiq."""
    asked: list[Command] = [
        *(("HMGET", base + name, "info", "beat") for name in processes),
        ("GET", base + b"stat:processed"),
        ("GET", base + b"stat:failed"),
        *(("ZRANGE", base + name, 0, 0) for name in (b"schedule", b"retry", b"dead")),
        *_ask_jobs(base, queues),
    ]
    replies = iter((yield from ask_fitting(asked)))
    served = [queue for reply in islice(replies, len(processes)) for queue in _served_by_process(reply)]
    counts = [number(reply) for reply in islice(replies, 2)]
    if served or any({"jid", "class"} <= _job(reply).keys() for reply in replies):
        return served
    if not queues or None in counts:
        return None
    return () if (yield from _has_counts_per_day(base, context)) else None


def _look_for_resque(
    base: bytes, queues: Sequence[bytes], workers: Sequence[bytes]
) -> Steps[Iterable[bytes] | None]:
    """The queues that workers serve; None where it is not Resque."""
    workers = [name for name in workers if name.count(b":") >= 2]
    asked: list[Command] = [
        ("HMGET", base + b"workers:heartbeat", *workers, b""),
        *(("GET", base + b"worker:" + name + b":started") for name in workers),
        ("GET", base + b"stat:processed"),
        ("LINDEX", base + b"failed", 0),
        *_ask_jobs(base, queues),
    ]
    beats, *rest = yield from ask_fitting(asked)
    started, (processed, failed, *jobs) = rest[: len(workers)], rest[len(workers) :]
    registered = [
        name
        for name, *signs in zip(workers, items(beats) or [None] * len(workers), started, strict=False)
        if any(sign is not None for sign in signs)
    ]
    is_told = any({"class", "args"} <= (keys := _job(job).keys()) and "jid" not in keys for job in jobs)
    has_failed = {"exception", "payload"} <= _job(failed).keys()
    has_counted = bool(queues) and base.endswith(_USUAL[RESQUE]) and number(processed) is not None
    if not (registered or is_told or has_failed or has_counted):
        return None
    served = [queue for name in registered for queue in name.split(b":", 2)[2].split(b",")]
    return [queue for queue in served if queue and b"*" not in queue]


def _ask_jobs(base: bytes, queues: Sequence[bytes]) -> list[Command]:
    return [("LINDEX", base + b"queue:" + name, 0) for name in queues[:_MAX_PROBES]]


def _job(reply: Reply) -> Mapping[str, Any]:
    """The job that is an element of a list, or the first member of a sorted set."""
    return json_object(next(iter(names(reply)), reply))


def _served_by_process(reply: Reply) -> Sequence[bytes]:
    info, beat = (*items(reply), None, None)[:2]
    queues = json_object(info).get("queues")
    if parse_epoch(beat) is None or not isinstance(queues, list):
        return ()
    return [str(queue).encode() for queue in queues]


def _has_counts_per_day(base: bytes, context: ReadContext) -> Steps[bool]:
    """Whether both counts of one day are there; tomorrow's too, since clocks differ."""
    tomorrow = datetime.fromtimestamp(context.at, UTC).date() + timedelta(days=1)
    days = [str(tomorrow - timedelta(days=back)).encode() for back in range(_DAYS)]
    replies = yield [
        ("EXISTS", base + b"stat:" + what + b":" + day) for day in days for what in (b"processed", b"failed")
    ]
    return any(both == (1, 1) for both in zip(replies[::2], replies[1::2], strict=True))
