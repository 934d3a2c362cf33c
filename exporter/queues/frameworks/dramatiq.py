"""Dramatiq. Confirmed on PyPI `dramatiq` 2.2.

Messages that a worker has fetched, prefetched ones included, stand in one set per worker and queue. The set
of heartbeats keeps the dead, and holds producers too: whoever has talked to the queue within the last minute
is alive, as in Dramatiq itself.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from exporter.connection import Command, Reply
from exporter.queues.base import CandidateKeys, Found, KeyPattern, ReadContext, read_each
from exporter.queues.known import KnownQueue, printable
from exporter.queues.model import Oldest, QueueId, Reading
from exporter.queues.probes import ask_fitting, keep_fitting
from exporter.queues.replies import count, items, json_object, names, scored_members
from exporter.queues.steps import Steps
from exporter.queues.timestamps import at_path, parse_number
from exporter.queues.vocabulary import Method, State

_DEFAULT_BASE: Final = b"dramatiq:"
_HEARTBEATS: Final = b"__heartbeats__"
# The default `heartbeat_timeout`.
_STALE_SECONDS: Final = 60.0
_MAX_WORKERS: Final = 200
# What is remembered of a queue: who has held a message of it, and who was killed while holding one.
_HELD: Final = "held"
_KILLED: Final = "killed"
_MAX_PROBES: Final = 10
# A queue's name holds no colon: with one, a name of colons would take its length squared.
_MESSAGES: Final = re.compile(rb"(.+:)([^:]+?)(?:\.[DX]Q)?\.msgs", re.DOTALL)
# What every message says, in Dramatiq's own words.
_MESSAGE_FIELDS: Final = frozenset({"queue_name", "actor_name", "message_id", "message_timestamp"})
# Ids of messages and of workers.
_UUID: Final = re.compile(rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Dramatiq:
    """See the module."""

    name = "dramatiq"
    # A message's content stays there until it is acknowledged.
    key_patterns = (KeyPattern("hash", _MESSAGES, b"*.msgs"),)

    def label(self, queue: QueueId) -> str:
        """See `Framework`; a namespace other than the default is part of it."""
        return printable((queue.base + queue.name).removeprefix(_DEFAULT_BASE))

    def find(self, seen: CandidateKeys, context: ReadContext) -> Steps[Sequence[Found]]:
        """See `Framework`: by the messages themselves."""
        keys = yield from keep_fitting(seen.of("hash"), _holds_messages)
        matches = [_MESSAGES.fullmatch(key) for key in keys]
        queues = dict.fromkeys((match[1], match[2]) for match in matches if match)
        return [Found(QueueId(self.name, base, name, context.database)) for base, name in queues]

    def read(self, queues: Sequence[KnownQueue], context: ReadContext) -> Steps[Sequence[Reading]]:
        """See `Framework`."""
        readings = yield from read_each(queues, context, _read)
        _count_stale(queues, readings)
        return readings


def _holds_messages(key: bytes) -> Steps[bool]:
    """Return whether a key holds messages of Dramatiq's.

    Where they are encoded in another way than its own: texts under UUIDs in a namespace in which workers
    report under UUIDs.
    """
    match = _MESSAGES.fullmatch(key)
    base = match[1] if match else b""
    some, beats = yield from ask_fitting(
        [("HSCAN", key, 0, "COUNT", 1), ("ZREVRANGE", base + _HEARTBEATS, 0, 0)]
    )
    ids, messages = _some_fields(some)
    if any(json_object(message).keys() >= _MESSAGE_FIELDS for message in messages):
        return True
    return bool(ids) and all(_UUID.fullmatch(name) for name in (*ids, *(names(beats) or (b"",))))


def _some_fields(reply: Reply) -> tuple[Sequence[bytes], Sequence[bytes]]:
    """The fields and the values in the answer to HSCAN."""
    parts = items(reply)
    flat = names(parts[1]) if len(parts) == 2 else ()
    return flat[::2][:_MAX_PROBES], flat[1::2][:_MAX_PROBES]


def _read(queue: KnownQueue, context: ReadContext) -> Steps[Reading]:
    base, name = queue.id.base, queue.id.name
    waiting, delayed, dead, head, beats = yield [
        ("LLEN", base + name),
        ("LLEN", base + name + b".DQ"),
        ("ZCARD", base + name + b".XQ"),
        ("LINDEX", base + name, 0),
        ("ZREVRANGE", base + _HEARTBEATS, 0, _MAX_WORKERS - 1, "WITHSCORES"),
    ]
    # In an order that stays the same from pass to pass.
    heard = {worker: score / 1000 for worker, score in sorted(scored_members(beats))}
    acks = [base + b"__acks__." + worker + b"." + name for worker in heard]
    questions: list[Command] = [
        *(("SCARD", key) for key in acks),
        *(("SCARD", key + b".DQ") for key in acks),
    ]
    if isinstance(head, bytes):
        questions.append(("HGET", base + name + b".msgs", head))
    replies = yield questions
    reading = Reading(method=Method.TIMESTAMP)
    reading.count(State.WAITING, count(waiting))
    reading.count(State.DELAYED, count(delayed))
    reading.count(State.DEAD, count(dead))
    if isinstance(head, bytes):
        reading.oldest = _oldest(replies[-1])
    held = [count(reply) or 0 for reply in replies[: len(acks)]]
    held_delayed = [count(reply) or 0 for reply in replies[len(acks) : 2 * len(acks)]]
    reading.count(State.ACTIVE, sum(held))
    reading.count(State.DELAYED, sum(held_delayed))
    holding = {worker for worker, *jobs in zip(heard, held, held_delayed, strict=True) if any(jobs)}
    _count_workers(reading, heard, _workers_of(queue, holding, set(heard), count(waiting)), context)
    stale_before = context.at - _STALE_SECONDS
    dead = {worker: jobs for worker, jobs in zip(heard, held, strict=True) if heard[worker] < stale_before}
    reading.orphaned = sum(dead.values())
    # One that holds nothing has gone in good order.
    queue.memory[_KILLED] = {worker for worker, jobs in dead.items() if jobs}
    return reading


def _workers_of(queue: KnownQueue, holding: set[bytes], heard: set[bytes], waiting: int | None) -> set[bytes]:
    """Return the workers of a queue.

    Producers are heard too, and nothing tells them apart but that they never hold a message: while messages
    wait, whoever has not held one here is none of its workers.
    """
    known: set[bytes] = queue.memory.get(_HELD, set()) & heard | holding
    queue.memory[_HELD] = known
    return known if waiting else heard


def _count_workers(
    reading: Reading, heard: Mapping[bytes, float], workers: set[bytes], context: ReadContext
) -> None:
    stale_before = context.at - _STALE_SECONDS
    reading.workers = sum(heard[worker] >= stale_before for worker in workers)
    reading.last_heartbeat = max(heard.values(), default=None)


def _count_stale(queues: Sequence[KnownQueue], readings: Sequence[Reading]) -> None:
    """A worker that was killed while it held messages of several queues is told once."""
    told: set[tuple[bytes, bytes]] = set()
    for queue, reading in zip(queues, readings, strict=True):
        killed = {(queue.id.base, worker) for worker in queue.memory[_KILLED]}
        reading.stale_workers = len(killed - told)
        told |= killed


def _oldest(message: Reply) -> Oldest | None:
    """A delayed message waits since its moment has come; its own time is that of its making."""
    fields = json_object(message)
    made = parse_number(fields.get("message_timestamp"), 1e-3)
    due = parse_number(at_path(fields, "options.eta"), 1e-3)
    return None if made is None else Oldest(max(made, due or 0.0), Method.TIMESTAMP)


FRAMEWORK: Final = Dramatiq()
