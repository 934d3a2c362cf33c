"""A block: the series of one source, which share their timestamps."""

from array import array
from bisect import bisect_right
from collections.abc import Sequence

from exporter.model.labels import Labels
from exporter.model.sample import Layout, is_stale
from exporter.store.piece import Piece
from exporter.store.series import CHANGE_BYTES, Series

# What a series costs that has not changed yet, measured with tracemalloc: 340 bytes for the object, its two
# arrays and its place in two indexes, 350 for its labels and its point in the layout.
SERIES_BYTES = 700
# What a block costs without any series.
BLOCK_BYTES = 1_000
_EMPTY_LAYOUT = Layout(())


class Block:
    """All that one source has written: a row per sample, and per series the rows at which it changed.

    Most values of a Redis server stand still, so that a row costs 8 bytes for its timestamp and 12 for each
    value that moved.

    `needed` are the series that somebody reads; `shape` moves when these become others.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self.times: array[int] = array("q")
        self.first_row = 0
        self.version = 0
        self.changes = 0
        self.layout = _EMPTY_LAYOUT
        self.values: Sequence[float | None] = ()
        self.needed: list[Series] = []
        self.shape = 0
        self._columns: list[Series] = []
        self._by_labels: dict[Labels, Series] = {}
        # The last values of what was put back after a restart, until the source writes again.
        self._resumed: dict[Labels, float | None] = {}

    @property
    def last_time(self) -> int:
        """The newest timestamp, in milliseconds; 0 before the first row."""
        return self.times[-1] if self.times else 0

    @property
    def end_row(self) -> int:
        """The number of the row that comes next."""
        return self.first_row + len(self.times)

    @property
    def series(self) -> Sequence[Series]:
        """All series, the ended ones included."""
        return tuple(self._by_labels.values())

    @property
    def bytes(self) -> int:
        """About how much memory the block holds."""
        series = len(self._by_labels)
        values = len(self.values) * 8
        rows = len(self.times) * 8
        # Arrays grow in steps of a sixteenth.
        changes = self.changes * CHANGE_BYTES * 17 // 16
        return BLOCK_BYTES + rows + values + changes + series * SERIES_BYTES

    @property
    def is_resumed(self) -> bool:
        """Whether the series are put back and wait for their source to write again."""
        return bool(self._resumed)

    def append(self, timestamp: int, layout: Layout, values: Sequence[float | None]) -> Sequence[Series]:
        """Add a row; returns the series that are new. The caller has made sure that time moves on."""
        row = self.end_row
        appeared: Sequence[Series] = ()
        if layout is not self.layout:
            appeared = self._adopt(layout, row)
        self.times.append(timestamp)
        if values != self.values:
            self._record_changes(row, values)
        self.values = values
        self.version += 1
        return appeared

    def _record_changes(self, row: int, values: Sequence[float | None]) -> None:
        columns = self._columns
        before = self.values
        moved = [index for index, value in enumerate(values) if value != before[index]]
        for index in moved:
            columns[index].record(row, values[index])
        self.changes += len(moved)

    def _adopt(self, layout: Layout, row: int) -> Sequence[Series]:
        """Take on a new layout: series that it lacks end, new ones begin without a value."""
        before = self._resumed or dict(zip(self.layout.series, self.values, strict=True))
        self._resumed = {}
        appeared = []
        columns = []
        for labels in layout.series:
            column = self._by_labels.get(labels)
            if column is None:
                column = self._by_labels[labels] = Series(labels, self)
                appeared.append(column)
            columns.append(column)
        kept = set(layout.series)
        for labels, value in before.items():
            if labels not in kept and value is not None:
                self._by_labels[labels].record(row, None)
                self.changes += 1
        self.layout = layout
        self._columns = columns
        self.values = [before.get(labels) for labels in layout.series]
        return appeared

    def mark_stale(self, timestamp: int) -> None:
        """End every series now."""
        if any(value is not None for value in self._resumed.values()):
            self.append(timestamp, Layout(()), ())
        elif any(value is not None for value in self.values):
            self.append(timestamp, self.layout, [None] * len(self.layout))

    def replay(self, piece: Piece) -> Sequence[Series]:
        """Put back what the source wrote before a restart, before it writes anything; returns the series
        that are new. Rows that are here already are not doubled."""
        known = bisect_right(piece.times, self.last_time)
        base = self.end_row - known
        appeared = [Series(labels, self) for labels in piece.series if labels not in self._by_labels]
        self._by_labels.update((series.labels, series) for series in appeared)
        self.times.extend(piece.times[known:])
        if known < len(piece.times):
            if piece.is_complete:
                for labels in self._resumed.keys() - set(piece.series):
                    self._resume(labels, base + known, None)
            for column, row, value in zip(piece.columns, piece.rows, piece.values, strict=True):
                self._resume(piece.series[column], base + max(row, known), None if is_stale(value) else value)
        self.version += 1
        return appeared

    def _resume(self, labels: Labels, row: int, value: float | None) -> None:
        if self._resumed.get(labels) != value:
            self._resumed[labels] = value
            self._by_labels[labels].record(row, value)
            self.changes += 1

    def note_needed(self) -> None:
        """The reach of some series has changed, or series have come."""
        needed = [series for series in self._by_labels.values() if series.reach_ms]
        if needed != self.needed:
            self.needed = needed
            self.shape += 1

    def shed(self, now: int, spare_ms: int) -> None:
        """Forget values that are older than `spare_ms`, and older than anybody reads them (milliseconds)."""
        rows: dict[int, int] = {}
        for series in self._by_labels.values():
            kept_ms = max(spare_ms, series.reach_ms)
            row = rows.get(kept_ms)
            if row is None:
                row = rows[kept_ms] = self.first_row + bisect_right(self.times, now - kept_ms)
            self.changes -= series.forget_before(row)

    def trim(self, before: int) -> Sequence[Series]:
        """Drop the rows up to the timestamp `before`; returns the series that thereby vanish."""
        count = bisect_right(self.times, before)
        if count <= 0:
            return ()
        del self.times[:count]
        self.first_row += count
        current = set(self.layout.series)
        vanished = []
        for labels, series in list(self._by_labels.items()):
            self.changes -= series.forget_before(self.first_row)
            if labels not in current and series.is_dead(self.first_row):
                self.changes -= series.changes
                vanished.append(self._by_labels.pop(labels))
        if vanished:
            self.note_needed()
        return vanished
