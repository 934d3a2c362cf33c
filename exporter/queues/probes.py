"""Looks at keys whose type is not known beforehand.

A command for another type is an error, which the server counts, and somebody may be alarmed by. So each key's
type is asked first, and only commands that fit it are sent.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, TypeVar

from exporter.connection import Command, Reply
from exporter.connection.command import Argument
from exporter.errors import ReplyError
from exporter.queues.replies import ask_members, names, scanned, text
from exporter.queues.steps import Steps, together

C = TypeVar("C")
T = TypeVar("T")
# So many candidates share a round trip: what may be a great many keys never goes out at once.
_AT_ONCE: Final = 200
_NOTHING: Final[Mapping[Argument, str]] = {}
_TYPE_OF: Final = {
    "GET": "string",
    "GETRANGE": "string",
    "LINDEX": "list",
    "SSCAN": "set",
    "ZRANGE": "zset",
    "ZREVRANGE": "zset",
    "HMGET": "hash",
    "HSCAN": "hash",
    "XREVRANGE": "stream",
}


def ask_fitting(commands: Sequence[Command], known: Mapping[Argument, str] = _NOTHING) -> Steps[list[Reply]]:
    """The replies of those commands whose key has the type that they are for; None for the others.

    An error is None as well: what must not be asked cannot be recognised. `known` are types that were asked.
    """
    types = {**known, **(yield from find_types([c[1] for c in commands if c[1] not in known]))}
    fitting = [types[command[1]] == _TYPE_OF[str(command[0])] for command in commands]
    asked = [command for command, fits in zip(commands, fitting, strict=True) if fits]
    answers = iter((yield asked) if asked else ())
    replies = [next(answers) if fits else None for fits in fitting]
    return [None if isinstance(reply, ReplyError) else reply for reply in replies]


def find_types(keys: Sequence[Argument]) -> Steps[dict[Argument, str]]:
    """The types of keys, in Redis' words; `none` for no such key, and for one that we must not ask about."""
    unique = list(dict.fromkeys(keys))
    if not unique:
        return {}
    replies = yield [("TYPE", key) for key in unique]
    return {key: text(reply) or "none" for key, reply in zip(unique, replies, strict=True)}


def find_members(keys: Sequence[bytes]) -> Steps[list[Sequence[bytes]]]:
    """The members of sets that are indexes; none for a key that is no set."""
    replies = yield from ask_fitting([ask_members(key) for key in keys])
    return [scanned(reply) for reply in replies]


def check_each(candidates: Sequence[C], check: Callable[[C], Steps[T]]) -> Steps[list[T]]:
    """Return what the check says of each candidate, in order; a bounded number of them is asked at once."""
    found: list[T] = []
    for start in range(0, len(candidates), _AT_ONCE):
        part = candidates[start : start + _AT_ONCE]
        found += yield from together([check(candidate) for candidate in part])
    return found


def keep_fitting(candidates: Sequence[C], check: Callable[[C], Steps[bool]]) -> Steps[list[C]]:
    """The candidates that the check is true of."""
    fits = yield from check_each(candidates, check)
    return [candidate for candidate, fit in zip(candidates, fits, strict=True) if fit]


def elements(replies: Iterable[Reply]) -> list[bytes]:
    """Return the elements in replies to LINDEX and ZRANGE, each once."""
    return list(dict.fromkeys(one for reply in replies for one in (*names(reply), *names([reply]))))
