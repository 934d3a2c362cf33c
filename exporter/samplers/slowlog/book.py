"""What is remembered of each pattern of slow commands."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from exporter.metrics.cap import OTHER
from exporter.samplers.slowlog.entries import Entry


@dataclass(slots=True)
class PatternStatistics:
    """The slow commands of one pattern; durations in microseconds.

    `before` of the `count` were in the log already when it was first read. `untold` are those that came since
    and are in no metric yet: when they were read (epoch seconds), and their durations.
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
    untold: list[tuple[float, int]] = field(default_factory=list)

    def add(self, entry: Entry, *, is_new: bool, at: float = 0.0) -> None:
        """Count one command, read at a moment (epoch seconds)."""
        self.count += 1
        self.before += not is_new
        if is_new:
            self.untold.append((at, entry.value))
        self.total += entry.value
        self.longest = max(self.longest, entry.value)
        if entry.at >= self.last_at:
            self.last_at, self.last_client = entry.at, entry.client
            self.last_client_name, self.example = entry.client_name, entry.arguments

    def untold_since(self, moment: float) -> tuple[int, int]:
        """How many of those in no metric yet were read since a moment, and how long they took."""
        durations = [value for at, value in self.untold if at >= moment]
        return len(durations), sum(durations)

    def merge(self, other: "PatternStatistics") -> None:
        """Take on what was counted under another name."""
        self.count += other.count
        self.before += other.before
        self.untold += other.untold
        self.total += other.total
        self.longest = max(self.longest, other.longest)
        if other.last_at >= self.last_at:
            self.last_at, self.last_client = other.last_at, other.last_client
            self.last_client_name, self.example = other.last_client_name, other.example


class PatternBook:
    """The statistics of at most `limit` patterns; what is too much goes to `other`.

    Where it is full, the pattern that was seen longest ago makes room, unless it is recurring.
    """

    def __init__(self, limit: int, recurring_after: int) -> None:
        self._limit = limit
        self._recurring_after = recurring_after
        self._patterns: dict[str, PatternStatistics] = {}

    def add(self, pattern: str, entry: Entry, *, is_new: bool, at: float = 0.0) -> None:
        """Count one command under its pattern; it was read at a moment (epoch seconds)."""
        statistics = self._patterns.pop(pattern, None)
        if statistics is None:
            if len(self._patterns) >= self._limit and not self._make_room():
                pattern = OTHER
                statistics = self._patterns.pop(OTHER, None)
            statistics = statistics or PatternStatistics(pattern)
        # At the end again: the order is that of the last sight.
        self._patterns[pattern] = statistics
        statistics.add(entry, is_new=is_new, at=at)

    def _make_room(self) -> bool:
        limit = self._recurring_after
        rare = (name for name, found in self._patterns.items() if found.count <= limit and name != OTHER)
        oldest = next(rare, None)
        if oldest is None:
            return False
        gone = self._patterns.pop(oldest)
        self._patterns.setdefault(OTHER, PatternStatistics(OTHER)).merge(gone)
        return True

    def rename(self, old: Iterable[str], new: str) -> None:
        """Several patterns turned out to be one."""
        merged = self._patterns.pop(new, None) or PatternStatistics(new)
        for name in old:
            gone = self._patterns.pop(name, None)
            if gone is not None:
                merged.merge(gone)
        if merged.count:
            self._patterns[new] = merged

    @property
    def recurring(self) -> Iterable[PatternStatistics]:
        """The patterns that came more often than once in a while since the first reading."""
        limit = self._recurring_after
        return [found for found in self._patterns.values() if found.count - found.before > limit]

    def top(self, count: int) -> Sequence[PatternStatistics]:
        """The patterns that took most time, first."""
        ranked = sorted(self._patterns.values(), key=lambda found: (-found.total, found.pattern))
        return ranked[:count]
