"""A series group: all series of one source, which share their timestamps."""

from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace

from exporter.model.sample import NOT_KNOWN, Absence, Layout, differences, is_stale
from exporter.store.beginnings import Beginning, begin_before
from exporter.store.chunk import Chunk
from exporter.store.layouts import changed_names, distinct_series
from exporter.store.restoring import restore_chunk
from exporter.store.segment import Segment
from exporter.store.series import Series

# The bytes of an empty group, and of each of its newest values: a slot of a list, and a number.
GROUP_BYTES = 1_300
_STATE_BYTES = 30
_BEGINNING_BYTES = 200
_EMPTY_LAYOUT = Layout(())
# At least this part (one in so many) of the rows is evicted at once.
_LEAST_EVICTED = 16
# After a long gap a count that begins stood at 0 so long before: the usual time between samples.
_STEP_MS = 15_000


class SeriesGroup:
    """All samples of one source: its rows, in segments of one layout each.

    Most values of a Redis server stand still, so that a row costs 8 bytes for its timestamp and about 10 for
    each value that changed. A series is no object of its own until somebody reads it.

    `layout` and `values` are the newest row of a source that writes. `required` are the series that rules
    read; `required_version` increases when these become others. `former_sources` are names that the source
    had before. `beginnings` are those of the series that have begun to count since the source began, or began
    anew, by index in the layout; `begun_version` is that of the newest.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        # The same object for what is renamed: its rows keep their numbers.
        self.lineage: object = object()
        # The number of the first row that was not put back after a restart.
        self.restored_end = 0
        self._times: array[int] = array("q")
        # How far the rows are still to be moved in time.
        self._shift_ms = 0
        self.first_row = 0
        self.version = 0
        self.layout = _EMPTY_LAYOUT
        self.values: Sequence[float | None] = ()
        # The newest row, also of a source that was restored and has not written since.
        self.state: Sequence[float | None] = ()
        self.segments: list[Segment] = []
        self.required: list[Series] = []
        self.required_version = 0
        self.is_resumed = False
        self.beginnings: dict[int, Beginning] = {}
        self.begun_version = -1
        self.former_sources: Set[str] = frozenset()
        self._is_stale = False
        self._counted: tuple[Sequence[Layout], int] | None = None

    @property
    def times(self) -> "array[int]":
        """The timestamps of the rows, in milliseconds."""
        if self._shift_ms:
            by_ms, self._shift_ms = self._shift_ms, 0
            self._times = array("q", [moment + by_ms for moment in self._times])
        return self._times

    @property
    def last_time(self) -> int:
        """The newest timestamp, in milliseconds; 0 before the first row."""
        return self.times[-1] if self.times else 0

    @property
    def end_row(self) -> int:
        """The number of the row that comes next."""
        return self.first_row + len(self._times)

    @property
    def whole_row(self) -> int:
        """The number of the first row from which on all series are held.

        Older rows are those put back after a restart, and those that lost series to a shortage of memory.
        """
        whole = (segment.first_row for segment in self.segments if segment.held is None)
        return max(self.restored_end, self.first_row, next(whole, self.end_row))

    @property
    def changes(self) -> int:
        """The number of changes that are held."""
        return sum(segment.changes for segment in self.segments)

    @property
    def bytes(self) -> int:
        """About how much memory the group holds, apart from the readers of its series."""
        segments = sum(segment.memory_bytes for segment in self.segments)
        state = len(self.state) * _STATE_BYTES + len(self.beginnings) * _BEGINNING_BYTES
        return GROUP_BYTES + len(self._times) * 8 + state + segments

    @property
    def layouts(self) -> Sequence[Layout]:
        """The different layouts of all rows held, the newest first."""
        segments = self.segments
        if len(segments) == 1:
            return (segments[0].layout,)
        found: list[Layout] = []
        for segment in reversed(segments):
            if not any(segment.layout is layout for layout in found):
                found.append(segment.layout)
        return found

    def indexes(self, name: str | None = None) -> Iterator[tuple[Layout, int]]:
        """Yield all series (those of a metric name), the ended ones included, as a layout and an index."""

        def indexes(layout: Layout) -> Sequence[int]:
            return range(len(layout)) if name is None else layout.schema.by_name.get(name, ())

        return distinct_series(self.layouts, indexes)

    def newest(self, name: str) -> float | None:
        """Return the value of the first series of a metric name in the newest row; None without any."""
        indexes = self.layout.schema.by_name.get(name)
        value = self.state[indexes[0]] if indexes and not self.is_resumed else None
        return None if value is None or is_stale(value) else value

    @property
    def series_count(self) -> int:
        """The number of series that are held, the ended ones included."""
        if len(self.segments) <= 1:
            return len(self.state)
        layouts = self.layouts
        if len(layouts) == 1:
            return len(self.state)
        if self._counted is None or self._counted[0] != layouts:
            self._counted = layouts, sum(1 for _ in self.indexes())
        return self._counted[1]

    @property
    def series_by_name(self) -> Mapping[str, int]:
        """The number of series that are held of each metric name."""
        layouts = self.layouts
        if len(layouts) == 1:
            return {name: len(indexes) for name, indexes in layouts[0].schema.by_name.items()}
        return Counter(layout.points[index].series.name for layout, index in self.indexes())

    def append(
        self,
        timestamp_ms: int,
        layout: Layout,
        values: Sequence[float | None],
        absence: Absence = NOT_KNOWN,
    ) -> Set[str]:
        """Add a row; returns the metric names of which there are other series than before.

        The timestamp (milliseconds) must be later than that of the row before.
        """
        changed: Set[str] = frozenset()
        if layout is not self.layout or not self.segments:
            changed = self._adopt(layout, values, absence)
        if values is not self.state and values != self.state:
            self._record_changes(timestamp_ms, values, absence)
        self.times.append(timestamp_ms)
        self.values = self.state = values
        self.version += 1
        self._is_stale = False
        return changed

    @property
    def newest_moves(self) -> Sequence[int] | None:
        """The indexes that changed in the newest row; None where only a comparison can tell."""
        if not self.segments or self.begun_version == self.version:
            # A count that has just begun is new on the page, whether its value changed or not.
            return None
        return self.segments[-1].newest_moves(self.end_row - 1)

    def _record_changes(self, timestamp_ms: int, values: Sequence[float | None], absence: Absence) -> None:
        moved = differences(values, self.state)
        if absence is not NOT_KNOWN and self.times and self._begin(timestamp_ms, moved, absence):
            moved = differences(values, self.state)
        self.segments[-1].append(self.end_row, moved, [values[index] for index in moved])

    def _begin(self, timestamp_ms: int, moved: Sequence[int], absence: Absence) -> bool:
        """Record what new series stood at in the row before; whether there are any."""
        state = self.state
        new = [at for at in moved if state[at] is None]
        begun = absence.beginnings(self.layout.points, new) if new else None
        if not begun:
            return False
        if self._is_stale and timestamp_ms - self.last_time > _STEP_MS:
            # The row before is too old: add one for these values.
            self.times.append(timestamp_ms - _STEP_MS)
        self.segments[-1].amend(self.end_row - 1, begun)
        self.state = [begun.get(at, value) for at, value in enumerate(state)]
        self._note_begun(begun)
        return True

    def _note_begun(self, begun: Mapping[int, float]) -> None:
        self.begun_version = self.version + 1
        for at, value in begun.items():
            self.beginnings[at] = Beginning(self.last_time, value, self.begun_version)

    def _adopt(self, layout: Layout, values: Sequence[float | None], absence: Absence) -> Set[str]:
        """Take a new layout; returns the metric names of which there are other series than before."""
        last = self.segments[-1] if self.segments else None
        before = _EMPTY_LAYOUT if last is None else last.layout
        self.layout = layout
        if last is None or self.is_resumed or not last.grow(layout):
            self.beginnings = {}
            if last is not None and self.times and not self.is_resumed and absence is not NOT_KNOWN:
                begun = begin_before(last, self.end_row - 1, self.state, layout, values, absence)
                if begun:
                    self._note_begun(begun)
            self.segments.append(Segment(layout, self.end_row, values))
            self.state = values
            self.is_resumed = False
        else:
            self.state = [*self.state, *[None] * (len(layout) - len(before))]
        return changed_names(before, layout)

    def mark_stale(self, timestamp_ms: int) -> None:
        """End every series at this moment (milliseconds)."""
        if all(value is None for value in self.state):
            return
        if self.is_resumed:
            self.append(timestamp_ms, Layout(()), ())
        else:
            self.append(timestamp_ms, self.layout, [None] * len(self.layout))
        self._is_stale = True
        self.beginnings = {}

    def restore(self, chunk: Chunk) -> Set[str]:
        """Restore what the source wrote before a restart, before it writes anything.

        Rows that are here already are not doubled. Returns the metric names of which there are other series
        than before.
        """
        known = bisect_right(chunk.times, self.last_time)
        changed: Set[str] = frozenset()
        if known < len(chunk.times):
            before = len(self.segments)
            self.state = restore_chunk(chunk, known, self.end_row, self.segments, self.state)
            self.is_resumed = True
            self.times.extend(chunk.times[known:])
            self.restored_end = self.end_row
            if len(self.segments) != before:
                changed = {labels.name for labels in chunk.series}
        self.version += 1
        return changed

    def shift(self, by_ms: int) -> None:
        """Move all rows in time, by milliseconds.

        Their timestamps are rewritten when somebody asks for them, since there may be many such groups.
        """
        self._shift_ms += by_ms
        self.beginnings = {at: replace(one, at_ms=one.at_ms + by_ms) for at, one in self.beginnings.items()}

    def continue_as(self, source: str) -> "SeriesGroup":
        """Return a group of another name with the same rows and no series yet."""
        new = SeriesGroup(source)
        new.times.extend(self.times)
        new.first_row, new.is_resumed = self.first_row, self.is_resumed
        new.lineage, new.restored_end = self.lineage, self.restored_end
        new.former_sources = {*self.former_sources, self.source} - {source}
        return new

    def set_required_series(self, required: list[Series]) -> None:
        """Set the series that rules read."""
        if required != self.required:
            self.required = required
            self.required_version += 1

    def evict(self, now_ms: int, retention_ms: int) -> Set[str]:
        """Drop samples older than `retention_ms` that no rule reads; `now_ms` is in milliseconds.

        Returns the metric names whose series thereby vanish.
        """
        row = min(self._row_after(now_ms - retention_ms), self.end_row - 1)
        if (row - self.first_row) * _LEAST_EVICTED <= len(self._times):
            return frozenset()
        range_ms = max((series.range_ms for series in self.required), default=0)
        range_row = self._row_after(now_ms - max(range_ms, retention_ms))
        layouts = self.layouts
        kept: list[Segment] = []
        for segment, end in zip(self.segments, self._ends(), strict=True):
            if segment.held is None and segment.first_row < row:
                self._keep_required(segment, min(row, end), kept)
            if end > (row if segment.held is None else range_row):
                kept.append(segment)
        if kept[0].held is not None:
            kept[0].advance(range_row)
        self.segments = kept
        return self._vanished(layouts)

    def _keep_required(self, segment: Segment, row: int, kept: list[Segment]) -> None:
        """Let a segment begin at a later row; required series of earlier rows get their own."""
        indexes = [segment.layout.index_of(series.labels) for series in self.required]
        required = sorted(index for index in indexes if index is not None)
        part = None
        # A part without any series marks the end of those before it.
        if required or kept:
            last = kept[-1] if kept else None
            if last is not None and last.layout is segment.layout and last.held == required:
                part = last
                part.append(segment.first_row, required, segment.base_of(required))
            else:
                part = segment.hold_only(required, segment.first_row)
                kept.append(part)
        for moved_row, moved, values in segment.advance(row):
            if part is not None and moved_row < row:
                pairs = [pair for pair in zip(moved, values, strict=True) if part.holds(pair[0])]
                if pairs:
                    part.append(moved_row, [at for at, _ in pairs], [value for _, value in pairs])

    def _ends(self) -> Sequence[int]:
        """Return the row after the last one of each segment."""
        return [*(segment.first_row for segment in self.segments[1:]), self.end_row]

    def _row_after(self, moment_ms: int) -> int:
        return self.first_row + bisect_right(self.times, moment_ms)

    def trim(self, before_ms: int) -> Set[str]:
        """Drop the rows up to a moment (milliseconds); returns the metric names whose series thus vanish."""
        count = bisect_right(self.times, before_ms)
        if count <= 0:
            return frozenset()
        del self.times[:count]
        self.first_row += count
        layouts = self.layouts
        ended = sum(end <= self.first_row for end in self._ends()[:-1])
        del self.segments[:ended]
        if self.segments[0].first_row < self.first_row:
            self.segments[0].advance(self.first_row)
        return self._vanished(layouts)

    def _vanished(self, layouts: Sequence[Layout]) -> Set[str]:
        """Return the metric names of layouts that are no longer held."""
        left = self.layouts
        gone = [layout for layout in layouts if not any(layout is one for one in left)]
        return {name for layout in gone for name in layout.schema.by_name}
