"""Reads the rows that were written since the last reading, of all series, as the store holds them."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from exporter.model.sample import STALE, Layout
from exporter.store.segment import Segment, index_code
from exporter.store.series_group import SeriesGroup
from exporter.store.store import Store

_EMPTY_LAYOUT = Layout(())


@dataclass(frozen=True, slots=True)
class Rows:
    """Successive rows of one source and one layout; `times` are their timestamps in milliseconds.

    `base` is the whole first row, the stale marker for no value; None where these rows continue those read
    before. In a later row number i the series `moved[i]` (packed indexes in the layout, see `index_code`)
    have the values `values[i]` (packed doubles); empty bytes: nothing moved. A row with the timestamp of one
    read before replaces that one: a count that has begun since got a value there. A source that was deleted
    or renamed ends with a row of no series at all. `lost_rows` is how many rows before these were dropped
    unread.
    """

    source: str
    layout: Layout
    times: "array[int]"
    base: "array[float] | None"
    moved: list[bytes]
    values: list[bytes]
    lost_rows: int = 0

    def changes(self, row: int) -> tuple["array[int]", "array[float]"]:
        """Return the indexes of the series that moved in a row, and their values; without the base."""
        indexes, values = array(index_code(len(self.layout))), array("d")
        indexes.frombytes(self.moved[row])
        values.frombytes(self.values[row])
        return indexes, values


@dataclass(slots=True)
class _Mark:
    """How far a group has been read; `layout` None: what follows needs a base."""

    source: str
    last_time: int
    next_row: int
    version: int
    begun_version: int
    layout: Layout | None


class RowReader:
    """Follows a store: `read` as often as you like, `ack` makes the next reading begin after the last.

    Samplers and rules do nothing for it, and what it returns shares the bytes of the store, so that it may be
    handed to a thread. A source that gets another name goes on where it was, under the new one.

    `shift_ms` is by how much the store moved all samples in time between the last acknowledged reading and
    this one, in milliseconds: the clock was set. `lost_rows` counts rows that were dropped, or lost series to
    a shortage of memory, before they were read.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        # By lineage, so that a source that is renamed is found again.
        self._marks: dict[object, _Mark] = {
            group.lineage: _mark_of(group, group.whole_row, None) for group in store.groups
        }
        self._read: dict[object, _Mark | None] = {}
        # Nothing has ended or moved since, when the store had removed so often.
        self._settled = -1
        self._shifted_ms = self._seen_shifted_ms = store.shifted_ms
        self._lost = 0
        self.shift_ms = 0
        self.lost_rows = 0

    def read(self, max_rows: int) -> list[Rows]:
        """Return what was written since the last acknowledged reading, `max_rows` rows at most.

        The rows of one source are in the order of time, those that end a source come first.
        """
        self._read = {}
        self._lost = 0
        self._seen_shifted_ms = self._store.shifted_ms
        self.shift_ms = self._seen_shifted_ms - self._shifted_ms
        found = [] if self._settled == self._store.removals else list(self._ended())
        left = max_rows
        for group in self._store.groups:
            mark = self._marks.get(group.lineage)
            if mark is not None and mark.version == group.version:
                continue
            for rows in self._rows_of(group, mark, left):
                found.append(rows)
                left -= len(rows.times)
            if left <= 0:
                break
        return found

    def ack(self) -> None:
        """Acknowledge the last reading: the next one starts after it."""
        if self.shift_ms:
            for mark in self._marks.values():
                mark.last_time += self.shift_ms
        for lineage, read in self._read.items():
            if read is None:
                self._marks.pop(lineage, None)
            else:
                self._marks[lineage] = read
        self._shifted_ms = self._seen_shifted_ms
        self.shift_ms = 0
        self.lost_rows += self._lost
        self._read = {}
        self._lost = 0

    def seek_to_end(self) -> None:
        """Count what the store holds now as read; what follows begins with a base."""
        for group in self._store.groups:
            self._marks[group.lineage] = _mark_of(group, group.end_row, None)

    def rewind(self, since_ms: int) -> None:
        """Count nothing as read that is held and later than a moment (milliseconds)."""
        self._read = {}
        for group in self._store.groups:
            mark = self._marks.get(group.lineage)
            row = group.first_row + bisect_right(group.times, since_ms)
            if mark is not None and row < mark.next_row:
                self._marks[group.lineage] = _mark_of(group, max(row, group.whole_row), None)

    def require_base(self) -> None:
        """Make what is read next of each source begin with a base."""
        for mark in self._marks.values():
            mark.layout = None
        self._read = {}

    def _ended(self) -> Iterator[Rows]:
        """Yield the ends of sources that the store no longer holds, or holds under another name."""
        alive = {group.lineage: group.source for group in self._store.groups}
        moved = [one for one in self._marks.items() if alive.get(one[0]) != one[1].source]
        if not moved:
            self._settled = self._store.removals
        for lineage, mark in moved:
            now = alive.get(lineage)
            if now is None:
                self._read[lineage] = None
            if self._store.group(mark.source) is None:
                times = array("q", [mark.last_time + self.shift_ms + 1])
                yield Rows(mark.source, _EMPTY_LAYOUT, times, array("d"), [b""], [b""])

    def _rows_of(self, group: SeriesGroup, mark: _Mark | None, most: int) -> Iterator[Rows]:
        """Yield the rows of a group that were not read yet, those of each layout by themselves."""
        begin, layout = group.whole_row, None
        lost = begin - group.restored_end
        if mark is not None and mark.source == group.source:
            layout = mark.layout
        if mark is not None:
            amended = group.begun_version != mark.begun_version
            wanted = mark.next_row - (amended and layout is not None)
            lost = max(0, begin - mark.next_row)
            begin, layout = max(begin, wanted), layout if wanted >= begin else None
        end = min(group.end_row, begin + most)
        self._lost += lost
        ends = [*(segment.first_row for segment in group.segments[1:]), group.end_row]
        for segment, segment_end in zip(group.segments, ends, strict=True):
            low, high = max(begin, segment.first_row), min(end, segment_end)
            if low >= high:
                continue
            yield _rows(group, segment, low, high, is_continued=segment.layout is layout, lost=lost)
            layout, lost = segment.layout, 0
        self._read[group.lineage] = _mark_of(group, max(end, begin), layout)


