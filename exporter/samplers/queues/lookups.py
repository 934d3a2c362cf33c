"""Our own hits and misses, from the replies: the server counts each look at a key, also ours.

Where a reply leaves it open whether there is a key (a range that holds nothing), the last reply that told
about the same key is gone by.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from exporter.connection import Command, Reply
from exporter.errors import Reason, ReplyError
from exporter.samplers.lookups import Lookups

_MAX_REMEMBERED: Final = 100_000
# Whether a reply shows that the key is there: yes, no, or open.
_Judge = Callable[[Reply], bool | None]


def _by_length(reply: Reply) -> bool | None:
    return bool(reply)


def _by_value(reply: Reply) -> bool | None:
    return reply is not None


def _by_content(reply: Reply) -> bool | None:
    """Something shows that there is a key; nothing shows nothing."""
    if isinstance(reply, list):
        return True if any(item is not None for item in reply) else None
    return True if reply else None


def _by_members(reply: Reply) -> bool | None:
    """The answer of SSCAN or HSCAN: a cursor and members, of which an existing key has some."""
    return bool(reply[1])


_JUDGES: Final[Mapping[object, _Judge]] = {
    "LLEN": _by_length,
    "ZCARD": _by_length,
    "SCARD": _by_length,
    "HLEN": _by_length,
    "EXISTS": _by_length,
    "GET": _by_value,
    "GETRANGE": _by_length,
    "LINDEX": _by_value,
    "LRANGE": _by_length,
    "HVALS": _by_length,
    "TYPE": lambda reply: reply != b"none",
    "SSCAN": _by_members,
    "HSCAN": _by_members,
    "HGET": _by_content,
    "HMGET": _by_content,
    "HSTRLEN": _by_content,
    "ZSCORE": _by_content,
    "ZCOUNT": _by_content,
    "ZRANGE": _by_content,
    "ZRANGEBYSCORE": _by_content,
    "ZREVRANGE": _by_content,
    "XRANGE": _by_content,
    "XREVRANGE": _by_content,
    "XPENDING": lambda reply: True,
    "XINFO": lambda reply: True,
}


class LookupCounter:
    """Adds what each round trip has looked up; remembers which keys are there for replies that leave it
    open."""

    def __init__(self, lookups: Lookups) -> None:
        self._lookups = lookups
        self._exists: dict[object, bool] = {}

    def add(self, commands: Sequence[Command], replies: Sequence[Reply]) -> None:
        """Take in the commands of a round trip with their replies."""
        if len(self._exists) > _MAX_REMEMBERED:
            self._exists.clear()
        hits = misses = 0
        unclear = []
        exists = self._exists
        for command, reply in zip(commands, replies, strict=True):
            judge = _JUDGES.get(command[0])
            if judge is None:
                continue
            found: bool | None
            if isinstance(reply, ReplyError):
                if reply.reason is not Reason.REPLY:
                    continue
                found = _is_there(reply)
            elif command[0] == "EXISTS":
                hits += reply
                misses += len(command) - 1 - reply
                continue
            else:
                found = judge(reply)
            key = command[2] if command[0] == "XINFO" else command[1]
            if found is None:
                unclear.append(key)
                continue
            exists[key] = found
            if found:
                hits += 1
            else:
                misses += 1
        found_unclear = sum(exists.get(key, False) for key in unclear)
        self._lookups.hits += hits + found_unclear
        self._lookups.misses += misses + len(unclear) - found_unclear


def _is_there(error: ReplyError) -> bool:
    """A key of a wrong type is there; streams say when there is none."""
    return "no such key" not in str(error).lower()
