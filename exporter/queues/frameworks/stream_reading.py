"""One stream with its consumer groups.

A group's lag is what the server says, where it says it. It does not after XDEL, XTRIM or XGROUP SETID, nor
before Redis 7: then the entries behind the group's position are counted, up to a cap. Source:
https://redis.io/docs/latest/commands/xinfo-groups/.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from exporter.connection import Command, Reply
from exporter.queues.base import ReadContext
from exporter.queues.known import KnownQueue, printable
from exporter.queues.model import GroupReading, Oldest, Reading
from exporter.queues.replies import count, field_map, items, number, text
from exporter.queues.steps import Steps, together
from exporter.queues.timestamps import plausible
from exporter.queues.vocabulary import LagMethod, Method, Outcome, State

MAX_GROUPS: Final = 50
# Of stuck entries and of consumers no more are looked at than these.
_MAX_ENTRIES: Final = 100
# Frameworks with modules of their own, which are named as the groups that they read by: their entries are one
# field of this name.
_FIELDS: Final = {"taskiq": b"data", "symfony": b"message"}


@dataclass(frozen=True, slots=True)
class _StreamInfo:
    """The reply to XINFO STREAM."""

    length: int
    last_id: tuple[int, int]
    first_id: tuple[int, int] | None
    added: int | None

    @classmethod
    def parse(cls, reply: Reply) -> "_StreamInfo | None":
        facts = field_map(reply)
        length = count(facts.get("length"))
        if length is None:
            return None
        first = items(facts.get("first-entry"))
        return cls(
            length,
            parse_id(facts.get("last-generated-id")) or (0, 0),
            parse_id(first[0]) if first else None,
            count(facts.get("entries-added")),
        )


def group_names(reply: Reply) -> set[str]:
    """The names of the groups in a reply to XINFO GROUPS."""
    return {text(field_map(group).get("name")) or "" for group in items(reply)}


def sort_streams(keys: Sequence[bytes]) -> Steps[Mapping[bytes, str]]:
    """Return those of these streams that have a group, each with the framework that writes it.

    The framework is empty for none that has a module of its own.
    """
    replies = yield [("XINFO", "GROUPS", key) for key in keys]
    groups = {key: names for key, reply in zip(keys, replies, strict=True) if (names := group_names(reply))}
    matches = {key: name for key, names in groups.items() for name in _FIELDS if name in names}
    last = (yield [("XREVRANGE", key, "+", "-", "COUNT", 1) for key in matches]) if matches else ()
    owners = {
        key: name
        for (key, name), reply in zip(matches.items(), last, strict=True)
        if _has_field(reply, _FIELDS[name])
    }
    return {key: owners.get(key, "") for key in groups}


def _has_field(reply: Reply, field: bytes) -> bool:
    """Whether an entry is one field of this name.

    Where there is none any more, the group's name has to do.
    """
    contents = [items(items(entry)[1]) for entry in items(reply)]
    return all(len(fields) == 2 and fields[0] == field for fields in contents)


def parse_id(reply: Reply) -> tuple[int, int] | None:
    """An entry's id as its two numbers."""
    first, _, second = (text(reply) or "").partition("-")
    return (int(first), int(second)) if first.isdigit() and second.isdigit() else None


def read_stream(queue: KnownQueue, context: ReadContext) -> Steps[Reading]:
    """Read the stream whose key is the queue's name, with all its groups."""
    return read_key(queue.id.name, context)


def read_key(key: bytes, context: ReadContext) -> Steps[Reading]:
    """Read one stream, with all its groups."""
    replies = yield [("XINFO", "STREAM", key), ("XINFO", "GROUPS", key)]
    reading = Reading(method=Method.TIMESTAMP)
    if text(replies[0]) is None and not items(replies[0]):
        # No such key any more, or one of another type.
        return _missing(reading, replies[0])
    stream = _StreamInfo.parse(replies[0])
    if stream is None:
        return reading
    reading.added = stream.added
    groups = [field_map(group) for group in items(replies[1])[:MAX_GROUPS]]
    reading.groups = yield from together([_read_group(key, group, stream, context) for group in groups])
    if len(groups) == 1:
        _count_acknowledged(reading, groups[0])
    lags = [group.lag for group in reading.groups if group.lag is not None]
    if len(lags) == len(reading.groups):
        reading.count(State.WAITING, max(lags, default=0))
    reading.count(State.ACTIVE, sum(group.pending for group in reading.groups))
    stuck = [group.stuck for group in reading.groups if group.stuck is not None]
    reading.stuck = sum(stuck) if stuck else None
    undelivered = [group.oldest_undelivered for group in reading.groups if group.oldest_undelivered]
    if undelivered:
        reading.oldest = Oldest(min(undelivered), Method.TIMESTAMP)
    return reading


