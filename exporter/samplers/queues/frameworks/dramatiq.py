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
from exporter.samplers.queues.replies import count, json_object, pairs, text
from exporter.samplers.queues.steps import Steps
from exporter.samplers.queues.timestamps import at_path, parse_number
from exporter.samplers.queues.vocabulary import Method, State

_DEFAULT_BASE: Final = b"dramatiq:"
_HEARTBEATS: Final = b"__heartbeats__"
# The default `heartbeat_timeout`.
_SILENT_SECONDS: Final = 60.0
_MAX_WORKERS: Final = 200
_MESSAGES: Final = re.compile(rb"(.+:)(.+?)(?:\.[DX]Q)?\.msgs", re.DOTALL)
# A worker's id is a UUID.
_ACKS: Final = re.compile(rb"(.+:)__acks__\.[0-9a-f-]{36}\.(.+?)(?:\.DQ)?", re.DOTALL)
_BEATS: Final = re.compile(rb"(.+:)__heartbeats__", re.DOTALL)


class Dramatiq:
    """See the module."""

    name = "dramatiq"
    signposts = (
        Signpost("zset", _BEATS),
        Signpost("hash", _MESSAGES, b"*.msgs"),
        Signpost("set", _ACKS),
    )

    def label(self, queue: QueueId) -> str:
        """See `Framework`; a namespace other than the default is part of it."""
        return printable((queue.base + queue.name).removeprefix(_DEFAULT_BASE))

    def find(self, seen: Sightings, moment: Moment) -> Steps[Sequence[Found]]:
        """See `Framework`: messages or acknowledgements, in a namespace that has heartbeats."""
        matches = [_MESSAGES.fullmatch(key) for key in seen.of("hash")]
        matches += [_ACKS.fullmatch(key) for key in seen.of("set")]
        queues = dict.fromkeys((match[1], match[2]) for match in matches if match)
        bases = list(dict.fromkeys(base for base, _ in queues))
        replies = yield [("TYPE", base + _HEARTBEATS) for base in bases]
        real = {base for base, reply in zip(bases, replies, strict=True) if text(reply) == "zset"}
        return [
            Found(QueueId(self.name, base, name, moment.database)) for base, name in queues if base in real
        ]

    def read(self, queues: Sequence[KnownQueue], moment: Moment) -> Steps[Sequence[Reading]]:
        """See `Framework`."""
        return read_each(queues, moment, _read)


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
