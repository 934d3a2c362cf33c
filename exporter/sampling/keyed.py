"""Questions about keys: what a server counts as look-ups is counted, other nodes' keys are not asked for.

A server counts one hit or miss for each key of each command, whatever comes of it; of those that only read,
MEMORY USAGE and SCAN are the exceptions. Where a reply leaves open whether there is a key (a range that holds
nothing, a field that is not there), the other replies about it in the same round trip tell, and without any
EXISTS is asked along: at once where the same happened the last time, else in the next round trip. Measured
with Redis 6.2 and 7.0 and Valkey 9.1 by tests/samplers/test_lookups.py.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from exporter.connection import Command, Connection, Reply
from exporter.errors import Reason, ReplyError
from exporter.sampling.facts import TargetFacts
from exporter.sampling.keyspace_stats import KeyspaceStats, code_of, found_by_error

# Whether a reply shows that the key is there: yes, no, or open.
HitRule = Callable[[Reply], bool | None]
_Place = tuple[object, bytes]
_MAX_DOUBTFUL: Final = 100_000
_EXISTS: Final = "EXISTS"
_SELECT: Final = "SELECT"


def _by_length(reply: Reply) -> bool | None:
    return bool(reply)


def _by_value(reply: Reply) -> bool | None:
    return reply is not None


def _by_content(reply: Reply) -> bool | None:
    """Something shows that there is a key; nothing shows nothing."""
    if isinstance(reply, list):
        return True if any(item is not None for item in reply) else None
    return True if reply else None


def _by_scan(reply: Reply) -> bool | None:
    """A cursor and members, of which an existing key has some."""
    cursor, members = reply
    return bool(cursor != b"0" or members)


def _by_ttl(reply: Reply) -> bool | None:
    return bool(reply != -2)


_HIT_RULES: Final[Mapping[str, HitRule]] = {
    "LLEN": _by_length,
    "ZCARD": _by_length,
    "SCARD": _by_length,
    "HLEN": _by_length,
    "HGETALL": _by_length,
    "HVALS": _by_length,
    "GET": _by_value,
    "OBJECT": _by_value,
    "TYPE": lambda reply: reply != b"none",
    "PTTL": _by_ttl,
    "TTL": _by_ttl,
    "SSCAN": _by_scan,
    "HSCAN": _by_scan,
    "ZSCAN": _by_scan,
    "XINFO": lambda reply: True,
    "XPENDING": lambda reply: True,
}
# These ask about no key, or look none up.
_NOT_COUNTED: Final = frozenset(
    {_SELECT, "SCAN", "INFO", "PING", "CLIENT", "CLUSTER", "MEMORY", "DBSIZE", "READONLY", "CONFIG", "TIME"}
)
# Their first argument is a subcommand.
_SECOND: Final = frozenset({"XINFO", "OBJECT", "MEMORY"})
_ELSEWHERE: Final = ReplyError(Reason.REPLY, "MOVED to another node: not asked for")
_MOVING: Final = frozenset({"MOVED", "ASK", "CROSSSLOT"})


@dataclass(slots=True)
class _Sent:
    """The commands that are really sent: those at `places`, and EXISTS about `checked`."""

    commands: list[Command] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    checked: dict[int, _Place] = field(default_factory=dict)

    def add(self, index: int, command: Command) -> None:
        self.places.append(index)
        self.commands.append(command)

    def check(self, place: _Place) -> None:
        self.checked[len(self.commands)] = place
        self.places.append(-1)
        self.commands.append((_EXISTS, place[1]))


class CountingClient:
    """Asks over one connection, on behalf of one sampler."""

    def __init__(self, connection: Connection, facts: TargetFacts) -> None:
        self._connection = connection
        self._facts = facts
        self._lookups: KeyspaceStats = facts.keyspace_stats
        # Keys of which the last replies left open whether they are there, and look-ups not decided yet.
        self._doubtful: set[_Place] = set()
        self._owed: dict[_Place, int] = {}

    async def pipeline(self, commands: Sequence[Command]) -> list[Reply]:
        """Run several commands in one round trip (see `Connection.pipeline`).

        Keys that another node of the cluster holds are answered by an error without asking.
        """
        sent = self._prepare(commands)
        replies = await self._connection.pipeline(sent.commands) if sent.commands else []
        self._count(sent, replies)
        answers: list[Reply] = [_ELSEWHERE] * len(commands)
        for index, reply in zip(sent.places, replies, strict=True):
            if index >= 0:
                answers[index] = reply
        return answers

    def _prepare(self, commands: Sequence[Command]) -> _Sent:
        sent = _Sent()
        database: object = None
        checked: set[_Place] = set()
        for index, command in enumerate(commands):
            if command[0] == _SELECT:
                self._settle_owed(database, sent, checked)
                database = command[1]
            keys = keys_of(command)
            if keys and not self._facts.slots.hold_together(keys):
                continue
            sent.add(index, command)
            for key in keys:
                place = (database, key)
                if place in self._doubtful and place not in checked:
                    checked.add(place)
                    sent.check(place)
        self._settle_owed(database, sent, checked)
        return sent

    def _settle_owed(self, database: object, sent: _Sent, checked: set[_Place]) -> None:
        """Ask about keys of this database that were not mentioned again."""
        for place in list(self._owed):
            if place[0] == database and place not in checked and self._facts.slots.hold(place[1]):
                checked.add(place)
                sent.check(place)

    def _count(self, sent: _Sent, replies: Sequence[Reply]) -> None:
        known: dict[_Place, bool] = {}
        checked: dict[_Place, bool] = {}
        left_open: dict[_Place, int] = {}
        database: object = None
        for index, (command, reply) in enumerate(zip(sent.commands, replies, strict=True)):
            if isinstance(reply, ReplyError) and code_of(reply) in _MOVING:
                self._facts.slots.doubt()
            if command[0] == _SELECT:
                database = command[1]
                continue
            keys = keys_of(command)
            if len(keys) > 1 and isinstance(reply, int):
                # So many of them are there, whichever.
                self._lookups.hits += reply
                self._lookups.misses += len(keys) - reply
                continue
            for key in keys if command[0] not in _NOT_COUNTED else ():
                found, is_open = _judge(command, reply)
                if is_open:
                    left_open[database, key] = left_open.get((database, key), 0) + 1
                elif found is not None:
                    (checked if index in sent.checked else known)[database, key] = found
                    self._lookups.note(found=found)
        self._doubtful.difference_update(sent.checked.values())
        self._doubtful.update(place for place in left_open if place not in known)
        if len(self._doubtful) > _MAX_DOUBTFUL:
            self._doubtful.clear()
        self._decide(checked | known, left_open)

    def _decide(self, known: Mapping[_Place, bool], left_open: Mapping[_Place, int]) -> None:
        """Count what was left open by what else is known of the same keys; owe the rest."""
        for place in [one for one in self._owed if one in known]:
            self._lookups.note(found=known[place], count=self._owed.pop(place))
        for place, count in left_open.items():
            if place in known:
                self._lookups.note(found=known[place], count=count)
            else:
                self._owed[place] = self._owed.get(place, 0) + count


def keys_of(command: Command) -> list[bytes]:
    """The keys that a command names; none for one that asks about no key."""
    name = command[0]
    if name in _NOT_COUNTED and name != "MEMORY":
        return []
    if name == _EXISTS:
        return [_as_bytes(key) for key in command[1:]]
    place = 2 if name in _SECOND else 1
    return [_as_bytes(command[place])] if len(command) > place else []


def _as_bytes(argument: object) -> bytes:
    return argument if isinstance(argument, bytes) else str(argument).encode()


def _judge(command: Command, reply: Reply) -> tuple[bool | None, bool]:
    """Whether a command has found its key (None: it has looked up none), and whether that is left open."""
    if isinstance(reply, ReplyError):
        found = found_by_error(reply)
        return found, found is None and code_of(reply) == "NOGROUP"
    found = bool(reply) if command[0] == _EXISTS else _HIT_RULES.get(str(command[0]), _by_content)(reply)
    return found, found is None
