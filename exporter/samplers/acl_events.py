"""Denials of the ACL log as events: whom a server has refused what.

Format: https://redis.io/docs/latest/commands/acl-log/. An entry counts what is alike within a minute; since
Redis 7.2 it has a number, before that only its contents tell it apart.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from exporter.connection import Reply
from exporter.connection.connection import CLIENT_NAME
from exporter.events import EventKind, EventRecorder, FieldValue, identity_of
from exporter.samplers.slowlog.patterns import PatternNames
from exporter.sampling.replies import label_text, parse_value

_TOPIC: Final = "acl_log"
_KEY: Final = "key"
_MAX_CLIENT: Final = 2_000
_PARTS: Final = ("reason", "context", "object", "username")


class AclRecorder:
    """Records what of an ACL log is new since the last look, also the last one before a restart of ours."""

    def __init__(self, events: EventRecorder, *, hide_keys: bool = False) -> None:
        self._events = events
        self._names = PatternNames(hide_keys=hide_keys)
        self._looked_at = 0.0

    def note(self, entries: Sequence[Mapping[str, Reply]], at: float) -> None:
        """Note the entries of the log at a moment (epoch seconds), the newest first."""
        known: Mapping[str, int] = self._events.known(_TOPIC) or {}
        now = Counter[str]()
        for entry in entries:
            now[_key_of(entry)] += _count(entry)
        seen = Counter[str]()
        for entry in reversed(entries):
            key, count = _key_of(entry), _count(entry)
            seen[key] += count
            if now[key] >= known.get(key, 0):
                new = min(seen[key] - known.get(key, 0), count)
            else:
                # The log was emptied, or has dropped older ones.
                new = count if _age(entry) < at - self._looked_at else 0
            if new > 0:
                self._record(entry, new, at)
        if now != known:
            self._events.remember(_TOPIC, dict(now))
        self._looked_at = at

    def _record(self, entry: Mapping[str, Reply], count: int, at: float) -> None:
        client = _client(entry)
        if client.get("name", "").startswith(CLIENT_NAME):
            return
        reason, what = (label_text(entry.get(name)) for name in ("reason", "object"))
        if reason == _KEY:
            what = self._names.name_key(what.encode("utf-8", "backslashreplace"))
        fields: dict[str, FieldValue] = {
            "reason": reason,
            "context": label_text(entry.get("context")),
            "object": what,
            "username": label_text(entry.get("username")),
            "client": client.get("addr", ""),
            "client_name": client.get("name", ""),
            "count": count,
        }
        self._events.record(EventKind.ACL_DENIAL, fields, at=at - _age(entry))


def _key_of(entry: Mapping[str, Reply]) -> str:
    parts = [label_text(entry.get(name)) for name in _PARTS]
    return f"{identity_of(*parts, str(parse_value(entry.get('entry-id')))):x}"


def _count(entry: Mapping[str, Reply]) -> int:
    count = parse_value(entry.get("count"))
    return int(count) if count is not None and 0 <= count < 1e15 else 0


def _age(entry: Mapping[str, Reply]) -> float:
    age = parse_value(entry.get("age-seconds"))
    return age if age is not None and 0 <= age < 1e10 else 0.0


def _client(entry: Mapping[str, Reply]) -> dict[str, str]:
    told = entry.get("client-info")
    text = told[:_MAX_CLIENT].decode("utf-8", "backslashreplace") if isinstance(told, bytes) else ""
    return {name: value for name, _, value in (item.partition("=") for item in text.split())}
