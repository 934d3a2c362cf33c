"""Sorts the arguments of commands: keys, words of their syntax; all others are values, and not shown.

Source: the key specifications of https://redis.io/docs/latest/commands/.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

# Commands whose second word belongs to their name.
_CONTAINERS: Final = frozenset(
    {
        b"acl", b"client", b"cluster", b"command", b"commandlog", b"config", b"debug", b"ft.config",
        b"function", b"json.debug", b"latency", b"memory", b"module", b"object", b"pubsub",
        b"script", b"sentinel", b"slowlog", b"topk.list", b"xgroup", b"xinfo",
    }
)  # fmt: skip
# Commands without keys, or with arguments of which none is to be told.
_KEYLESS: Final = frozenset(
    {
        b"acl", b"asking", b"auth", b"bgrewriteaof", b"bgsave", b"client", b"cluster", b"command",
        b"commandlog", b"config", b"dbsize", b"debug", b"discard", b"echo", b"eval", b"eval_ro", b"evalsha",
        b"evalsha_ro", b"exec", b"failover", b"fcall", b"fcall_ro", b"flushall", b"flushdb",
        b"function", b"hello", b"info", b"keys", b"lastsave", b"latency", b"lolwut",
        b"module", b"monitor", b"multi", b"ping", b"psubscribe", b"psync",
        b"publish", b"pubsub", b"punsubscribe", b"quit", b"randomkey", b"readonly", b"readwrite",
        b"replconf", b"replicaof", b"reset", b"role", b"save", b"scan", b"script", b"select",
        b"sentinel", b"shutdown", b"slaveof", b"slowlog", b"spublish", b"ssubscribe", b"subscribe",
        b"sunsubscribe", b"swapdb", b"sync", b"time", b"unsubscribe", b"unwatch", b"wait",
        b"waitaof", b"xread", b"xreadgroup",
    }
)  # fmt: skip
# Every argument is a key.
_ALL_KEYS: Final = frozenset(
    {
        b"del", b"exists", b"mget", b"pfcount", b"pfmerge", b"sdiff", b"sdiffstore", b"sinter",
        b"sinterstore", b"sunion", b"sunionstore", b"touch", b"unlink", b"watch",
    }
)  # fmt: skip
# Two keys in a row.
_PAIRS: Final = frozenset(
    {
        b"blmove", b"brpoplpush", b"copy", b"geosearchstore", b"lcs", b"lmove", b"rename",
        b"renamenx", b"rpoplpush", b"smove", b"zrangestore",
    }
)  # fmt: skip
# The position of the number of keys, which are what follows it.
_NUMBERED: Final[Mapping[bytes, int]] = {
    b"eval": 2, b"evalsha": 2, b"eval_ro": 2, b"evalsha_ro": 2, b"fcall": 2, b"fcall_ro": 2,
    b"blmpop": 2, b"bzmpop": 2, b"lmpop": 1, b"zmpop": 1,
    b"sintercard": 1, b"zdiff": 1, b"zinter": 1, b"zintercard": 1, b"zunion": 1,
    b"zdiffstore": 2, b"zinterstore": 2, b"zunionstore": 2,
}  # fmt: skip
# Sub-commands whose third word is a key.
_SUBCOMMAND_KEY: Final = frozenset({b"memory", b"object", b"xgroup", b"xinfo", b"json.debug"})

# What stands in place of the arguments after the 31st.
_MORE_ARGUMENTS: Final = re.compile(rb"\.\.\. \(\d+ more arguments\)").fullmatch


def command_of(arguments: Sequence[bytes]) -> tuple[bytes, ...]:
    """Return the words of the command's name, in lower case: (`config`, `get`)."""
    if not arguments:
        return ()
    name = arguments[0].lower()
    if name in _CONTAINERS and len(arguments) > 1:
        return name, arguments[1].lower()
    return (name,)


def keys_of(arguments: Sequence[bytes]) -> Sequence[bytes]:
    """Return the keys among the arguments, as far as the server has logged them."""
    if arguments and _MORE_ARGUMENTS(arguments[-1]):
        arguments = arguments[:-1]
    if not arguments:
        return ()
    name = arguments[0].lower()
    if name in _ALL_KEYS:
        return arguments[1:]
    if name in _NUMBERED:
        return _numbered_keys(arguments, _NUMBERED[name])
    if name in (b"mset", b"msetnx"):
        return arguments[1::2]
    if name in (b"xread", b"xreadgroup"):
        return _stream_keys(arguments)
    if name == b"scan":
        return _following(arguments, b"match")
    if name == b"keys":
        return arguments[1:2]
    if name in _SUBCOMMAND_KEY:
        return arguments[2:3]
    if name in _KEYLESS:
        return ()
    return arguments[1:3] if name in _PAIRS else arguments[1:2]


def _numbered_keys(arguments: Sequence[bytes], position: int) -> Sequence[bytes]:
    count = arguments[position] if len(arguments) > position else b""
    # ZUNIONSTORE and its like have their destination in front.
    destination = arguments[1:2] if position == 2 and arguments[0].lower().endswith(b"store") else ()
    if not count.isdigit() or len(count) > 6:
        return destination
    return [*destination, *arguments[position + 1 : position + 1 + int(count)]]


def _stream_keys(arguments: Sequence[bytes]) -> Sequence[bytes]:
    for index, argument in enumerate(arguments):
        if argument.lower() == b"streams":
            rest = arguments[index + 1 :]
            return rest[: max(1, len(rest) // 2)]
    return ()


def _following(arguments: Sequence[bytes], word: bytes) -> Sequence[bytes]:
    for argument, following in pairwise(arguments):
        if argument.lower() == word:
            return (following,)
    return ()