def _mark_of(group: SeriesGroup, next_row: int, layout: Layout | None) -> _Mark:
    version = group.version if next_row >= group.end_row else -1
    last = next_row - 1 - group.first_row
    last_time = group.times[last] if last >= 0 else 0
    return _Mark(group.source, last_time, next_row, version, group.begun_version, layout)


def _rows(
    group: SeriesGroup, segment: Segment, low: int, high: int, *, is_continued: bool, lost: int
) -> Rows:
    """Return the rows from low to high, which are in this segment."""
    times = group.times[low - group.first_row : high - group.first_row]
    is_first = low == segment.first_row
    # The values of a segment's first row stand in no entry.
    base = None if is_continued and not is_first else _row_at(group, segment, low)
    moved, values = [b""] * len(times), [b""] * len(times)
    first = bisect_left(segment.rows, low) if base is None else bisect_right(segment.rows, low)
    for entry in range(first, bisect_left(segment.rows, high)):
        row = segment.rows[entry] - low
        moved[row], values[row] = segment.moved[entry], segment.values[entry]
    return Rows(group.source, segment.layout, times, base, moved, values, lost)


def _row_at(group: SeriesGroup, segment: Segment, row: int) -> "array[float]":
    """Return the values of all series in a row."""
    if row == group.end_row - 1 and segment is group.segments[-1]:
        return array("d", [STALE if value is None else value for value in group.state])
    return segment.row_at(row)
