"""`Event`: something that happened to a server, or to the daemon, at one moment."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from random import getrandbits
from typing import Final, Self

FieldValue = str | int | float | bool | None | Sequence[str]
Fields = Mapping[str, FieldValue]

MAX_TEXT: Final = 1_000
"""How many characters of a text are kept."""
MAX_LIST: Final = 64
"""How many texts of a list are kept."""
MAX_FIELDS: Final = 32
MAX_CHARACTERS: Final = 4_000
"""How many characters all fields together may have, as JSON."""

# Integers of SQLite have 64 bits, and cursors 18 digits.
_MAX_SECONDS: Final = 1e14
_CUT: Final = "…"


class EventKind(StrEnum):
    """The kinds of events: a closed set, fit for a label value. docs/events.md has the fields of each."""

    SLOWLOG = "slowlog"
    LARGE_REQUEST = "large_request"
    LARGE_REPLY = "large_reply"
    SLOWLOG_LOST = "slowlog_lost"
    ACL_DENIAL = "acl_denial"
    LATENCY_SPIKE = "latency_spike"
    ALERT = "alert"
    NOTIFICATION = "notification"
    DOWN = "down"
    UP = "up"
    RESTART = "restart"
    FAILOVER = "failover"
    ROLE_CHANGE = "role_change"
    TOPOLOGY_CHANGE = "topology_change"
    CONFIG_CHANGE = "config_change"
    ACL_CHANGE = "acl_change"
    VERSION_CHANGE = "version_change"
    CLIENT_CHANGE = "client_change"
    RELOAD = "reload"
    SCAN = "scan"
    ACTION = "action"
    DAEMON = "daemon"


@dataclass(frozen=True, slots=True)
class Event:
    """An event at a moment (epoch milliseconds).

    `instance` is the server's name, empty where it is about the daemon itself. `identity`: an event of the
    same identity is kept once, however often it is recorded or written (see `identity_of`).
    """

    at_ms: int
    instance: str
    kind: EventKind
    fields: Fields
    identity: int

    @classmethod
    def of(
        cls, at: float, instance: str, kind: EventKind, fields: Fields, identity: int | None = None
    ) -> Self:
        """Make an event of a moment in epoch seconds, within the bounds of what is kept."""
        at_ms = round(min(max(at, 0.0), _MAX_SECONDS) * 1000) if math.isfinite(at) else 0
        own = getrandbits(63) if identity is None else identity
        return cls(at_ms, _text(instance), kind, _bounded(fields), own)

    def fields_json(self) -> str:
        """The fields as JSON in ASCII; where they are too long, the longest texts are cut."""
        encoded = _dump(self.fields)
        if len(encoded) <= MAX_CHARACTERS:
            return encoded
        share = MAX_CHARACTERS // (8 * max(1, len(self.fields)))
        return _dump({name: _shorten(value, share) for name, value in self.fields.items()})


def identity_of(*parts: str | int) -> int:
    """Return a number for what tells an event from all others, in 64 bits with a sign, as SQLite has them."""
    digest = blake2b("\0".join(map(str, parts)).encode("utf-8", "backslashreplace"), digest_size=8)
    return int.from_bytes(digest.digest(), "big", signed=True)


def _dump(fields: Fields) -> str:
    return json.dumps(dict(fields), ensure_ascii=True, separators=(",", ":"), allow_nan=False)


def _bounded(fields: Fields) -> Fields:
    return {name: _value(value) for name, value in list(fields.items())[:MAX_FIELDS]}


def _value(value: FieldValue) -> FieldValue:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, bool | int) or value is None:
        return value
    return [_text(text) for text in value[:MAX_LIST]]


def _text(text: str) -> str:
    cut = text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + _CUT
    # A lone surrogate is no text to SQLite and to a terminal.
    return cut.encode("utf-8", "backslashreplace").decode()


def _shorten(value: FieldValue, characters: int) -> FieldValue:
    if isinstance(value, str):
        return value if len(value) <= characters else value[:characters] + _CUT
    if isinstance(value, list):
        return [str(_shorten(text, 16)) for text in value[: max(1, characters // 32)]]
    return value
