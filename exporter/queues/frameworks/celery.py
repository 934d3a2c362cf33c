"""Celery, and whatever else uses kombu's Redis transport.

Confirmed on PyPI `celery` 5.7 with `kombu` 5.7. A queue is what is bound to an exchange: those are
`_kombu.binding.*`, and by default each queue has one of its own. It is a list per priority step; the list is
gone while it is empty, and the binding stays. What workers have fetched and not acknowledged stands in one
hash for all queues: that is under the queue `*`, with what workers run, have ended and how many of them are
silent. Messages carry no time. Workers are known by the heartbeats they publish; nobody can tell which queues
they serve, so each that is alive counts for every queue.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Final

from exporter.queues.base import CandidateKeys, Found, Heartbeat, KeyPattern, ReadContext, read_each
from exporter.queues.frameworks.celery_bindings import DEFAULT_SEPARATOR, bound_queues
from exporter.queues.frameworks.celery_unacked import HeldMessages
from exporter.queues.heads import watch_head
from exporter.queues.known import KnownQueue, Note, printable
from exporter.queues.model import QueueId, Reading
from exporter.queues.probes import find_members, find_types
from exporter.queues.replies import count
from exporter.queues.steps import Steps
from exporter.queues.vocabulary import ALL_QUEUES, Method, Outcome, State

_ALL: Final = ALL_QUEUES.encode()
_BINDING: Final = b"_kombu.binding."
_PRIORITY: Final = re.compile(rb"(.+)" + re.escape(DEFAULT_SEPARATOR) + rb"([0-9]+)", re.DOTALL)
# By default 0, 3, 6 and 9 are in use; `priority_steps` may name any of these, and others.
_USUAL_STEPS: Final = range(10)
# Steps that were met, and what separates them from the name where that is not as usual: notes.
_STEP: Final = "step/"
_SEPARATOR: Final = "separator"
_MAX_MET_STEPS: Final = 54
# The notes that tasks are acknowledged as they begin, and of what workers said when that seemed so.
_EARLY: Final = "acknowledged_early"
_MORE_RUN: Final = "more_run_than_are_held"


class Celery:
    """See the module."""

    name = "celery"
    key_patterns = (
        KeyPattern("set", re.compile(rb".*_kombu\.binding\..+", re.DOTALL)),
        KeyPattern("list", _PRIORITY),
    )

    def label(self, queue: QueueId) -> str:
        """See `Framework`; a `global_keyprefix` is part of it."""
        return printable(queue.base + queue.name)

    def find(self, seen: CandidateKeys, context: ReadContext) -> Steps[Sequence[Found]]:
        """See `Framework`: what is bound to an exchange.

        The default one is looked up even if it was not seen.
        """
        steps = [match for key in seen.of("list") if (match := _PRIORITY.fullmatch(key))]
        # By default a queue has an exchange of its name.
        likely = [_BINDING + name for name in (b"celery", *(match[1] for match in steps))]
        bindings = list(dict.fromkeys([*likely, *seen.of("set")]))
        members = yield from find_members(bindings)
        found = _bound_to(dict(zip(bindings, members, strict=True)), context)
        known = (queue.id for queue in context.known_of(self.name))
        by_key = {queue.base + queue.name: queue for queue in (*known, *found)}
        for match in steps:
            queue = by_key.get(match[1])
            if queue is not None and int(match[2]) not in _USUAL_STEPS:
                found.setdefault(queue, {})[f"{_STEP}{int(match[2])}"] = 1
        return [Found(queue, notes) for queue, notes in found.items()]

    def read(self, queues: Sequence[KnownQueue], context: ReadContext) -> Steps[Sequence[Reading]]:
        """See `Framework`."""
        return read_each(queues, context, _read)


def _bound_to(
    bindings: Mapping[bytes, Sequence[bytes]], context: ReadContext
) -> dict[QueueId, dict[str, Note]]:
    """Return the queues in the bindings of all applications, and what is to be noted of each.

    Applications are told apart by their `global_keyprefix`.
    """
    sep = context.settings.celery.sep
    by_base: dict[bytes, list[bytes]] = {}
    for binding, members in bindings.items():
        by_base.setdefault(binding.partition(_BINDING)[0], []).extend(members)
    found: dict[QueueId, dict[str, Note]] = {}
    for base, members in by_base.items():
        for queue in bound_queues(members, None if sep is None else sep.encode()):
            is_usual = queue.separator == DEFAULT_SEPARATOR
            notes: dict[str, Note] = {} if is_usual else {_SEPARATOR: queue.separator.hex()}
            found[QueueId("celery", base, queue.name, context.database)] = notes
            found[QueueId("celery", base, _ALL, context.database)] = {}
    return found


def _steps_of(queue: KnownQueue, context: ReadContext) -> list[int]:
    """The priorities that may have a list; the list of 0 has the queue's plain name."""
    configured = context.settings.celery.priority_steps
    if configured is not None:
        return sorted({0, *configured})
    met = [int(note.removeprefix(_STEP)) for note in queue.notes if note.startswith(_STEP)]
    return [*_USUAL_STEPS, *sorted(met)[:_MAX_MET_STEPS]]