def _count_acknowledged(reading: Reading, group: Mapping[str, Any]) -> None:
    """Count what the only group was given and does not hold any more as ended.

    Servers from before Redis 7 do not count what a group was given, later ones not in all cases.
    """
    acknowledged = acknowledged_by(group)
    if acknowledged is not None:
        reading.finished[Outcome.UNKNOWN] = acknowledged


def acknowledged_by(group: Mapping[str, Any]) -> float | None:
    """How many of the entries that a group was ever given it has acknowledged."""
    given, pending = count(group.get("entries-read")), count(group.get("pending"))
    return None if given is None or pending is None else max(0.0, given - pending)


def _missing(reading: Reading, reply: Reply) -> Reading:
    if "no such key" in str(reply).lower():
        reading.count(State.WAITING, 0)
        reading.count(State.ACTIVE, 0)
    return reading


def _read_group(
    key: bytes, group: Mapping[str, Any], stream: _StreamInfo, context: ReadContext
) -> Steps[GroupReading]:
    raw_name = group.get("name")
    name = raw_name if isinstance(raw_name, bytes) else b""
    delivered = parse_id(group.get("last-delivered-id")) or (0, 0)
    after = f"({delivered[0]}-{delivered[1]}"
    lag, method = _lag(group, delivered, stream)
    questions: list[Command] = [
        ("XRANGE", key, after, "+", "COUNT", 1 if lag is not None else context.settings.max_lag_count),
        ("XPENDING", key, name, "-", "+", 1),
        (
            "XPENDING",
            key,
            name,
            "IDLE",
            int(context.settings.stuck_after.seconds * 1000),
            "-",
            "+",
            _MAX_ENTRIES,
        ),
        ("XINFO", "CONSUMERS", key, name),
    ]
    behind, oldest, stuck, consumers = yield questions
    capped = False
    if lag is None:
        lag = len(items(behind))
        capped = lag >= context.settings.max_lag_count
    return GroupReading(
        name=printable(name),
        lag=lag,
        lag_method=method,
        pending=count(group.get("pending")) or 0,
        consumers=count(group.get("consumers")) or 0,
        oldest_undelivered=_entry_time(items(behind)),
        oldest_pending=_entry_time(items(oldest)),
        stuck=len(stuck) if isinstance(stuck, list) else None,
        idle_seconds=_shortest_idle(consumers),
        capped=capped,
    )


def _lag(
    group: Mapping[str, Any], delivered: tuple[int, int], stream: _StreamInfo
) -> tuple[int | None, LagMethod]:
    """The lag, where it is known or follows from the ends of the stream; else None, to be counted.

    The ends come first: of a stream that was trimmed beyond a group's position, servers count what is
    gone too.
    """
    if stream.length == 0 or delivered >= stream.last_id:
        return 0, LagMethod.EXACT
    if stream.first_id is not None and delivered < stream.first_id:
        return stream.length, LagMethod.EXACT
    told = count(group.get("lag"))
    return told, LagMethod.ESTIMATE if told is None else LagMethod.EXACT


def _entry_time(entries: Sequence[Any]) -> float | None:
    """When the first of some entries was added: ids start with a time in milliseconds unless made by hand."""
    first = items(entries[0]) if entries else ()
    entry_id = parse_id(first[0]) if first else None
    return plausible(entry_id[0] / 1000) if entry_id else None


def _shortest_idle(consumers: Reply) -> float | None:
    idle = [number(field_map(consumer).get("idle")) for consumer in items(consumers)[:_MAX_ENTRIES]]
    known = [value for value in idle if value is not None]
    return min(known) / 1000 if known else None
