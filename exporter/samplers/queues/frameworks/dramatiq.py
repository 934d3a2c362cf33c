"""Dramatiq. Confirmed on PyPI `dramatiq` 2.2.

Messages that a worker has fetched, prefetched ones included, stand in one set per worker and queue. The set
of heartbeats keeps the dead, and holds producers too: whoever has talked to the queue within the last minute
counts as alive, as in Dramatiq itself.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from exporter.connection import Command, Reply
from exporter.samplers.queues.base import Found, Moment, Sightings, Signpost, read_each
from exporter.samplers.queues.known import KnownQueue, printable
from exporter.samplers.queues.model import Oldest, QueueId, Reading
from exporter.samplers.queues.probes import ask_fitting, check_each
from exporter.samplers.queues.replies import count, items, json_object, names, pairs
from exporter.samplers.queues.steps import Steps
from exporter.samplers.queues.timestamps import at_path, parse_number
from exporter.samplers.queues.vocabulary import Method, State

_DEFAULT_BASE: Final = b"dramatiq:"
_HEARTBEATS: Final = b"__heartbeats__"
# The default `heartbeat_timeout`.
_SILENT_SECONDS: Final = 60.0
_MAX_WORKERS: Final = 200
_MAX_PROBES: Final = 10
_MESSAGES: Final = re.compile(rb"(.+:)(.+?)(?:\.[DX]Q)?\.msgs", re.DOTALL)
# What every message says, in Dramatiq's own words.
_MESSAGE_FIELDS: Final = frozenset({"queue_name", "actor_name", "message_id", "message_timestamp"})
# Ids of messages and of workers.
_UUID: Final = re.compile(rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Dramatiq:
    """See the module."""

    name = "dramatiq"
    # A message's content stays there until it is acknowledged.
    signposts = (Signpost("hash", _MESSAGES, b"*.msgs"),)

    def label(self, queue: QueueId) -> str:
        """See `Framework`; a namespace other than the default is part of it."""
        return printable((queue.base + queue.name).removeprefix(_DEFAULT_BASE))

    def find(self, seen: Sightings, moment: Moment) -> Steps[Sequence[Found]]:
        """See `Framework`: by the messages themselves."""
        keys = list(seen.of("hash"))
        fits = yield from check_each(keys, _holds_messages)
        matches = [_MESSAGES.fullmatch(key) for key, fit in zip(keys, fits, strict=True) if fit]
        queues = dict.fromkeys((match[1], match[2]) for match in matches if match)
        return [Found(QueueId(self.name, base, name, moment.database)) for base, name in queues]

    def read(self, queues: Sequence[KnownQueue], moment: Moment) -> Steps[Sequence[Reading]]:
        """See `Framework`."""
        return read_each(queues, moment, _read)


def _holds_messages(key: bytes) -> Steps[bool]:
    """Messages of Dramatiq's; or, where they are encoded in another way than its own, texts under UUIDs in a
    namespace in which workers report under UUIDs."""
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


def _read(queue: KnownQueue, moment: Moment) -> Steps[Reading]:
    base, name = queue.id.base, queue.id.name
    waiting, delayed, dead, head, beats = yield [
        ("LLEN", base + name),
        ("LLEN", base + name + b".DQ"),
        ("ZCARD", base + name + b".XQ"),
        ("LINDEX", base + name, 0),
        ("ZREVRANGE", base + _HEARTBEATS, 0, _MAX_WORKERS - 1, "WITHSCORES"),
    ]
    # In an order that stays the same from pass to pass.
    heard = {worker: score / 1000 for worker, score in sorted(pairs(beats))}
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
    _count_workers(reading, heard, held, moment)
    return reading


def _count_workers(
    reading: Reading, heard: Mapping[bytes, float], held: Sequence[int], moment: Moment
) -> None:
    """A dead one still holding messages was killed; one without has gone in good order."""
    silent_since = moment.at - _SILENT_SECONDS
    dead = [jobs for at, jobs in zip(heard.values(), held, strict=True) if at < silent_since]
    reading.workers = len(heard) - len(dead)
    reading.silent_workers = sum(1 for jobs in dead if jobs)
    reading.orphaned = sum(dead)
    reading.last_heartbeat = max(heard.values(), default=None)


def _oldest(message: Reply) -> Oldest | None:
    """A delayed message waits since its moment has come; its own time is that of its making."""
    fields = json_object(message)
    made = parse_number(fields.get("message_timestamp"), 1e-3)
    due = parse_number(at_path(fields, "options.eta"), 1e-3)
    return None if made is None else Oldest(max(made, due or 0.0), Method.TIMESTAMP)


FRAMEWORK: Final = Dramatiq()
