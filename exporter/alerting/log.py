"""The notification log: what each receiver has been told about each group."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

RETENTION_SECONDS: Final = 120 * 3600.0
"""The longest that an entry lives, whatever the repeat interval."""


@dataclass(frozen=True, slots=True, order=True)
class LogKey:
    """Whom an entry is about: one group, and one integration (name and position) of one receiver."""

    group_key: str
    receiver: str
    integration: str
    index: int


@dataclass(frozen=True, slots=True)
class LogEntry:
    """The last notification that was delivered; the sets hold fingerprints of alerts.

    `firing` and `resolved` are the alerts that it told. `hidden` are alerts that an earlier one told as
    firing and this one left out because they were muted: the receiver still believes that they fire.
    """

    key: LogKey
    at: float
    expires_at: float
    firing: frozenset[int]
    resolved: frozenset[int]
    hidden: frozenset[int] = frozenset()

    @property
    def believed(self) -> frozenset[int]:
        """The alerts that the receiver believes to fire."""
        return self.firing | self.hidden

    def shifted(self, seconds: float) -> "LogEntry":
        """The entry of another moment."""
        return replace(self, at=self.at + seconds, expires_at=self.expires_at + seconds)

    def renamed(self, names: Mapping[int, int]) -> "LogEntry":
        """The entry where alerts have other fingerprints now."""
        sets = (self.firing, self.resolved, self.hidden)
        firing, resolved, hidden = (frozenset(names.get(one, one) for one in each) for each in sets)
        return replace(self, firing=firing, resolved=resolved, hidden=hidden)

    def forget(self, resolved: frozenset[int]) -> "LogEntry":
        """The entry with alerts marked as resolved, as if told so at the time."""
        return replace(
            self,
            firing=self.firing - resolved,
            hidden=self.hidden - resolved,
            resolved=self.resolved | resolved,
        )


class NotificationLog:
    """The entries, in memory; at most one per key, in the order in which they were written."""

    def __init__(self) -> None:
        self._entries: dict[LogKey, LogEntry] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[LogEntry]:
        return iter(list(self._entries.values()))

    def get(self, key: LogKey, now: float) -> LogEntry | None:
        """The entry of a key; None where there is none or it has expired."""
        entry = self._entries.get(key)
        return entry if entry is not None and entry.expires_at > now else None

    def put(self, entry: LogEntry) -> None:
        """Replace the entry of its key."""
        self._entries.pop(entry.key, None)
        self._entries[entry.key] = entry

    def shift(self, seconds: float) -> None:
        """Move all entries in time."""
        for key, entry in self._entries.items():
            self._entries[key] = entry.shifted(seconds)

    def collect_garbage(self, now: float) -> list[LogKey]:
        """Drop expired entries; their keys."""
        return self._drop([key for key, entry in self._entries.items() if entry.expires_at <= now])

    def shrink(self, limit: int) -> list[LogKey]:
        """Drop the oldest entries beyond a number; their keys."""
        return self._drop(list(self._entries)[: max(0, len(self._entries) - limit)])

    def _drop(self, keys: list[LogKey]) -> list[LogKey]:
        for key in keys:
            del self._entries[key]
        return keys


def expiry(at: float, repeat_interval_seconds: float) -> float:
    """When an entry of this moment expires: after twice the repeat interval, but not after the retention."""
    return at + min(2 * repeat_interval_seconds, RETENTION_SECONDS)
