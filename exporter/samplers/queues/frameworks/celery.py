"""Celery, and whatever else uses kombu's Redis transport.

Confirmed on PyPI `celery` 5.7 with `kombu` 5.7. Each queue is a list per priority step; the list is gone
while it is empty, and the binding in `_kombu.binding.<exchange>` stays. What workers have fetched and not
acknowledged stands in one hash for all queues: that is under the queue `*`. Messages carry no time. Workers
are known by the heartbeats they publish; nobody can tell which queues they serve, so each counts for every
queue.
"""

import re
from collections.abc import Sequence
from typing import Final

from exporter.samplers.queues.base import Found, Moment, Sightings, Signpost, read_each
from exporter.samplers.queues.heads import watch_head
from exporter.samplers.queues.known import KnownQueue, printable
from exporter.samplers.queues.model import QueueId, Reading
from exporter.samplers.queues.replies import ask_members, count, scanned
from exporter.samplers.queues.steps import Steps
from exporter.samplers.queues.vocabulary import ALL_QUEUES, Method, Outcome, State

_ALL: Final = ALL_QUEUES.encode()
_BINDING: Final = b"_kombu.binding."
_SEPARATOR: Final = b"\x06\x16"
# 0, the highest, has no suffix. By default 3, 6 and 9 are in use; `priority_steps` may name any of them.
_STEPS: Final = (b"", *(_SEPARATOR + str(step).encode() for step in range(1, 10)))


class Celery:
    """See the module."""

    name = "celery"
    signposts = (Signpost("set", re.compile(rb".*_kombu\.binding\..+")),)

    def label(self, queue: QueueId) -> str:
        """See `Framework`; a `global_keyprefix` is part of it."""
        return printable(queue.base + queue.name)

    def find(self, seen: Sightings, moment: Moment) -> Steps[Sequence[Found]]:
        """See `Framework`. The default exchange is looked up even if it was not seen."""
        bindings = list(dict.fromkeys([_BINDING + b"celery", *seen.of("set")]))
        replies = yield [ask_members(binding) for binding in bindings]
        found: dict[QueueId, None] = {}
        for binding, reply in zip(bindings, replies, strict=True):
            base = binding.partition(_BINDING)[0]
            for queue in _bound_queues(scanned(reply)):
                found[QueueId(self.name, base, queue, moment.database)] = None
                found[QueueId(self.name, base, _ALL, moment.database)] = None
        return [Found(queue) for queue in found]

    def read(self, queues: Sequence[KnownQueue], moment: Moment) -> Steps[Sequence[Reading]]:
        """See `Framework`."""
        return read_each(queues, moment, _read)


def _read(queue: KnownQueue, moment: Moment) -> Steps[Reading]:
    return _read_unacknowledged(queue, moment) if queue.id.name == _ALL else _read_queue(queue, moment)


def _bound_queues(members: Sequence[bytes]) -> list[bytes]:
    """The queues in a binding's members (routing key, pattern, queue), less those of workers' own
    business."""
    queues = []
    for member in members:
        parts = member.split(_SEPARATOR)
        if len(parts) == 3 and parts[2] and not _is_internal(parts[2]):
            queues.append(parts[2])
    return queues


def _is_internal(queue: bytes) -> bool:
    """Whether workers talk among themselves in it (remote control, events)."""
    return queue.endswith(b".pidbox") or queue.startswith(b"celeryev")


def _read_queue(queue: KnownQueue, moment: Moment) -> Steps[Reading]:
    keys = [queue.id.base + queue.id.name + step for step in _STEPS]
    replies = yield [*(("LLEN", key) for key in keys), *(("LINDEX", key, -1) for key in keys)]
    lengths, tails = replies[: len(keys)], replies[len(keys) :]
    reading = Reading(method=Method.FIRST_SEEN)
    for length in lengths:
        reading.count(State.WAITING, count(length))
    heads = [
        watch_head(queue, tail, moment.at, str(step) if step else "")
        for step, tail in enumerate(tails)
        if isinstance(tail, bytes) or step == 0 or f"head/{step}" in queue.notes
    ]
    reading.oldest = min((head for head in heads if head), key=lambda head: head.since, default=None)
    _count_workers(reading, moment)
    return reading


def _read_unacknowledged(queue: KnownQueue, moment: Moment) -> Steps[Reading]:
    lost_before = moment.at - moment.settings.visibility_timeout.seconds
    replies = yield [
        ("HLEN", queue.id.base + b"unacked"),
        ("ZCARD", queue.id.base + b"unacked_index"),
        ("ZCOUNT", queue.id.base + b"unacked_index", "-inf", f"({lost_before:.3f}"),
    ]
    reading = Reading()
    reading.count(State.ACTIVE, count(replies[0]))
    reading.orphaned = count(replies[2])
    _count_workers(reading, moment)
    if moment.celery is not None:
        for worker, (_, processed) in moment.celery.heard.items():
            queue.follow(Outcome.UNKNOWN, worker, processed)
        queue.drop_sources(Outcome.UNKNOWN, moment.celery.heard)
        reading.finished[Outcome.UNKNOWN] = queue.number(Outcome.UNKNOWN)
    return reading


def _count_workers(reading: Reading, moment: Moment) -> None:
    if moment.celery is None:
        return
    heard: list[float] = [at for at, _ in moment.celery.heard.values()]
    silent_since = moment.at - moment.settings.silent_after.seconds
    reading.workers = sum(1 for at in heard if at >= silent_since)
    reading.silent_workers = len(heard) - reading.workers
    reading.last_heartbeat = max(heard, default=None)


FRAMEWORK: Final = Celery()
