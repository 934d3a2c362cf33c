"""Sidekiq and Resque share an index, `<namespace>queues`: which of the two has written it?"""

import re
from collections.abc import Callable, Sequence
from typing import Final

from exporter.samplers.queues.base import Found, Moment, Sightings, Signpost
from exporter.samplers.queues.foresight import foreseen
from exporter.samplers.queues.known import KnownQueue
from exporter.samplers.queues.model import QueueId, Reading
from exporter.samplers.queues.replies import ask_members, json_object, number, scanned, text
from exporter.samplers.queues.steps import Steps, together
from exporter.samplers.queues.vocabulary import ALL_QUEUES

SIDEKIQ: Final = "sidekiq"
RESQUE: Final = "resque"
ALL: Final = ALL_QUEUES.encode()
SIGNPOSTS: Final = (Signpost("set", re.compile(rb"(.+:)?queues")),)
# Looked up even if a walk has not seen them: the frameworks' defaults.
_USUAL: Final = {SIDEKIQ: b"queues", RESQUE: b"resque:queues"}
# Indexes of this name that other frameworks write.
_OTHERS: Final = frozenset({b"rq:queues", b"asynq:queues"})
# Jobs of so many queues are looked at to tell the two apart.
_MAX_PROBES: Final = 10


def find_queues(framework: str, seen: Sightings, moment: Moment) -> Steps[Sequence[Found]]:
    """The queues of this framework, by all indexes that were seen, and one for what belongs to no queue."""
    indexes = [key for key in dict.fromkeys([_USUAL[framework], *seen.of("set")]) if key not in _OTHERS]
    found = yield from together([_members(index, framework) for index in indexes])
    queues = [
        QueueId(framework, index.removesuffix(b"queues"), name, moment.database)
        for index, members in zip(indexes, found, strict=True)
        if members
        for name in (*members, ALL)
    ]
    return [Found(queue) for queue in queues]


def read_by_base(
    queues: Sequence[KnownQueue],
    moment: Moment,
    read: Callable[[bytes, Sequence[KnownQueue], Moment], Steps[Sequence[Reading]]],
) -> Steps[Sequence[Reading]]:
    """Read the queues of each installation (namespace) together, and all in the same round trips."""
    bases = list(dict.fromkeys(queue.id.base for queue in queues))
    groups = [[queue for queue in queues if queue.id.base == base] for base in bases]
    found = yield from together(
        [
            foreseen(group[0].foresight, read(base, group, moment))
            for base, group in zip(bases, groups, strict=True)
        ]
    )
    by_queue = {
        queue.id: reading
        for group, readings in zip(groups, found, strict=True)
        for queue, reading in zip(group, readings, strict=True)
    }
    return [by_queue[queue.id] for queue in queues]


def _members(index: bytes, framework: str) -> Steps[Sequence[bytes]]:
    (reply,) = yield [ask_members(index)]
    members = scanned(reply)
    if not members:
        return ()
    writer = yield from _find_writer(index.removesuffix(b"queues"), members)
    return members if writer == framework else ()


def _find_writer(base: bytes, members: Sequence[bytes]) -> Steps[str | None]:
    """By a job: only Sidekiq's have a `jid`. With no job at hand, by what else only one of them writes."""
    probes = members[:_MAX_PROBES]
    replies = yield [
        ("TYPE", base + b"processes"),
        ("TYPE", base + b"workers"),
        ("TYPE", base + b"failed"),
        ("GET", base + b"stat:processed"),
        *(("LINDEX", base + b"queue:" + member, 0) for member in probes),
    ]
    processes, workers, failed = (text(reply) for reply in replies[:3])
    jobs = [json_object(reply) for reply in replies[4:]]
    if any("jid" in job for job in jobs):
        return SIDEKIQ
    if any("class" in job and "args" in job for job in jobs):
        return RESQUE
    if processes == "set":
        return SIDEKIQ
    if workers == "set" or failed == "list":
        return RESQUE
    if number(replies[3]) is None:
        return None
    return SIDEKIQ if base == b"" else RESQUE
