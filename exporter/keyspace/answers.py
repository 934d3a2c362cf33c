"""Answers about keys are checked; every look-up that the server counts is counted here too."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from exporter.connection import Reply
from exporter.errors import Reason, ReplyError
from exporter.keyspace.nodes import KeyGroup
from exporter.keyspace.payload import (
    ENCODING,
    FREQ,
    IDLETIME,
    MEMORY_USAGE,
    PTTL,
    TYPE,
    Payload,
    bulk_strings,
)
from exporter.sampling.keyspace_stats import KeyspaceStats, found_by_error

_GONE: Final = b"none"
_NO_KEY: Final = -2
LENGTH_COMMANDS: Final = {
    "string": "STRLEN",
    "list": "LLEN",
    "hash": "HLEN",
    "set": "SCARD",
    "zset": "ZCARD",
    "stream": "XLEN",
}


@dataclass(slots=True)
class UnsupportedCommands:
    """The commands that the server does not support for us during one scan: name and reason.

    Unlike `CommandSupport` they are not tried again, so that all keys of a scan are asked the same.
    """

    reasons: dict[str, Reason] = field(default_factory=dict)

    def note(self, command: str, replies: Sequence[Reply]) -> None:
        """Learn from replies that are all errors of this kind."""
        first = replies[0] if replies else None
        if isinstance(first, ReplyError) and first.is_unsupported:
            self.reasons[command] = first.reason

    @property
    def notes(self) -> list[str]:
        """As sentences."""
        return [f"the server refuses {command} ({reason})" for command, reason in self.reasons.items()]

    def __contains__(self, command: object) -> bool:
        return command in self.reasons


class FactsRequest:
    """TYPE, PTTL and MEMORY USAGE of some keys, and how they are used of a part of these.

    `extra` are indexes into `names`. TYPE and PTTL come before MEMORY USAGE, and all of one command together:
    so the replies are columns.
    """

    def __init__(self, names: Sequence[bytes], extra: Sequence[int], usage: str) -> None:
        self.names = names
        self.extra = extra
        self._usage = usage
        self._columns: list[tuple[str, slice]] = []

    def write(self, payload: Payload, refused: UnsupportedCommands) -> None:
        """Add the commands to what is to be sent."""
        arguments = bulk_strings(self.names)
        some = [arguments[index] for index in self.extra]
        asked = (
            ("TYPE", TYPE, arguments),
            ("PTTL", PTTL, arguments),
            ("MEMORY USAGE", MEMORY_USAGE, arguments),
            ("OBJECT ENCODING", ENCODING, some),
            (self._usage, FREQ if self._usage == "OBJECT FREQ" else IDLETIME, some),
        )
        self._columns = [
            (command, payload.each(head, keys)) for command, head, keys in asked if command not in refused
        ]

    def read(
        self, replies: Sequence[Reply], refused: UnsupportedCommands, lookups: KeyspaceStats
    ) -> "Answers":
        """The answers, of what the server lets us ask."""
        columns = {}
        for command, where in self._columns:
            refused.note(command, replies[where])
            if command not in refused:
                columns[command] = replies[where]
        count = len(self.names)
        types = _types(columns.get("TYPE"), count, lookups)
        ttls = _ttls(columns.get("PTTL"), lookups)
        memory = _sizes(columns.get("MEMORY USAGE"))
        idle = _sizes(columns.get(self._usage))
        encodings = columns.get("OBJECT ENCODING", ())
        for column in (columns.get(self._usage, ()), encodings):
            _count_lookups(column, lookups)
        return Answers(types, ttls, memory, idle, encodings)


@dataclass(slots=True)
class Answers:
    """One column per command.

    `types` by name (`none`: the key is gone), `ttls` in milliseconds (-1: none, -2: gone), `memory` in bytes
    (-1: gone); `usage` (idle seconds, or the LFU counter) and `encodings` for the `extra` keys. A column that
    could not be asked is empty.
    """

    types: Sequence[bytes]
    ttls: Sequence[int]
    memory: Sequence[int]
    usage: Sequence[int]
    encodings: Sequence[Reply]


def _types(column: Sequence[Reply] | None, count: int, lookups: KeyspaceStats) -> Sequence[bytes]:
    if column is None:
        return [b"unknown"] * count
    if set(map(type, column)) - {bytes}:
        # An error is no look-up: a key of a slot that moves, a server that loads.
        known: Sequence[Reply] = [reply for reply in column if isinstance(reply, bytes)]
        column = [reply if isinstance(reply, bytes) else _GONE for reply in column]
    else:
        known = column
    gone = known.count(_GONE)
    lookups.misses += gone
    lookups.hits += len(known) - gone
    return column


def _ttls(column: Sequence[Reply] | None, lookups: KeyspaceStats) -> Sequence[int]:
    if column is None:
        return ()
    known = column if set(map(type, column)) == {int} else [one for one in column if type(one) is int]
    gone = known.count(_NO_KEY)
    lookups.misses += gone
    lookups.hits += len(known) - gone
    if known is column:
        return column
    return [reply if type(reply) is int else _NO_KEY for reply in column]


def _sizes(column: Sequence[Reply] | None) -> Sequence[int]:
    if column is None:
        return ()
    if set(map(type, column)) == {int}:
        return column
    return [reply if type(reply) is int else -1 for reply in column]


def _count_lookups(column: Iterable[Reply], lookups: KeyspaceStats) -> None:
    for reply in column:
        found = found_by_error(reply) if isinstance(reply, ReplyError) else reply is not None
        if found is not None:
            lookups.note(found=found)


@dataclass(frozen=True, slots=True)
class LengthCandidate:
    """A key whose length is worth asking: it stands for `weight` keys (of its `group`)."""

    name: bytes
    kind: str
    memory: int
    weight: float
    group: KeyGroup | None = None


class LengthRequest:
    """The length of some keys of known type; none may be an empty string or stream, since 0 means gone."""

    def __init__(self, candidates: Sequence[LengthCandidate]) -> None:
        self.candidates = candidates
        self._where = slice(0, 0)

    def write(self, payload: Payload) -> None:
        """Add the commands to what is to be sent."""
        self._where = payload.add(
            *((LENGTH_COMMANDS[candidate.kind], candidate.name) for candidate in self.candidates)
        )

    def read(self, replies: Sequence[Reply], lookups: KeyspaceStats) -> list[tuple[LengthCandidate, int]]:
        """The lengths of the keys that are still there and of their type."""
        lengths = []
        for candidate, reply in zip(self.candidates, replies[self._where], strict=True):
            if isinstance(reply, int):
                if reply:
                    lookups.hits += 1
                    lengths.append((candidate, reply))
                else:
                    lookups.misses += 1
            elif isinstance(reply, ReplyError) and found_by_error(reply):
                lookups.hits += 1  # found, but something else meanwhile
        return lengths
