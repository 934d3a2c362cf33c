"""One series: its changes, over the timestamps of the group that it shares with its siblings."""

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from exporter.model.labels import Labels
from exporter.model.rising import rises
from exporter.model.sample import STALE, Layout, is_stale
from exporter.store.segment import Segment
from exporter.store.spreading import spread, values_at
from exporter.store.timeline import Timeline

# The bytes of a series that is read, and of each change that is materialized for it.
SERIES_BYTES = 600
CHANGE_BYTES = 13
# Looking through so many rows for a change costs less than materializing a series.
_FEW_ROWS = 16
_NO_ROWS = array("I")
_NO_VALUES = array("d")


class Series:
    """One series of a group, for those who read it.

    The group keeps all its series together, row by row. The rows at which a series changed are materialized
    here when they are first asked for, and kept up to date from then on, for those who read it again and
    again. A row without a value holds the stale marker. Rows are numbered from the first one of the group, so
    that dropping old timestamps moves nothing. `range_ms` is how far back rules read the series, in
    milliseconds (0: none does).
    """

    __slots__ = (
        "__weakref__",
        "_begin",
        "_end",
        "_index",
        "_layout",
        "_rows",
        "_timeline",
        "_values",
        "labels",
        "range_ms",
    )

    def __init__(self, labels: Labels, timeline: Timeline, layout: Layout, index: int) -> None:
        self.labels = labels
        self.range_ms = 0
        self._timeline = timeline
        # The index in the newest layout in which it was looked up.
        self._layout = layout
        self._index: int | None = index
        self._rows = _NO_ROWS
        self._values = _NO_VALUES
        # The rows that are materialized; none yet.
        self._begin = self._end = 0

    @property
    def timeline(self) -> Timeline:
        """The group of the series."""
        return self._timeline

    @property
    def bytes(self) -> int:
        """About how much memory it takes that somebody reads the series."""
        return SERIES_BYTES + len(self._rows) * CHANGE_BYTES

    def evict_before(self, moment_ms: int | None) -> None:
        """Drop what is materialized from before a moment (milliseconds), or everything.

        It is materialized again when it is asked for.
        """
        timeline = self._timeline
        row = self._end if moment_ms is None else timeline.first_row + bisect_right(timeline.times, moment_ms)
        if row >= self._end:
            self._rows, self._values = _NO_ROWS, _NO_VALUES
            self._begin = self._end = 0
        elif row > self._begin:
            count = max(0, bisect_right(self._rows, row) - 1)
            # Copies, since an array that only shrinks keeps its memory.
            self._rows, self._values = self._rows[count:], self._values[count:]
            self._begin = row

    def _materialize(self, row: int) -> None:
        """Materialize all rows from this one on."""
        timeline = self._timeline
        end = timeline.end_row
        if self._end == 0 or row < self._begin:
            if self._end:
                # Twice the requested range, so that queries that walk backwards rarely rebuild.
                row = max(timeline.first_row, 2 * row - end)
            self._rows, self._values = array("I"), array("d")
            self._begin = self._end = row
        if self._end < end:
            self._extend(end)

    def _extend(self, end: int) -> None:
        segments = self._timeline.segments
        for index, segment in enumerate(segments):
            after = segments[index + 1].first_row if index + 1 < len(segments) else end
            if after > self._end:
                self._add(segment)
                self._end = after

    def _add(self, segment: Segment) -> None:
        """Materialize the rows of a segment that are not yet."""
        rows, values = self._rows, self._values
        begin = max(self._end, segment.first_row)
        index = self._index_in(segment)
        if index is None:
            # The series has ended here, or this part of it was evicted.
            if rows and not is_stale(values[-1]):
                rows.append(begin)
                values.append(STALE)
            return
        if begin == segment.first_row or not rows:
            self._begin_with(segment.value_at(index, begin), begin)
            begin += 1
        for row, value in segment.changes_of(index, begin):
            rows.append(row)
            values.append(value)

    def _begin_with(self, value: float, row: int) -> None:
        """Add the first value of a segment, which is often the one that the last ended with."""
        if self._rows:
            last = self._values[-1]
            if value == last or (is_stale(value) and is_stale(last)):
                return
        self._rows.append(row)
        self._values.append(value)

    def _index_in(self, segment: Segment) -> int | None:
        """Return the index of the series in a segment; None where it is not held."""
        is_last = segment is self._timeline.segments[-1]
        index = self._current() if is_last else segment.layout.index_of(self.labels)
        return index if index is None or segment.holds(index) else None

    def _current(self) -> int | None:
        """Return the index of the series in the newest row."""
        layout = self._timeline.segments[-1].layout
        if layout is not self._layout:
            self._layout = layout
            self._index = layout.index_of(self.labels)
        return self._index

    @property
    def newest(self) -> float | None:
        """The value in the newest row; None where it has none."""
        index = self._current()
        value = None if index is None else self._timeline.state[index]
        return None if value is None or (value != value and is_stale(value)) else float(value)

    def changes_from(self, row: int) -> tuple[Sequence[int], Sequence[float]]:
        """Return the rows from `row` on at which the series changed, and its values (stale: none)."""
        self._materialize(row)
        rows = self._rows
        if not rows or rows[-1] < row:
            return (), ()
        first = bisect_left(rows, row)
        return rows[first:], self._values[first:]

    def value_in(self, row: int) -> float | None:
        """Return the value in a row; None where it has none."""
        self._materialize(row)
        change = bisect_right(self._rows, row) - 1
        return None if change < 0 or is_stale(self._values[change]) else self._values[change]

    def _value_lately(self, row: int) -> float | None:
        """As `value_in`, but materializes nothing for a row that was the newest a moment ago."""
        if self._begin <= row < self._end or self._timeline.end_row - row > _FEW_ROWS:
            return self.value_in(row)
        segment = self._timeline.segments[-1]
        index = self._current()
        has_moved = index is not None and segment.moves_after(index, row)
        return self.value_in(row) if has_moved or row < segment.first_row else self.newest

    def point_at(self, at_ms: int, lookback_ms: int) -> tuple[int, float] | None:
        """Return timestamp and value of the newest sample in (at - lookback, at].

        None where there is none, or the series had ended. All times are in milliseconds.
        """
        times = self._timeline.times
        if not times:
            return None
        stamp = times[-1]
        if stamp <= at_ms:
            # The common case: rules look at the newest row.
            value = None if stamp <= at_ms - lookback_ms else self.newest
        else:
            index = bisect_right(times, at_ms) - 1
            if index < 0 or times[index] <= at_ms - lookback_ms:
                return None
            stamp = times[index]
            value = self._value_lately(self._timeline.first_row + index)
        return None if value is None else (stamp, value)

    def at(self, at_ms: int, lookback_ms: int) -> float | None:
        """Return the value of `point_at`."""
        point = self.point_at(at_ms, lookback_ms)
        return None if point is None else point[1]

    def window(self, start_ms: int, end_ms: int) -> tuple[Sequence[int], Sequence[float]]:
        """Return timestamps and values of the samples in (start, end], without stale markers."""
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
                return times, spread(values, self._rows, change, first + low, first + high)
        return self._runs(change, low, high)

    def changes_in(self, start_ms: int, end_ms: int) -> tuple[Sequence[int], Sequence[float]]:
        """As `window`, but consecutive equal values may be collapsed into one.

        So there may be fewer values than timestamps. That is cheaper, and all that counters and extremes
        need.
        """
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
        """Locate the rows in (start, end], and the changes in force at the first and the last of them.

        Returns the rows as indexes into the timeline, first and end, and the indexes of the changes; -1: none
        yet.
        """
        times = self._timeline.times
        low = bisect_right(times, start_ms)
        high = len(times) if times and times[-1] <= end_ms else bisect_right(times, end_ms)
        if low >= high:
            return low, high, -1, -1
        first = self._timeline.first_row
        self._materialize(first + low)
        rows = self._rows
        change = bisect_right(rows, first + low) - 1
        last_row = first + high - 1
        after = len(rows) if rows and rows[-1] <= last_row else bisect_right(rows, last_row)
        return low, high, change, after - 1

    @property
    def by_rows(self) -> "Series":
        """The series itself: its samples are in rows."""
        return self

    def rows(self, start_ms: int, end_ms: int) -> tuple[int, list[int]]:
        """Return the number of the first row in (start, end], and the timestamps of all rows there.

        All series of a timeline have these in common.
        """
        times = self._timeline.times
        low = bisect_right(times, start_ms)
        return self._timeline.first_row + low, times[low : bisect_right(times, end_ms)].tolist()

    def values_in(self, first_row: int, count: int) -> list[float] | None:
        """Return one value for each of so many rows, the stale marker for none.

        None where rows were dropped.
        """
        values = self.changes_over(first_row, count)
        if values is None:
            return None
        change = bisect_right(self._rows, first_row) - 1
        return spread(values, self._rows, change, first_row, first_row + count)

    def changes_over(self, first_row: int, count: int) -> list[float] | None:
        """As `values_in`, without repetitions."""
        if first_row < self._timeline.first_row:
            return None
        self._materialize(first_row)
        rows, end_row = self._rows, first_row + count
        change = bisect_right(rows, first_row) - 1
        values = self._values[max(0, change) : bisect_left(rows, end_row)].tolist()
        if change < 0:
            values.insert(0, STALE)
        return values

    def rises_over(self, first_row: int, count: int) -> bool:
        """Whether there is a number in each of so many rows, and none is lower than the one before it."""
        return rises(self.changes_over(first_row, count) or (math.nan,))

    def values_at(self, rows: Sequence[int]) -> list[float] | None:
        """As `values_in`, for a few rows, in order."""
        if not rows or rows[0] < self._timeline.first_row:
            return None if rows else []
        self._materialize(rows[0])
        return values_at(rows, self._rows, self._values)

    def has_samples(self, start_ms: int, end_ms: int) -> bool:
        """Whether there is any sample in [start, end]."""
        times = self._timeline.times
        if times and start_ms <= times[-1] <= end_ms and self.newest is not None:
            return True
        low, high, change, last_change = self._locate(start_ms - 1, end_ms)
        if low >= high:
            return False
        return any(not is_stale(value) for value in self._values[max(0, change) : last_change + 1])

    def _runs(self, change: int, low: int, high: int) -> tuple[Sequence[int], Sequence[float]]:
        """Expand the runs that touch the rows low to high (indexes into the timeline)."""
        first = self._timeline.first_row
        all_times = self._timeline.times
        rows, values = self._rows, self._values
        times: list[int] = []
        expanded: list[float] = []
        index = low
        while index < high:
            following = rows[change + 1] - first if change + 1 < len(rows) else high
            end = min(following, high)
            if change >= 0:
                value = values[change]
                if value == value or not is_stale(value):
                    times.extend(all_times[index:end])
                    expanded.extend([value] * (end - index))
            index = end
            change += 1
        return times, expanded
