"""Statistics of each pattern of slow commands."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from exporter.metrics.cap import OTHER
from exporter.samplers.slowlog.entries import Entry


@dataclass(slots=True)
class SlowPattern:
    """The slow commands of one pattern; durations in microseconds.

    `before` of the `count` were in the log already when it was first read. `unreported` are those that came
    since and are in no metric yet: when they were read (epoch seconds), and their durations.
    """

    pattern: str
    count: int = 0
    before: int = 0
    total: int = 0
    longest: int = 0
    last_at: int = 0
    last_client: str = ""
    last_client_name: str = ""
    example: Sequence[bytes] = field(default_factory=tuple)
    unreported: list[tuple[float, int]] = field(default_factory=list)

    def add(self, entry: Entry, *, is_new: bool, at: float = 0.0) -> None:
        """Count one command, read at a moment (epoch seconds)."""
        self.count += 1
        self.before += not is_new
        if is_new:
            self.unreported.append((at, entry.value))
        self.total += entry.value
        self.longest = max(self.longest, entry.value)
        if entry.at >= self.last_at:
            self.last_at, self.last_client = entry.at, entry.client
            self.last_client_name, self.example = entry.client_name, entry.arguments

    def unreported_since(self, moment: float) -> tuple[int, int]:
        """Return count and total of the unreported commands that were read since a moment (epoch seconds)."""
        durations = [value for at, value in self.unreported if at >= moment]
        return len(durations), sum(durations)

    def merge(self, other: "SlowPattern") -> None:
        """Add what was counted under another name."""
        self.count += other.count
        self.before += other.before
        self.unreported += other.unreported
        self.total += other.total
        self.longest = max(self.longest, other.longest)
        if other.last_at >= self.last_at:
            self.last_at, self.last_client = other.last_at, other.last_client
            self.last_client_name, self.example = other.last_client_name, other.example


class PatternStats:
    """The statistics of at most `limit` patterns; what is too much goes to `other`.

    Where it is full, the pattern that was seen longest ago makes room, unless it is recurring.
    """

    def __init__(self, limit: int, recurring_after: int) -> None:
        self._limit = limit
        self._recurring_after = recurring_after
        self._patterns: dict[str, SlowPattern] = {}

    def add(self, pattern: str, entry: Entry, *, is_new: bool, at: float = 0.0) -> None:
        """Count one command under its pattern; it was read at a moment (epoch seconds)."""
        found = self._patterns.pop(pattern, None)
        if found is None:
            if len(self._patterns) >= self._limit and not self._make_room():
                pattern = OTHER
                found = self._patterns.pop(OTHER, None)
            found = found or SlowPattern(pattern)
        # At the end again: the order is that of the last sight.
        self._patterns[pattern] = found
        found.add(entry, is_new=is_new, at=at)

    def _make_room(self) -> bool:
        limit = self._recurring_after
        rare = (name for name, found in self._patterns.items() if found.count <= limit and name != OTHER)
        oldest = next(rare, None)
        if oldest is None:
            return False
        gone = self._patterns.pop(oldest)
        self._patterns.setdefault(OTHER, SlowPattern(OTHER)).merge(gone)
        return True

    def rename(self, old: Iterable[str], new: str) -> None:
        """Merge several patterns that turned out to be one."""
        merged = self._patterns.pop(new, None) or SlowPattern(new)
        for name in old:
            gone = self._patterns.pop(name, None)
            if gone is not None:
                merged.merge(gone)
        if merged.count:
            self._patterns[new] = merged

    @property
    def recurring(self) -> Iterable[SlowPattern]:
        """The patterns that came more often than once in a while since the first reading."""
        limit = self._recurring_after
        return [found for found in self._patterns.values() if found.count - found.before > limit]

    def top(self, count: int) -> Sequence[SlowPattern]:
        """The patterns that took most time, first."""
        ranked = sorted(self._patterns.values(), key=lambda found: (-found.total, found.pattern))
        return ranked[:count]
