"""Tells keys of Bull from keys of BullMQ, and both from keys of others that begin like them.

The names of their keys are words that any program uses (`id`, `active`, `completed`), and say nothing.
BullMQ is known by what it notes in `meta` on every add and at the start of every worker; both by the hash of
a job whose id stands in one of the queue's lists, or by the counts of their metrics; Bull's workers by the
names of their connections beside the moment of their last check for stalled jobs. A queue of Bull that has
nothing of these (it is empty, keeps no ended jobs, and nobody works on it) cannot be told from other keys.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from exporter.connection import Command, Reply
from exporter.queues.base import CandidateKeys, Found, ReadContext
from exporter.queues.frameworks import bull_family as bull
from exporter.queues.model import QueueId
from exporter.queues.probes import ask_fitting, elements, find_types, keep_fitting
from exporter.queues.replies import items, json_object, number, text
from exporter.queues.steps import Steps
from exporter.queues.timestamps import parse_number

_LISTS: Final = (b"wait", b"paused", b"active")
_ZSETS: Final = (b"delayed", b"completed", b"failed")
_ZSETS_OF_BULLMQ: Final = (*_ZSETS, b"prioritized", b"waiting-children")
_METRICS: Final = (b"metrics:completed", b"metrics:failed")
BULL: Final = "bull"
BULLMQ: Final = "bullmq"
# `<program>:<version>`; BullMQ for Python writes no version.
_VERSION: Final = re.compile(rb"[a-z-]*bullmq[a-z-]*:\d.*", re.DOTALL)
_JOB_FIELDS: Final = ("name", "data", "opts", "timestamp")


def find_bull(seen: CandidateKeys, context: ReadContext) -> Steps[Sequence[Found]]:
    """The queues of Bull, among the keys that were seen and those that connected workers name."""
    stems, named = yield from _candidates(seen, context)
    queues = yield from keep_fitting(stems, lambda stem: _is_bull(stem, stem in named))
    return [Found(QueueId(BULL, stem, database=context.database)) for stem in queues]


def find_bullmq(seen: CandidateKeys, context: ReadContext) -> Steps[Sequence[Found]]:
    """The queues of BullMQ, in the same way.

    Each is instead of one of Bull's: that is what it was taken for while it had nothing but workers, which
    before version 5 leave what Bull's leave; or what it was before its application changed over.
    """
    stems, _ = yield from _candidates(seen, context)
    database = context.database
    queues = yield from keep_fitting(stems, _is_bullmq)
    return [
        Found(QueueId(BULLMQ, stem, database=database), absorbs=(QueueId(BULL, stem, database=database),))
        for stem in queues
    ]


def _candidates(seen: CandidateKeys, context: ReadContext) -> Steps[tuple[Sequence[bytes], frozenset[bytes]]]:
    """The stems to look at, and those that connections are named for."""
    if not seen.keys:
        # The names of clients come with the replies of the first round.
        yield []
    named = bull.stems_of_clients(context.clients)
    return bull.stems(seen) if seen.keys else named, frozenset(named)


def _is_bull(stem: bytes, is_named: bool) -> Steps[bool]:
    """A job or counts, of a queue that has an id and tells no events; or a worker."""
    meta, last_id, checked, events = (
        stem + b":" + part for part in (b"meta", b"id", b"stalled-check", b"events")
    )
    types = yield from find_types([meta, last_id, events, *([checked] if is_named else [])])
    # Names like these may be a great many other keys: they are not asked more than this.
    if types[events] != "none" or "string" not in (types[last_id], types.get(checked)):
        return False
    asked: list[Command] = [("HMGET", meta, *bull.META_FIELDS), ("GET", last_id)]
    told, number_of_jobs, *checks = yield from ask_fitting(
        [*asked, *([("GET", checked)] if is_named else [])], types
    )
    is_served = any(parse_number(check, 1e-3) is not None for check in checks)
    if _is_told(told) or not (is_served or number(number_of_jobs)):
        return False
    parts = yield from _types_of_parts(stem, _ZSETS)
    return parts is not None and (is_served or (yield from _has_own_keys(stem, parts)))


def _is_bullmq(stem: bytes) -> Steps[bool]:
    """Return whether there is BullMQ's `meta`; or a job, of a queue that has an id and a stream of events."""
    meta, last_id, events = (stem + b":" + part for part in (b"meta", b"id", b"events"))
    types = yield from find_types([meta, events])
    # Nor are these.
    if types[events] not in ("none", "stream") or (types[meta], types[events]) == ("none", "none"):
        return False
    told, number_of_jobs = yield from ask_fitting(
        [("HMGET", meta, *bull.META_FIELDS), ("GET", last_id)], types
    )
    is_told = _is_told(told)
    if not (is_told or (types[events] == "stream" and number(number_of_jobs))):
        return False
    parts = yield from _types_of_parts(stem, _ZSETS_OF_BULLMQ)
    return parts is not None and (is_told or (yield from _has_own_keys(stem, parts)))


def _is_told(meta: Reply) -> bool:
    """BullMQ's version, or how long it keeps its events; a `version` of something else is not meant."""
    fields = list(items(meta))
    if len(fields) != len(bull.META_FIELDS):
        return False
    version, max_events = fields
    return bool(isinstance(version, bytes) and _VERSION.fullmatch(version)) or number(max_events) is not None


def _types_of_parts(stem: bytes, zsets: Sequence[bytes]) -> Steps[Mapping[bytes, str] | None]:
    """The types of a queue's parts; None where one has a type that it cannot have."""
    wanted = {
        **dict.fromkeys(_LISTS, "list"),
        **dict.fromkeys(zsets, "zset"),
        **dict.fromkeys(_METRICS, "hash"),
    }
    found = yield from find_types([stem + b":" + part for part in wanted])
    types = {part: found[stem + b":" + part] for part in wanted}
    return types if all(types[part] in ("none", kind) for part, kind in wanted.items()) else None


def _has_own_keys(stem: bytes, types: Mapping[bytes, str]) -> Steps[bool]:
    """Return whether keys beside a queue's lists are those of Bull or BullMQ.

    A job that stands in the queue has its hash, or ended jobs were counted as only these two do.
    """
    ends: list[Command] = [("LINDEX", stem + b":" + part, -1) for part in types if types[part] == "list"]
    ends += [("ZRANGE", stem + b":" + part, -1, -1) for part in types if types[part] == "zset"]
    metrics: list[Command] = [
        ("HMGET", stem + b":" + part, "count", "prevTS", "prevCount")
        for part in types
        if types[part] == "hash"
    ]
    if not (ends or metrics):
        return False
    replies = yield [*ends, *metrics]
    if any(items(reply) and None not in items(reply) for reply in replies[len(ends) :]):
        return True
    jobs = yield from ask_fitting(
        [("HMGET", stem + b":" + job, *_JOB_FIELDS) for job in elements(replies[: len(ends)])]
    )
    return any(_is_job(job) for job in jobs)


def _is_job(reply: Reply) -> bool:
    fields = list(items(reply))
    if len(fields) != len(_JOB_FIELDS):
        return False
    name, data, opts, timestamp = fields
    return None not in (name, data) and parse_number(timestamp, 1e-3) is not None and _is_object(opts)


def _is_object(reply: Reply) -> bool:
    return bool(json_object(reply)) or (text(reply) or "").strip() == "{}"
