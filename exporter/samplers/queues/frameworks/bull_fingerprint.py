"""Which of Bull and BullMQ has written the keys that begin with a stem, if either has.

The names of their keys are words that any program uses (`id`, `active`, `completed`), and say nothing.
BullMQ is known by what it notes in `meta` on every add and at the start of every worker; both by the hash of
a job whose id stands in one of the queue's lists, or by the counts of their metrics; Bull's workers by the
names of their connections beside the moment of their last check for stalled jobs. A queue of Bull that has
nothing of these (it is empty, keeps no ended jobs, and nobody works on it) cannot be told from other keys.
"""

import re
from collections.abc import Mapping, Sequence
from enum import Enum, auto
from typing import Final

from exporter.connection import Command, Reply
from exporter.samplers.queues.base import Found, Moment, Sightings
from exporter.samplers.queues.frameworks import bull_family as bull
from exporter.samplers.queues.model import QueueId
from exporter.samplers.queues.probes import ask_fitting, check_each, find_types
from exporter.samplers.queues.replies import items, json_object, names, number, text
from exporter.samplers.queues.steps import Steps
from exporter.samplers.queues.timestamps import parse_number

_LISTS: Final = (b"wait", b"paused", b"active")
_ZSETS: Final = (b"delayed", b"completed", b"failed", b"prioritized", b"waiting-children")
_METRICS: Final = (b"metrics:completed", b"metrics:failed")
# `<program>:<version>`; BullMQ for Python writes no version.
_VERSION: Final = re.compile(rb"[a-z-]*bullmq[a-z-]*:\d.*", re.DOTALL)
_JOB_FIELDS: Final = ("name", "data", "opts", "timestamp")


class Writer(Enum):
    """Who has written a queue's keys."""

    BULL = auto()
    BULLMQ = auto()


def find_queues(framework: str, writer: Writer, seen: Sightings, moment: Moment) -> Steps[Sequence[Found]]:
    """The queues of one of the two, among the keys that were seen and those that connected workers name."""
    stems = bull.stems(seen)
    if not seen.keys:
        # The names of clients come with the replies of the first round.
        yield []
    named = dict.fromkeys(bull.stems_of_clients(moment.clients))
    candidates = stems if seen.keys else list(named)
    writers = yield from check_each(candidates, lambda stem: find_writer(stem, stem in named))
    own = [stem for stem, found in zip(candidates, writers, strict=True) if found is writer]
    return [
        Found(QueueId(framework, stem, database=moment.database), absorbs=_earlier(stem, writer, moment))
        for stem in own
    ]


def _earlier(stem: bytes, writer: Writer, moment: Moment) -> Sequence[QueueId]:
    """What a queue of BullMQ was taken for while it had nothing but workers, which before version 5 leave
    what Bull's leave; or what it was, before its application changed over."""
    return (QueueId("bull", stem, database=moment.database),) if writer is Writer.BULLMQ else ()


def find_writer(stem: bytes, is_named: bool) -> Steps[Writer | None]:
    """Who has written the keys that begin with this stem; None where it is neither, or cannot be told.

    `is_named`: a connection is named as that of a worker of this queue.
    """
    keys = {part: stem + b":" + part for part in (b"meta", b"id", b"events", b"stalled-check")}
    meta, last_id, checked = yield from ask_fitting(
        [
            ("HMGET", keys[b"meta"], *bull.META_FIELDS),
            ("GET", keys[b"id"]),
            ("GET", keys[b"stalled-check"]),
        ]
    )
    is_told, checked_at = _is_told(meta), parse_number(checked, 1e-3)
    is_served = is_named and checked_at is not None
    # Names like these may be a great many other keys: they are not asked more than this.
    if not (is_told or is_served or number(last_id)):
        return None
    types = yield from _types_of_parts(stem)
    if types is None:
        return None
    if is_told:
        return Writer.BULLMQ
    is_known = is_served or (yield from _has_own_keys(stem, types))
    if not is_known:
        return None
    # BullMQ tells every event, and Bull none.
    return Writer.BULLMQ if types[b"events"] == "stream" else Writer.BULL


def _is_told(meta: Reply) -> bool:
    """BullMQ's version, or how long it keeps its events; a `version` of something else is not meant."""
    fields = list(items(meta))
    if len(fields) != len(bull.META_FIELDS):
        return False
    version, max_events = fields
    return bool(isinstance(version, bytes) and _VERSION.fullmatch(version)) or number(max_events) is not None


def _types_of_parts(stem: bytes) -> Steps[Mapping[bytes, str] | None]:
    """The types of a queue's parts; None where one has a type that it cannot have."""
    wanted = {
        **dict.fromkeys(_LISTS, "list"),
        **dict.fromkeys(_ZSETS, "zset"),
        **dict.fromkeys(_METRICS, "hash"),
        b"events": "stream",
    }
    found = yield from find_types([stem + b":" + part for part in wanted])
    types = {part: found[stem + b":" + part] for part in wanted}
    return types if all(types[part] in ("none", kind) for part, kind in wanted.items()) else None


def _has_own_keys(stem: bytes, types: Mapping[bytes, str]) -> Steps[bool]:
    """Whether a job that stands in the queue has its hash, or ended jobs were counted as only Bull and
    BullMQ do."""
    ends: list[Command] = [("LINDEX", stem + b":" + part, -1) for part in _LISTS if types[part] == "list"]
    ends += [("ZRANGE", stem + b":" + part, -1, -1) for part in _ZSETS if types[part] == "zset"]
    metrics: list[Command] = [
        ("HMGET", stem + b":" + part, "count", "prevTS", "prevCount")
        for part in _METRICS
        if types[part] == "hash"
    ]
    if not (ends or metrics):
        return False
    replies = yield [*ends, *metrics]
    if any(items(reply) and None not in items(reply) for reply in replies[len(ends) :]):
        return True
    jobs = yield from ask_fitting(
        [("HMGET", stem + b":" + job, *_JOB_FIELDS) for job in _ids(replies[: len(ends)])]
    )
    return any(_is_job(job) for job in jobs)


def _ids(ends: Sequence[Reply]) -> list[bytes]:
    found = dict.fromkeys(job for reply in ends for job in (names(reply) or names([reply])))
    return list(found)


def _is_job(reply: Reply) -> bool:
    fields = list(items(reply))
    if len(fields) != len(_JOB_FIELDS):
        return False
    name, data, opts, timestamp = fields
    return None not in (name, data) and parse_number(timestamp, 1e-3) is not None and _is_object(opts)


def _is_object(reply: Reply) -> bool:
    return bool(json_object(reply)) or (text(reply) or "").strip() == "{}"
