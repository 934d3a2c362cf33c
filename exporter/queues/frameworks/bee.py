"""Bee-Queue. Confirmed on npm `bee-queue` 2.0."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from exporter.connection import Command, Reply
from exporter.queues.base import CandidateKeys, Found, KeyPattern, ReadContext, read_each
from exporter.queues.ends import KEPT, count_ends
from exporter.queues.frameworks.bull_family import stems
from exporter.queues.known import KnownQueue, printable
from exporter.queues.model import Oldest, QueueId, Reading
from exporter.queues.probes import elements, find_types, keep_fitting
from exporter.queues.replies import count, json_object, number, scanned
from exporter.queues.steps import Steps
from exporter.queues.timestamps import at_path, parse_number
from exporter.queues.vocabulary import Method, Outcome, State

_DEFAULT_PREFIX: Final = b"bq:"
_TYPES: Final = {
    b"waiting": "list",
    b"active": "list",
    b"succeeded": "set",
    b"failed": "set",
    b"delayed": "zset",
    b"jobs": "hash",
    b"stalling": "set",
}
# Of the ended jobs' ids no more are looked at.
_MAX_PROBES: Final = 10
# The note that somebody has checked for stalled jobs.
_CHECKED: Final = "checked"


class BeeQueue:
    """See the module."""

    name = "bee-queue"
    key_patterns = (
        KeyPattern("string", re.compile(rb".+:id", re.DOTALL), b"*:[hi]*[dk]"),
        KeyPattern("list", re.compile(rb".+:(waiting|active)", re.DOTALL)),
        KeyPattern("set", re.compile(rb".+:(succeeded|failed|stalling)", re.DOTALL)),
        KeyPattern("zset", re.compile(rb".+:delayed", re.DOTALL)),
    )

    def label(self, queue: QueueId) -> str:
        """See `Framework`."""
        return printable(queue.base.removeprefix(_DEFAULT_PREFIX))

    def find(self, seen: CandidateKeys, context: ReadContext) -> Steps[Sequence[Found]]:
        """See `Framework`."""
        queues = yield from keep_fitting(stems(seen), _is_bee_queue)
        return [Found(QueueId(self.name, stem, database=context.database)) for stem in queues]

    def read(self, queues: Sequence[KnownQueue], context: ReadContext) -> Steps[Sequence[Reading]]:
        """See `Framework`."""
        return read_each(queues, context, _read)


def _is_bee_queue(stem: bytes) -> Steps[bool]:
    """A job in `jobs` whose id stands in the queue, and no key of a wrong type."""
    types = yield from find_types([stem + b":id", stem + b":jobs"])
    # Names like these may be a great many other keys: they are not asked more than this.
    if (types[stem + b":id"], types[stem + b":jobs"]) != ("string", "hash"):
        return False
    found = yield from find_types([stem + b":" + part for part in _TYPES])
    if not all(found[stem + b":" + part] in ("none", kind) for part, kind in _TYPES.items()):
        return False
    ends = yield [
        _ask_end(stem + b":" + part, kind)
        for part, kind in _TYPES.items()
        if kind != "hash" and found[stem + b":" + part] == kind
    ]
    ids = dict.fromkeys(job for reply in ends for job in _ids(reply))
    jobs = yield [("HGET", stem + b":jobs", job) for job in ids]
    return any({"data", "options", "status"} <= json_object(job).keys() for job in jobs)


def _ask_end(key: bytes, kind: str) -> Command:
    """Ask for one id of those that stand in a key, or a few."""
    match kind:
        case "list":
            return ("LINDEX", key, -1)
        case "zset":
            return ("ZRANGE", key, 0, 0)
        case _:
            return ("SSCAN", key, 0, "COUNT", 1)


def _ids(reply: Reply) -> Sequence[bytes]:
    return [*elements([reply]), *scanned(reply)][:_MAX_PROBES]


def _read(queue: KnownQueue, context: ReadContext) -> Steps[Reading]:
    stem = queue.id.base
    due_before_ms = int((context.at - context.settings.overdue_after.seconds) * 1000)
    first = yield [
        ("LLEN", stem + b":waiting"),
        ("LLEN", stem + b":active"),
        ("ZCARD", stem + b":delayed"),
        ("SCARD", stem + b":succeeded"),
        ("SCARD", stem + b":failed"),
        ("ZCOUNT", stem + b":delayed", "-inf", due_before_ms),
        ("GET", stem + b":id"),
        ("LINDEX", stem + b":waiting", -1),
        # In this order: a check in between fills the one and sets the other.
        ("SCARD", stem + b":stalling"),
        ("EXISTS", stem + b":stallBlock"),
    ]
    reading = Reading(method=Method.TIMESTAMP, overdue=count(first[5]), added=number(first[6]))
    states = (State.WAITING, State.ACTIVE, State.DELAYED, State.COMPLETED, State.FAILED)
    for state, reply in zip(states, first, strict=False):
        reading.count(state, count(reply))
    oldest, stalling, checked = first[7:]
    reading.orphaned = _orphaned(queue, count(checked), count(stalling))
    count_ends(queue, reading, _grown(queue, reading))
    if isinstance(oldest, bytes):
        (job,) = yield [("HGET", stem + b":jobs", oldest)]
        since = parse_number(at_path(json_object(job), "options.timestamp"), 1e-3)
        delayed_until = parse_number(at_path(json_object(job), "options.delay"), 1e-3)
        if since is not None:
            reading.oldest = Oldest(max(since, delayed_until or 0.0), Method.TIMESTAMP)
    return reading


def _orphaned(queue: KnownQueue, checked: int | None, stalling: int | None) -> int | None:
    """Jobs whose worker has not been heard since the last check for stalled jobs.

    A check puts all active jobs into `stalling`, and workers take theirs out within half of the interval for
    which the check leaves `stallBlock` behind. Until that has run out nothing is certain; where nobody ever
    checks, nothing is known. Source: lib/lua/checkStalledJobs.lua.
    """
    if checked:
        queue.notes[_CHECKED] = 1
        return 0
    return stalling if stalling or _CHECKED in queue.notes else None


def _grown(queue: KnownQueue, reading: Reading) -> Mapping[Outcome, float]:
    """By how much the sets of ended jobs have grown."""
    grown = {}
    for outcome, state in KEPT.items():
        kept = reading.jobs.get(state)
        if kept is not None:
            grown[outcome] = max(0.0, kept - queue.number(f"{outcome}/kept", kept))
            queue.notes[f"{outcome}/kept"] = kept
    return grown


FRAMEWORK: Final = BeeQueue()
