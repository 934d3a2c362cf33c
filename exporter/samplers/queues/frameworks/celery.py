"""Celery, and whatever else uses kombu's Redis transport.

Confirmed on PyPI `celery` 5.7 with `kombu` 5.7. A queue is what is bound to an exchange: those are
`_kombu.binding.*`, and by default each queue has one of its own. It is a list per priority step; the list is
gone while it is empty, and the binding stays. What workers have fetched and not acknowledged stands in one
hash for all queues: that is under the queue `*`. Messages carry no time. Workers are known by the heartbeats
they publish; nobody can tell which queues they serve, so each counts for every queue.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from exporter.samplers.queues.base import Found, Moment, Sightings, Signpost, read_each
from exporter.samplers.queues.frameworks.celery_bindings import DEFAULT_SEPARATOR, bound_queues
from exporter.samplers.queues.heads import watch_head
from exporter.samplers.queues.known import KnownQueue, Note, printable
from exporter.samplers.queues.model import QueueId, Reading
from exporter.samplers.queues.probes import find_members
from exporter.samplers.queues.replies import count
from exporter.samplers.queues.steps import Steps
from exporter.samplers.queues.vocabulary import ALL_QUEUES, Method, Outcome, State

_ALL: Final = ALL_QUEUES.encode()
_BINDING: Final = b"_kombu.binding."
_PRIORITY: Final = re.compile(rb"(.+)" + re.escape(DEFAULT_SEPARATOR) + rb"([0-9]+)", re.DOTALL)
# By default 0, 3, 6 and 9 are in use; `priority_steps` may name any of these, and others.
_USUAL_STEPS: Final = range(10)
# Steps that were met, and what separates them from the name where that is not as usual: notes.
_STEP: Final = "step/"
_SEPARATOR: Final = "separator"
_MAX_MET_STEPS: Final = 54


class Celery:
    """See the module."""

    name = "celery"
    signposts = (
        Signpost("set", re.compile(rb".*_kombu\.binding\..+", re.DOTALL)),
        Signpost("list", _PRIORITY),
    )

    def label(self, queue: QueueId) -> str:
        """See `Framework`; a `global_keyprefix` is part of it."""
        return printable(queue.base + queue.name)

    def find(self, seen: Sightings, moment: Moment) -> Steps[Sequence[Found]]:
        """See `Framework`: what is bound to an exchange. The default one is looked up even if it was not
        seen."""
        steps = [match for key in seen.of("list") if (match := _PRIORITY.fullmatch(key))]
        # By default a queue has an exchange of its name.
        likely = [_BINDING + name for name in (b"celery", *(match[1] for match in steps))]
        bindings = list(dict.fromkeys([*likely, *seen.of("set")]))
        members = yield from find_members(bindings)
        found = _bound_to(dict(zip(bindings, members, strict=True)), moment)
        for match in steps:
            for queue, notes in found.items():
                if queue.base + queue.name == match[1] and int(match[2]) not in _USUAL_STEPS:
                    notes[f"{_STEP}{int(match[2])}"] = 1
        return [Found(queue, notes) for queue, notes in found.items()]

    def read(self, queues: Sequence[KnownQueue], moment: Moment) -> Steps[Sequence[Reading]]:
        """See `Framework`."""
        return read_each(queues, moment, _read)


def _bound_to(bindings: Mapping[bytes, Sequence[bytes]], moment: Moment) -> dict[QueueId, dict[str, Note]]:
    """The queues in the bindings of all applications, which are told apart by their `global_keyprefix`, and
    what is to be noted of each."""
    sep = moment.settings.celery.sep
    by_base: dict[bytes, list[bytes]] = {}
    for binding, members in bindings.items():
        by_base.setdefault(binding.partition(_BINDING)[0], []).extend(members)
    found: dict[QueueId, dict[str, Note]] = {}
    for base, members in by_base.items():
        for queue in bound_queues(members, None if sep is None else sep.encode()):
            is_usual = queue.separator == DEFAULT_SEPARATOR
            notes: dict[str, Note] = {} if is_usual else {_SEPARATOR: queue.separator.hex()}
            found[QueueId("celery", base, queue.name, moment.database)] = notes
            found[QueueId("celery", base, _ALL, moment.database)] = {}
    return found


def _steps_of(queue: KnownQueue, moment: Moment) -> list[int]:
    """The priorities that may have a list; the list of 0 has the queue's plain name."""
    configured = moment.settings.celery.priority_steps
    if configured is not None:
        return sorted({0, *configured})
    met = [int(note.removeprefix(_STEP)) for note in queue.notes if note.startswith(_STEP)]
    return [*_USUAL_STEPS, *sorted(met)[:_MAX_MET_STEPS]]


def _read(queue: KnownQueue, moment: Moment) -> Steps[Reading]:
    return _read_unacknowledged(queue, moment) if queue.id.name == _ALL else _read_queue(queue, moment)


def _read_queue(queue: KnownQueue, moment: Moment) -> Steps[Reading]:
    name = queue.id.base + queue.id.name
    separator = bytes.fromhex(queue.text(_SEPARATOR)) or DEFAULT_SEPARATOR
    steps = _steps_of(queue, moment)
    keys = [name + separator + str(step).encode() if step else name for step in steps]
    replies = yield [*(("LLEN", key) for key in keys), *(("LINDEX", key, -1) for key in keys)]
    lengths, tails = replies[: len(keys)], replies[len(keys) :]
    reading = Reading(method=Method.FIRST_SEEN)
    for length in lengths:
        reading.count(State.WAITING, count(length))
    heads = [
        watch_head(queue, tail, moment.at, str(step) if step else "")
        for step, tail in zip(steps, tails, strict=True)
        if isinstance(tail, bytes) or step == 0 or f"head/{step}" in queue.notes
    ]
    reading.oldest = min((head for head in heads if head), key=lambda head: head.since, default=None)
    _count_workers(reading, moment)
    return reading


def _read_unacknowledged(queue: KnownQueue, moment: Moment) -> Steps[Reading]:
    lost_before = moment.at - moment.settings.visibility_timeout.seconds
    options = moment.settings.celery
    index = queue.id.base + options.unacked_index_key.encode()
    replies = yield [
        ("HLEN", queue.id.base + options.unacked_key.encode()),
        ("ZCARD", index),
        ("ZCOUNT", index, "-inf", f"({lost_before:.3f}"),
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