def _read(queue: KnownQueue, context: ReadContext) -> Steps[Reading]:
    return _read_unacknowledged(queue, context) if queue.id.name == _ALL else _read_queue(queue, context)


def _read_queue(queue: KnownQueue, context: ReadContext) -> Steps[Reading]:
    name = queue.id.base + queue.id.name
    separator = bytes.fromhex(queue.text(_SEPARATOR)) or DEFAULT_SEPARATOR
    steps = _steps_of(queue, context)
    keys = [name + separator + str(step).encode() if step else name for step in steps]
    if separator != DEFAULT_SEPARATOR:
        # Other programs separate like this, too: with a queue `orders`, `orders:7` may be anything.
        types = yield from find_types(keys)
        fitting = [types[key] in ("none", "list") for key in keys]
        steps, keys = list(compress(steps, fitting)), list(compress(keys, fitting))
    replies = yield [*(("LLEN", key) for key in keys), *(("LINDEX", key, -1) for key in keys)]
    lengths, tails = replies[: len(keys)], replies[len(keys) :]
    reading = Reading(method=Method.FIRST_SEEN)
    for length in lengths:
        reading.count(State.WAITING, count(length))
    heads = [
        watch_head(queue, tail, context.at, str(step) if step else "")
        for step, tail in zip(steps, tails, strict=True)
        if isinstance(tail, bytes) or step == 0 or f"head/{step}" in queue.notes
    ]
    reading.oldest = min((head for head in heads if head), key=lambda head: head.since, default=None)
    _count_workers(reading, _workers(queue, context))
    return reading


def _read_unacknowledged(queue: KnownQueue, context: ReadContext) -> Steps[Reading]:
    options = context.settings.celery
    messages = queue.id.base + options.unacked_key.encode()
    index = queue.id.base + options.unacked_index_key.encode()
    lost_before = context.at - context.settings.visibility_timeout.seconds
    held: HeldMessages = queue.memory.setdefault("held", HeldMessages())
    replies = yield [
        ("HLEN", messages),
        ("ZCOUNT", index, "-inf", f"({lost_before:.3f}"),
        *held.ask(index),
    ]
    yield from held.look(messages, replies[2:])
    reading = Reading(orphaned=count(replies[1]))
    workers = _workers(queue, context)
    _count_held(queue, reading, count(replies[0]), held.waiting(context.at), workers)
    _count_workers(reading, workers)
    if workers is not None:
        # They belong to no queue in particular: a stale one is counted once.
        reading.stale_workers = len(workers.present) - len(workers.alive)
        _count_ended(queue, reading, workers)
    return reading


@dataclass(frozen=True, slots=True)
class _Workers:
    """The workers of one installation.

    All that were heard, those of them that have not left, and those that are alive.
    """

    heard: Sequence[Heartbeat]
    present: Sequence[Heartbeat]
    alive: Sequence[Heartbeat]


def _workers(queue: KnownQueue, context: ReadContext) -> _Workers | None:
    """None while too little was heard to know."""
    if context.celery is None:
        return None
    heard = context.celery.heard.get(queue.id.base, ())
    present = [one for one in heard if not one.has_left]
    stale_before = context.at - context.settings.silent_after.seconds
    return _Workers(heard, present, [one for one in present if one.at >= stale_before])


def _count_held(
    queue: KnownQueue, reading: Reading, held: int | None, waiting: int, workers: _Workers | None
) -> None:
    """Count what workers hold and have not acknowledged.

    Tasks that wait for their ETA, those they have not begun, and with `acks_late` those that run too.
    """
    running = None if workers is None else sum(one.active for one in workers.alive)
    reading.count(State.ACTIVE, running)
    if held is None:
        return
    waiting = min(waiting, held)
    reserved = held - waiting
    if workers is not None and running and not _acknowledges_early(queue, reserved, running, workers):
        reserved = max(0, reserved - running)
    reading.count(State.DELAYED, waiting)
    reading.count(State.RESERVED, reserved)


def _acknowledges_early(queue: KnownQueue, fetched: int, running: int, workers: _Workers) -> bool:
    """Return whether tasks are acknowledged as they begin.

    Nothing says so but that more run than are held, while none begins or ends from one pass to the next.
    """
    if fetched >= running:
        queue.notes.pop(_MORE_RUN, None)
    else:
        state = " ".join(f"{one.process}={one.ended}+{one.active}" for one in workers.present)
        seen = hashlib.blake2b(state.encode(), digest_size=8).hexdigest()
        if queue.text(_MORE_RUN) == seen:
            queue.notes[_EARLY] = 1
        queue.notes[_MORE_RUN] = seen
    return _EARLY in queue.notes


def _count_ended(queue: KnownQueue, reading: Reading, workers: _Workers) -> None:
    for worker in workers.heard:
        queue.follow(Outcome.UNKNOWN, worker.process, worker.ended, is_new=worker.is_new)
    queue.drop_sources(Outcome.UNKNOWN, [worker.process for worker in workers.heard])
    reading.finished[Outcome.UNKNOWN] = queue.number(Outcome.UNKNOWN)


def _count_workers(reading: Reading, workers: _Workers | None) -> None:
    if workers is not None:
        reading.workers = len(workers.alive)
        reading.last_heartbeat = max((one.at for one in workers.present), default=None)


FRAMEWORK: Final = Celery()
