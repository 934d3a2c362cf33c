"""One series: its changes, over the timestamps of the block that it shares with its siblings."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import chain, repeat
from operator import sub
from typing import Protocol

from exporter.model.labels import Labels
from exporter.model.sample import STALE, is_stale

# What a change costs: four bytes of row number, eight of value.
CHANGE_BYTES = 12


class Timeline(Protocol):
    """The timestamps that the series of a block share: `times[i]` is that of row `first_row + i`."""

    times: "array[int]"
    first_row: int


class ReadableSeries(Protocol):
    """What a query sees of a series."""

    @property
    def labels(self) -> Labels: ...

    def at(self, at_ms: int, lookback_ms: int) -> float | None: ...

    def point_at(self, at_ms: int, lookback_ms: int) -> tuple[int, float] | None: ...

    def window(self, start_ms: int, end_ms: int) -> tuple[Sequence[int], Sequence[float]]: ...

    def distinct(self, start_ms: int, end_ms: int) -> tuple[Sequence[int], Sequence[float]]: ...

    def has_samples(self, start_ms: int, end_ms: int) -> bool: ...


class Series:
    """The values of one series, stored as the rows at which they changed.

    A row without a value holds the stale marker. Rows are numbered from the birth of the block, so that
    dropping old timestamps moves nothing. `reach_ms` tells how far back somebody reads the series (0: nobody
    does).
    """

    __slots__ = ("_rows", "_timeline", "_values", "labels", "reach_ms")

    def __init__(self, labels: Labels, timeline: Timeline) -> None:
        self.labels = labels
        self.reach_ms = 0
        self._timeline = timeline
        self._rows = array("I")
        self._values = array("d")

    def record(self, row: int, value: float | None) -> None:
        """The value is this one from `row` on; None ends the series."""
        self._rows.append(row)
        self._values.append(STALE if value is None else value)

    @property
    def changes(self) -> int:
        """How many changes are held."""
        return len(self._rows)

    def changes_from(self, row: int) -> tuple[Sequence[int], Sequence[float]]:
        """The rows from `row` on at which the series changed, and its values since then (stale: none)."""
        rows = self._rows
        if not rows or rows[-1] < row:
            return (), ()
        first = bisect_left(rows, row)
        return rows[first:], self._values[first:]

    def value_in(self, row: int) -> float | None:
        """The value in a row; None where it has none."""
        change = bisect_right(self._rows, row) - 1
        return None if change < 0 or is_stale(self._values[change]) else self._values[change]

    def forget_before(self, row: int) -> int:
        """Drop changes that no row from `row` on needs; returns how many."""
        count = bisect_right(self._rows, row) - 1
        if count <= 0:
            return 0
        # Copies, since an array that only shrinks keeps its memory.
        self._rows = self._rows[count:]
        self._values = self._values[count:]
        return count

    def is_dead(self, row: int) -> bool:
        """Whether the series has no value at `row` or later."""
        return not self._rows or (self._rows[-1] <= row and is_stale(self._values[-1]))

    def point_at(self, at_ms: int, lookback_ms: int) -> tuple[int, float] | None:
        """Timestamp and value of the newest sample in (at - lookback, at]; None where there is none or the
        series had ended."""
        timeline = self._timeline
        times = timeline.times
        if not times:
            return None
        stamp = times[-1]
        if stamp <= at_ms:
            # The common case: rules look at the newest row.
            if stamp <= at_ms - lookback_ms or not self._values:
                return None
            value = self._values[-1]
        else:
            index = bisect_right(times, at_ms) - 1
            if index < 0 or times[index] <= at_ms - lookback_ms:
                return None
            stamp = times[index]
            change = bisect_right(self._rows, timeline.first_row + index) - 1
            if change < 0:
                return None
            value = self._values[change]
        if value != value and is_stale(value):
            return None
        return stamp, value

    def at(self, at_ms: int, lookback_ms: int) -> float | None:
        """The value of `point_at`."""
        point = self.point_at(at_ms, lookback_ms)
        return None if point is None else point[1]

    def window(self, start_ms: int, end_ms: int) -> tuple[Sequence[int], Sequence[float]]:
        """Timestamps and values of the samples in (start, end], without stale markers."""
        low, high, change, last_change = self._locate(start_ms, end_ms)
        if low >= high:
            return (), ()
        if change >= 0:
            values = self._values[change : last_change + 1].tolist()
            total = sum(values)
            if total == total:
                # Without any NaN there is no stale marker either, and every row has its value.
                first = self._timeline.first_row
                times = self._timeline.times[low:high]
                return times, self._spread(values, change, first + low, first + high)
        return self._runs(change, low, high)

    def distinct(self, start_ms: int, end_ms: int) -> tuple[Sequence[int], Sequence[float]]:
        """As `window`, but a value that stands still may come only once, so that there may be fewer values
        than timestamps: cheaper, and all that counters and extremes need."""
        low, high, change, last_change = self._locate(start_ms, end_ms)
        if low >= high:
            return (), ()
        if change >= 0:
            values = self._values[change : last_change + 1].tolist()
            total = sum(values)
            if total == total:
                return self._timeline.times[low:high], values
        return self._runs(change, low, high)

    def _locate(self, start_ms: int, end_ms: int) -> tuple[int, int, int, int]:
        """The rows in (start, end] as indexes into the timeline, first and end, and the changes in force at
        the first and at the last of them; -1: none yet."""
        times, rows = self._timeline.times, self._rows
        low = bisect_right(times, start_ms)
        high = len(times) if times and times[-1] <= end_ms else bisect_right(times, end_ms)
        first = self._timeline.first_row
        change = bisect_right(rows, first + low) - 1
        last_row = first + high - 1
        after = len(rows) if rows and rows[-1] <= last_row else bisect_right(rows, last_row)
        return low, high, change, after - 1

    def _spread(self, values: list[float], change: int, low_row: int, high_row: int) -> list[float]:
        """The values of the rows from low to high, given those of the changes from `change` on."""
        if len(values) == high_row - low_row:
            return values
        if len(values) == 1:
            return values * (high_row - low_row)
        rows = self._rows[change + 1 : change + len(values)]
        counts = map(sub, [*rows, high_row], [low_row, *rows])
        return list(chain.from_iterable(map(repeat, values, counts)))

    def has_samples(self, start_ms: int, end_ms: int) -> bool:
        """Whether there is any sample in [start, end]."""
        timeline = self._timeline
        low = bisect_left(timeline.times, start_ms)
        high = bisect_right(timeline.times, end_ms)
        if low >= high:
            return False
        first = timeline.first_row
        change = max(0, bisect_right(self._rows, first + low) - 1)
        last_change = bisect_right(self._rows, first + high - 1)
        return any(not is_stale(value) for value in self._values[change:last_change])

    def _runs(self, change: int, low: int, high: int) -> tuple[Sequence[int], Sequence[float]]:
        """Expand the runs that touch the rows low to high (indexes into the timeline)."""
        first = self._timeline.first_row
        all_times = self._timeline.times
        rows, values = self._rows, self._values
        times: list[int] = []
        expanded: list[float] = []
        position = low
        while position < high:
            following = rows[change + 1] - first if change + 1 < len(rows) else high
            end = min(following, high)
            if change >= 0:
                value = values[change]
                if value == value or not is_stale(value):
                    times.extend(all_times[position:end])
                    expanded.extend([value] * (end - position))
            position = end
            change += 1
        return times, expanded


class MergedSeries:
    """Several series of one labelset, written one after the other by different sources, read as one."""

    __slots__ = ("_parts", "labels")

    def __init__(self, parts: Sequence[Series]) -> None:
        self.labels = parts[0].labels
        self._parts = tuple(parts)

    def point_at(self, at_ms: int, lookback_ms: int) -> tuple[int, float] | None:
        """The newest of the parts' points."""
        points = [point for part in self._parts if (point := part.point_at(at_ms, lookback_ms))]
        return max(points, default=None, key=lambda point: point[0])

    def at(self, at_ms: int, lookback_ms: int) -> float | None:
        """The value of `point_at`."""
        point = self.point_at(at_ms, lookback_ms)
        return None if point is None else point[1]

    def window(self, start_ms: int, end_ms: int) -> tuple[Sequence[int], Sequence[float]]:
        """The samples of all parts in order of time; of two at one moment the later part's."""
        points: dict[int, float] = {}
        for part in self._parts:
            times, values = part.window(start_ms, end_ms)
            points.update(zip(times, values, strict=True))
        ordered = sorted(points.items())
        return [stamp for stamp, _ in ordered], [value for _, value in ordered]

    def distinct(self, start_ms: int, end_ms: int) -> tuple[Sequence[int], Sequence[float]]:
        """As `window`."""
        return self.window(start_ms, end_ms)

    def has_samples(self, start_ms: int, end_ms: int) -> bool:
        """Whether any part has a sample in [start, end]."""
        return any(part.has_samples(start_ms, end_ms) for part in self._parts)
