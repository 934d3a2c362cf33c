"""What one query sees of blocks and memory together."""

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from exporter.errors import DamagedBlockError
from exporter.history.covering import cover
from exporter.history.reading import ReadableBlock, ReadableBlockSource, ReadableColumn
from exporter.history.series import HistorySeries
from exporter.history.timeline import BlockPart, MemoryPart, SourceTimeline
from exporter.model.labels import Labels
from exporter.model.matcher import Matcher
from exporter.model.series import ReadableSeries
from exporter.store import Store
from exporter.store.merged import MergedSeries, merge_duplicates
from exporter.store.selecting import never_stop
from exporter.store.series import Series
from exporter.store.series_group import SeriesGroup

_PIECE: Final = 500
# What a view sees that is closed.
_NOTHING: Final = Store().horizon()
# Rows that the store may drop while the query runs are read from blocks, where these have them.
_SOON_DROPPED_MS: Final = 300_000

SetAside = Callable[[ReadableBlock, DamagedBlockError], None]
"""Is told of a block that turns out to be damaged when it is read."""


class HistoryView:
    """Implements `SeriesSource` for one query, which reads samples in (start, end], in milliseconds.

    It is its own `Horizon`: what is written after it was made is not seen. Memory counts from the first row
    of a source of which it holds all series, blocks before that; what no block has is read from memory as far
    as it is there. A damaged block is left out. `held_bytes` is about what the view itself takes.
    """

    def __init__(
        self, store: Store, blocks: Iterable[ReadableBlock], start_ms: int, end_ms: int, set_aside: SetAside
    ) -> None:
        self.start_ms = start_ms
        self.end_ms = end_ms
        self.held_bytes = 0
        self._retention_ms = store.retention_ms
        self._horizon = store.horizon()
        self._groups = {group.source: group for group in store.groups}
        # By their rank: of two that have the same time of a source the later one counts.
        ranked = sorted(blocks, key=lambda block: block.sequence)
        self._blocks: dict[int, ReadableBlock] = dict(enumerate(ranked))
        self._set_aside = set_aside
        self._check: Callable[[int], None] = never_stop
        self._sources: dict[str, _Source] = {}
        self._selected: dict[tuple[Matcher, ...], Sequence[ReadableSeries]] = {}

    def yield_control(self) -> None:
        """Let others run, as the query that uses the view does."""
        self._check(0)

    def horizon(self) -> "HistoryView":
        """The view itself."""
        return self

    @property
    def holds(self) -> bool:
        """Whether the samples in memory still stand where they stood."""
        return self._horizon.holds

    def bound(self, series: ReadableSeries) -> ReadableSeries:
        """The series itself."""
        return series

    def close(self) -> None:
        """Let go of all blocks and samples, also for those who keep the series."""
        for source in self._sources.values():
            source.close()
        self._blocks.clear()
        self._sources.clear()
        self._selected.clear()
        # The store tells a horizon of each row that is written, for as long as there is one.
        self._horizon, self._groups = _NOTHING, {}
        # Of the query, which holds this view.
        self._check = never_stop

    def select(
        self, matchers: Sequence[Matcher], check: Callable[[int], None] | None = None
    ) -> Sequence[ReadableSeries]:
        """Return the series that satisfy all matchers, those of the same labels as one.

        `check` is called now and then, with the number of series found since; from then on also, with 0,
        whenever something was decoded.
        """
        key = tuple(matchers)
        found = self._selected.get(key)
        if found is None:
            pause = check or never_stop
            series = self.find(key, pause).values()
            found = self._selected[key] = merge_duplicates(series, lambda: pause(0))
        return found

    def find(
        self, matchers: Sequence[Matcher], check: Callable[[int], None] = never_stop
    ) -> Mapping[tuple[str, Labels], HistorySeries]:
        """Return the series that satisfy all matchers by source and labels; `check` as for `select`."""
        self._check = check
        found: dict[tuple[str, Labels], HistorySeries] = {}
        for block in list(self._blocks):
            for source, index in self._select_in(block, matchers):
                series = self._series_of(found, source.source, source.series[index], check)
                series.indexes[block] = index
                check(0)
        for one in self._horizon.select(matchers, check):
            for part in one.parts if isinstance(one, MergedSeries) else (one,):
                assert isinstance(part, Series)
                assert isinstance(part.timeline, SeriesGroup)
                series = self._series_of(found, part.timeline.source, part.labels, check)
                series.memory = self._horizon.bound(part)
        return found

    def _series_of(
        self,
        found: dict[tuple[str, Labels], HistorySeries],
        source: str,
        labels: Labels,
        check: Callable[[int], None],
    ) -> HistorySeries:
        series = found.get((source, labels))
        if series is None:
            reader = self._source(source, check)
            series = found[source, labels] = HistorySeries(labels, reader.timeline, reader.column)
            if len(found) % _PIECE == 0:
                check(_PIECE)
        return series

    def _select_in(
        self, block: int, matchers: Sequence[Matcher]
    ) -> Iterator[tuple[ReadableBlockSource, int]]:
        try:
            # It may have been lost while another one was looked through.
            if block in self._blocks:
                yield from self._blocks[block].select(matchers, self.yield_control)
        except DamagedBlockError as error:
            self._lose(block, error)

    def _lose(self, block: int, error: DamagedBlockError) -> None:
        """Go on without a block that has turned out to be damaged."""
        damaged = self._blocks.pop(block, None)
        if damaged is not None:
            self._set_aside(damaged, error)

    def _source(self, name: str, check: Callable[[int], None]) -> "_Source":
        source = self._sources.get(name)
        if source is None:
            source = self._sources[name] = _Source(self._lose, self.yield_control)
            self._lay_out(source, name)
            self.held_bytes += len(source.timeline.times) * source.timeline.times.itemsize
            check(0)
        return source

    def _lay_out(self, source: "_Source", name: str) -> None:
        """Find the rows of a source, in blocks and in memory."""
        numbers, timelines = [], []
        for number, block in list(self._blocks.items()):
            try:
                part = block.source(name)
                if part is not None:
                    timelines.append(part.times())
                    numbers.append(number)
                    source.parts[number] = part
                    self.yield_control()
            except DamagedBlockError as error:
                self._lose(number, error)
        stored_ms = max((times[-1] for times in timelines if times), default=None)
        first_row, in_memory, from_ms = self._rows_in_memory(name, stored_ms)
        for index, low, high in cover(timelines, self.start_ms, min(self.end_ms, from_ms - 1)):
            times = timelines[index]
            source.timeline.add(BlockPart(numbers[index], low, len(times)), times[low:high])
        if in_memory:
            source.timeline.add(MemoryPart(in_memory, first_row), in_memory)

    def _rows_in_memory(self, name: str, stored_ms: int | None) -> tuple[int, "array[int]", int]:
        """The rows of a source that are read from memory: the first one, their times, from when on.

        `stored_ms` is the last moment that blocks have of it.
        """
        group = self._groups.get(name)
        if group is None or not group.times:
            return 0, array("q"), self._moved_from_ms(name)
        from_ms = self._from_ms(group, stored_ms)
        low = bisect_right(group.times, max(self.start_ms, from_ms - 1))
        high = bisect_right(group.times, min(self.end_ms, self._horizon.newest_of(group)))
        return group.first_row + low, group.times[low:high], from_ms

    def _moved_from_ms(self, name: str) -> int:
        """The moment from which on memory has the rows of a source under its new name."""
        for group in self._groups.values():
            if name in group.former_sources and group.whole_row < group.end_row:
                return group.times[group.whole_row - group.first_row]
        return self.end_ms + 1

    def _from_ms(self, group: SeriesGroup, stored_ms: int | None) -> int:
        """The moment from which memory counts for a source."""
        if stored_ms is None:
            return group.times[0]
        complete = group.whole_row - group.first_row
        complete_ms = group.times[complete] if complete < len(group.times) else stored_ms + 1
        if complete_ms > stored_ms:
            return stored_ms + 1
        soon_dropped_ms = group.times[-1] - self._retention_ms + _SOON_DROPPED_MS
        return max(complete_ms, min(soon_dropped_ms, stored_ms + 1))


class _Source:
    """The rows of one source, and its parts in blocks, by the numbers of these."""

    def __init__(
        self, lose: Callable[[int, DamagedBlockError], None], yield_control: Callable[[], None]
    ) -> None:
        self.timeline = SourceTimeline()
        self.parts: dict[int, ReadableBlockSource] = {}
        self._lose = lose
        self._yield_control = yield_control

    def column(self, block: int, index: int) -> ReadableColumn | None:
        """The changes of a series in a block; None where they cannot be read."""
        part = self.parts.get(block)
        if part is None:
            return None
        try:
            column = part.column(index)
        except DamagedBlockError as error:
            del self.parts[block]
            self._lose(block, error)
            return None
        self._yield_control()
        return column

    def close(self) -> None:
        """Let go of all rows and parts."""
        self.timeline.clear()
        self.parts.clear()
