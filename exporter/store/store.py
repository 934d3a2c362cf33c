"""The store: the samples of the last hours, for queries and the exposition."""

from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence, Set
from weakref import WeakSet, WeakValueDictionary

from exporter.model.labels import Labels
from exporter.model.matcher import Matcher
from exporter.model.sample import Sample
from exporter.model.series import ReadableSeries
from exporter.store.chunk import Chunk
from exporter.store.completeness import Completeness
from exporter.store.counting import SeriesCount
from exporter.store.horizon import Horizon
from exporter.store.instances import Instances
from exporter.store.memory import measure
from exporter.store.merged import merge_duplicates
from exporter.store.renaming import Move
from exporter.store.required_selectors import RequiredSelector, RequiredSelectors
from exporter.store.required_series import RequiredSeries
from exporter.store.selecting import never_stop, select_series
from exporter.store.selections import LARGEST_SELECTION, Selections
from exporter.store.series import Series
from exporter.store.series_group import SeriesGroup

_DEFAULT_RETENTION_MS = 6 * 3_600_000
# After how many series of a selection others may have a turn.
_PIECE = 500


class Store:
    """All series groups, and the way from matchers to series.

    `retention_ms` is how long samples are kept, in milliseconds. Samples of a source must move on in time: an
    older or equal timestamp is dropped, and its samples are counted in `out_of_order`. `version` increases
    with every change; `breaks` when all samples are moved in time, by `shifted_ms` in all; `removals` when a
    source is deleted or renamed. `completeness` tells from when on all is held.
    """

    def __init__(self, *, retention_ms: int = _DEFAULT_RETENTION_MS) -> None:
        self.retention_ms = retention_ms
        self.out_of_order = 0
        self.version = 0
        self.breaks = 0
        self.shifted_ms = 0
        self.removals = 0
        self.completeness = Completeness()
        self._groups: dict[str, SeriesGroup] = {}
        self._instances = Instances()
        # The series that are being read, by source and labels.
        self._open: WeakValueDictionary[tuple[str, Labels], Series] = WeakValueDictionary()
        self._selections = Selections()
        self._required = RequiredSeries(self._kept, lambda: self.retention_ms, RequiredSelectors())
        self._count = SeriesCount()
        self._horizons: WeakSet[Horizon] = WeakSet()
        # Higher than the version of any group that was ever renamed.
        self._renamed_version = 0

    def append(self, sample: Sample) -> None:
        """Add one pass of a source."""
        group = self._groups.get(sample.source)
        if group is None:
            group = self._groups[sample.source] = SeriesGroup(sample.source)
            self._count.note(group)
        times = group.times
        if times and sample.timestamp <= times[-1]:
            self.out_of_order += sum(value is not None for value in sample.values)
            return
        self.version += 1
        self.completeness.note(sample.timestamp)
        self._note_write(group)
        changed = group.append(sample.timestamp, sample.layout, sample.values, sample.absence)
        if group.begun_version == group.version:
            self._evict_begun(group)
        if changed:
            self._note_change(group, changed)
        self._trim(group, sample.timestamp)

    def _evict_begun(self, group: SeriesGroup) -> None:
        """Evict what is materialized of counts that have just got a value in the row before."""
        for index, beginning in group.beginnings.items():
            if beginning.version == group.version:
                series = self._open.get((group.source, group.layout.labels(index)))
                if series is not None:
                    series.evict_before(None)

    def restore(self, chunks: Iterable[Chunk], now_ms: int) -> int:
        """Restore what was written before a restart, in order, before all else; returns how many rows.

        The first sample of a source continues its series. Rows later than `now_ms` (milliseconds) are left
        out: the clock has been set back, and they would keep newer ones out.
        """
        rows = 0
        for chunk in chunks:
            if not chunk.times or chunk.times[-1] > now_ms:
                continue
            group = self._groups.get(chunk.source)
            if group is None:
                group = self._groups[chunk.source] = SeriesGroup(chunk.source)
            self._note_change(group, group.restore(chunk))
            rows += len(chunk.times)
        self.version += 1
        return rows

    @property
    def resumed_sources(self) -> list[str]:
        """The sources that were restored, and have written nothing since."""
        return [group.source for group in self._groups.values() if group.is_resumed]

    def set_required(self, selectors: Iterable[RequiredSelector]) -> None:
        """Set the selectors of rules; under memory pressure all other series are evicted first."""
        for _ in self.update_required(selectors):
            pass

    def update_required(self, selectors: Iterable[RequiredSelector]) -> Iterator[None]:
        """Set the selectors, as `set_required`.

        A generator of small steps: the caller does other things between two of them.
        """
        return self._required.change(selectors, self._groups.values())

    def refresh_required(self) -> Iterator[None]:
        """Bring the lists of required series of all groups up to date.

        A generator of small steps: the caller does other things between two of them.
        """
        return self._required.find()

    @property
    def longest_range_ms(self) -> int:
        """How far back rules read, in milliseconds; never beyond the retention."""
        return min(self.retention_ms, self._required.longest_ms)

    def _kept(self, group: SeriesGroup, series: Series) -> Series:
        """Return the one object for a series that is read more than once."""
        if self._groups.get(group.source) is not group:
            # The group was deleted while it was being read.
            return series
        return self._open.setdefault((group.source, series.labels), series)

    def mark_stale(self, source: str, timestamp_ms: int) -> None:
        """End all series of a source, which could not be read, at this moment (milliseconds)."""
        group = self._groups.get(source)
        if group is not None and timestamp_ms > group.last_time:
            self.version += 1
            self._note_write(group)
            group.mark_stale(timestamp_ms)
            self._count.note(group)

    def shift(self, by_ms: int) -> None:
        """Move all samples in time, since the clock was set by so much (milliseconds).

        A sample that was ten seconds old before is ten seconds old afterwards.
        """
        self.version += 1
        self.breaks += 1
        self.shifted_ms += by_ms
        self.completeness.shift(by_ms)
        for group in self._groups.values():
            group.shift(by_ms)

    def delete(self, source: str) -> None:
        """Drop a source with all its samples."""
        group = self._groups.get(source)
        if group is not None and group.times:
            self.completeness.drop(group.last_time)
        self._remove(source)

    def _remove(self, source: str) -> None:
        self.version += 1
        self.removals += 1
        self._count.delete(source)
        self._required.delete(source)
        group = self._groups.pop(source, None)
        self._instances.delete(source)
        if group is not None:
            for key in [key for key in self._open if key[0] == source]:
                del self._open[key]
            self._selections.drop({name for layout in group.layouts for name in layout.schema.by_name})

    def rename(self, moves: Sequence[Move]) -> None:
        """Move the samples of servers that have got other names.

        They replace what was written under these names before. Two servers may have swapped theirs.
        """
        groups = [(move, self._groups.get(move.source)) for move in moves]
        for source in {source for move in moves for source in (move.source, move.new_source)}:
            self._remove(source)
        self._renamed_version = max(
            [self._renamed_version, *(group.version for _, group in groups if group is not None)]
        )
        for move, group in groups:
            if group is not None:
                self._renamed_version += 1
                new = self._groups[move.new_source] = move.of(group, self._renamed_version)
                self._note_change(new, set(new.series_by_name))

    def group(self, source: str) -> SeriesGroup | None:
        """Return the samples of a source, if there are any."""
        return self._groups.get(source)

    def groups_of(self, sources: Iterable[str]) -> Sequence[SeriesGroup]:
        """Return the groups of these sources, as far as they have any."""
        groups = self._groups
        return [groups[source] for source in sources if source in groups]

    @property
    def groups(self) -> Iterator[SeriesGroup]:
        """All groups, in order of their first sample."""
        return iter(self._groups.values())

    def select(
        self, matchers: Sequence[Matcher], check: Callable[[int], None] | None = None
    ) -> Sequence[ReadableSeries]:
        """Return every series still held that satisfies all matchers, the ended ones included.

        `check` is called now and then where that takes long, with the number of series that were found since
        the last call; the store may change then.
        """
        key = tuple(matchers)
        found = self._selections.get(key)
        if found is None:
            version, groups = self._selections.version, self._instances.narrow(self._groups.values(), key)
            found = self.select_of(groups, key, check)
            if version == self._selections.version:
                self._selections.keep(key, found)
        return found

    def select_of(
        self,
        groups: Iterable[SeriesGroup],
        matchers: Sequence[Matcher],
        check: Callable[[int], None] | None = None,
    ) -> Sequence[ReadableSeries]:
        """Select from these groups only, which may have left the store."""
        pause = check or never_stop
        matching: list[tuple[SeriesGroup, Series]] = []
        for number, one in enumerate(select_series(groups, matchers, pause), 1):
            matching.append(one)
            if number % _PIECE == 0:
                pause(_PIECE)
        is_large = len(matching) > LARGEST_SELECTION
        series = (one if is_large else self._kept(group, one) for group, one in matching)
        merged = merge_duplicates(series, lambda: pause(0))
        # A selection that is cached must not be changed; its reader may take any other apart.
        found = merged if is_large else tuple(merged)
        while matching:
            # Step by step, since freeing so many at once takes long.
            del matching[-_PIECE:]
            pause(0)
        return found

    def find(
        self, matchers: Sequence[Matcher], check: Callable[[int], None] | None = None
    ) -> Iterator[Series]:
        """Select one by one and for one reading; the same labels may come from several sources."""
        groups = self._instances.narrow(self._groups.values(), matchers)
        return (series for _, series in select_series(groups, matchers, check or never_stop))

    def horizon(self) -> Horizon:
        """Return a horizon at the present moment, for a reading that lets others write meanwhile."""
        horizon = Horizon(self, self._groups.values())
        self._horizons.add(horizon)
        return horizon

    def _note_write(self, group: SeriesGroup) -> None:
        if self._horizons:
            for horizon in self._horizons:
                horizon.note(group)

    def holds(self, source: str, matchers: Sequence[Matcher]) -> bool:
        """Whether a source has written a series that satisfies all matchers, ended or not."""
        return next(select_series(self.groups_of([source]), matchers), None) is not None

    def metric_names(self) -> Sequence[str]:
        """Return all metric names still held, sorted."""
        return sorted(self.series_by_name)

    @property
    def series_by_name(self) -> dict[str, int]:
        """The number of series that are held of each metric name."""
        found: Counter[str] = Counter()
        for group in self._groups.values():
            found.update(group.series_by_name)
        return dict(found)

    @property
    def series_count(self) -> int:
        """The number of series that are held, the ended ones included."""
        return self._count.total

    @property
    def bytes(self) -> int:
        """About how much memory all samples take, and those who read them."""
        measuring = self.measure()
        while True:
            try:
                next(measuring)
            except StopIteration as end:
                return int(end.value)

    def measure(self) -> Generator[None, None, int]:
        """Return about how many bytes all samples take, as `bytes`.

        A generator of small steps: the caller does other things between two of them.
        """
        return measure(list(self._groups.values()), self._open.valuerefs())

    def _trim(self, group: SeriesGroup, now_ms: int) -> None:
        # A tenth more than the retention is kept, so that trimming is done in few larger steps.
        if group.times[0] < now_ms - self.retention_ms - self.retention_ms // 10:
            self.trim_group(group, now_ms - self.retention_ms)

    def trim(self, now_ms: int) -> Iterator[None]:
        """Drop samples older than the retention, also of sources that no longer write.

        What is materialized for readers and not required goes too. `now_ms` is in milliseconds. A generator
        of small steps: the caller does other things between two of them.
        """
        for source, group in list(self._groups.items()):
            self.trim_group(group, now_ms - self.retention_ms)
            if not group.times and self._groups.get(source) is group:
                self.delete(source)
            yield
        yield from self._required.find()
        for reference in self._open.valuerefs():
            if (series := reference()) is not None:
                series.evict_before(now_ms - series.range_ms if series.range_ms else None)
            yield

    def trim_group(self, group: SeriesGroup, before_ms: int) -> None:
        """Drop the samples of one source up to a moment (milliseconds)."""
        if group.times and group.times[0] <= before_ms:
            self.completeness.drop(before_ms)
        self._note_change(group, group.trim(before_ms))

    def evict_group(self, group: SeriesGroup, now_ms: int, retention_ms: int) -> None:
        """Drop samples of one source older than `retention_ms` that no rule reads (milliseconds)."""
        for _ in self._required.find_of(group):
            pass
        self.completeness.drop(now_ms - retention_ms)
        self._note_change(group, group.evict(now_ms, retention_ms))

    def _note_change(self, group: SeriesGroup, names: Set[str]) -> None:
        """Update all indexes: a group has other series of these metric names than before."""
        if names:
            self._count.note(group)
            self._instances.note(group)
            self._required.note(group, names)
            self._selections.drop(names)
