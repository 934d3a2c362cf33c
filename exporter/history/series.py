"""A series over several blocks and memory, read as one."""

import math
from collections.abc import Callable, Sequence
from itertools import compress

from exporter.history.reading import ReadableColumn
from exporter.history.timeline import SourceTimeline
from exporter.model.labels import Labels
from exporter.model.sample import is_stale
from exporter.model.series import ReadableSeries

ReadColumn = Callable[[int, int], ReadableColumn | None]
"""Reads a column by the numbers of a block and of the series in it; None where it cannot be read."""


class HistorySeries:
    """The series of one source and label set.

    `indexes` are its indexes in blocks, by the numbers of these. Columns are decoded when they are asked for,
    and not held: the blocks' cache does that.
    """

    __slots__ = ("_read", "indexes", "labels", "memory", "timeline")

    def __init__(self, labels: Labels, timeline: SourceTimeline, read: ReadColumn) -> None:
        self.labels = labels
        self.timeline = timeline
        self.indexes: dict[int, int] = {}
        self.memory: ReadableSeries | None = None
        self._read = read

    def is_in(self, block: int) -> bool:
        """Whether it is in a block."""
        return block in self.indexes

    def column(self, block: int) -> ReadableColumn | None:
        """Its changes in a block; None where it is not there."""
        index = self.indexes.get(block)
        return None if index is None else self._read(block, index)

    @property
    def by_rows(self) -> "HistorySeries":
        """The series itself: its samples are in rows."""
        return self

    def rows(self, start_ms: int, end_ms: int) -> tuple[int, list[int]]:
        """Return the number of the first row in (start, end], and the timestamps of all rows there."""
        low, high = self.timeline.rows(start_ms, end_ms)
        return low, self.timeline.times[low:high].tolist()

    def values_in(self, first_row: int, count: int) -> list[float]:
        """Return one value for each of so many rows, the stale marker for none."""
        found: list[float] = []
        for part, low, high in self.timeline.parts(first_row, first_row + count):
            found += part.values(self, low, high)
        return found

    def changes_over(self, first_row: int, count: int) -> list[float]:
        """As `values_in`, without repetitions."""
        found: list[float] = []
        for part, low, high in self.timeline.parts(first_row, first_row + count):
            found += part.changes(self, low, high)
        return found

    def rises_over(self, first_row: int, count: int) -> bool:
        """Whether there is a number in each of so many rows, and none is lower than the one before it."""
        last = -math.inf
        for part, low, high in self.timeline.parts(first_row, first_row + count):
            ends = part.rise(self, low, high)
            if ends is None or ends[0] < last:
                return False
            last = ends[1]
        return True

    def values_at(self, rows: Sequence[int]) -> list[float]:
        """As `values_in`, for a few rows, in order."""
        found: list[float] = []
        for part, own_rows in self.timeline.split(rows):
            found += part.values_at(self, own_rows)
        return found

    def point_at(self, at_ms: int, lookback_ms: int) -> tuple[int, float] | None:
        """Return timestamp and value of the newest sample in (at - lookback, at]; None without any."""
        low, high = self.timeline.rows(at_ms - lookback_ms, at_ms)
        for part, row, _ in self.timeline.parts(high - 1, high) if low < high else ():
            value = part.value(self, row)
            return None if is_stale(value) else (self.timeline.times[high - 1], value)
        return None

    def at(self, at_ms: int, lookback_ms: int) -> float | None:
        """Return the value of `point_at`."""
        point = self.point_at(at_ms, lookback_ms)
        return None if point is None else point[1]

    def window(self, start_ms: int, end_ms: int) -> tuple[Sequence[int], Sequence[float]]:
        """Return timestamps and values of the samples in (start, end], without stale markers."""
        first_row, times = self.rows(start_ms, end_ms)
        values = self.values_in(first_row, len(times))
        total = sum(values)
        if total == total:
            return times, values
        kept = [not is_stale(value) for value in values]
        return list(compress(times, kept)), list(compress(values, kept))

    def changes_in(self, start_ms: int, end_ms: int) -> tuple[Sequence[int], Sequence[float]]:
        """As `window`, but repetitions may be left out of the values."""
        low, high = self.timeline.rows(start_ms, end_ms)
        found = self.changes_over(low, high - low)
        total = sum(found)
        return (self.timeline.times[low:high], found) if total == total else self.window(start_ms, end_ms)

    def has_samples(self, start_ms: int, end_ms: int) -> bool:
        """Whether there is any sample in [start, end]."""
        parts = self.timeline.parts(*self.timeline.rows(start_ms - 1, end_ms))
        return any(part.has_samples(self, *rows) for part, *rows in parts)
