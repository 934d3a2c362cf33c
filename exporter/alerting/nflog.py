"""Notification log: what each receiver was notified of, by group.

Source of the word: github.com/prometheus/alertmanager, nflog/nflog.go.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

RETENTION_SECONDS: Final = 120 * 3600.0
"""The longest that an entry lives, whatever the repeat interval."""


@dataclass(frozen=True, slots=True, order=True)
class LogKey:
    """Key of an entry: one group, and one integration (name and position) of one receiver."""

    group_key: str
    receiver: str
    integration: str
    index: int


@dataclass(frozen=True, slots=True)
class LogEntry:
    """The last notification that was delivered; the sets hold fingerprints of alerts.

    `at` and `expires_at` are epoch seconds. `firing` and `resolved` are the alerts of the notification.
    `muted_firing` are alerts that fired in an earlier one, and that this one left out because they were
    muted: as far as the receiver knows they still fire.
    """

    key: LogKey
    at: float
    expires_at: float
    firing: frozenset[int]
    resolved: frozenset[int]
    muted_firing: frozenset[int] = frozenset()

    @property
    def notified_firing(self) -> frozenset[int]:
        """The alerts that fire as far as the receiver knows."""
        return self.firing | self.muted_firing

    def shifted(self, seconds: float) -> "LogEntry":
        """Return the entry moved in time."""
        return replace(self, at=self.at + seconds, expires_at=self.expires_at + seconds)

    def renamed(self, names: Mapping[int, int]) -> "LogEntry":
        """Return the entry with other fingerprints of alerts (old: new)."""
        sets = (self.firing, self.resolved, self.muted_firing)
        firing, resolved, muted_firing = (frozenset(names.get(one, one) for one in each) for each in sets)
        return replace(self, firing=firing, resolved=resolved, muted_firing=muted_firing)

    def with_resolved(self, resolved: frozenset[int]) -> "LogEntry":
        """Return the entry with alerts marked as resolved, as if notified so at the time."""
        return replace(
            self,
            firing=self.firing - resolved,
            muted_firing=self.muted_firing - resolved,
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
        """Return the entry of a key; None where there is none or it has expired."""
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
        """Drop expired entries; return their keys."""
        return self._drop([key for key, entry in self._entries.items() if entry.expires_at <= now])

    def shrink(self, limit: int) -> list[LogKey]:
        """Drop the oldest entries beyond a number; return their keys."""
        return self._drop(list(self._entries)[: max(0, len(self._entries) - limit)])

    def _drop(self, keys: list[LogKey]) -> list[LogKey]:
        for key in keys:
            del self._entries[key]
        return keys


def expiry(at: float, repeat_interval_seconds: float) -> float:
    """Return when an entry of this moment expires: after twice the repeat interval, or the retention."""
    return at + min(2 * repeat_interval_seconds, RETENTION_SECONDS)
