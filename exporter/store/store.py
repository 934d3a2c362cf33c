"""The samples of the last hours, in memory: what queries and the exposition read."""

from collections.abc import Iterable, Iterator, Sequence

from exporter.model.labels import METRIC_NAME, Labels
from exporter.model.matcher import Matcher
from exporter.model.sample import Sample
from exporter.store.block import Block
from exporter.store.needs import Need, Needs, metric_name
from exporter.store.piece import Piece
from exporter.store.series import MergedSeries, ReadableSeries, Series

_DEFAULT_RETENTION_MS = 6 * 3_600_000
_MOST_SELECTED = 1_000_000


class Store:
    """All blocks, and the way from matchers to series.

    `retention_ms` is how long samples are kept. Samples of a source must move on in time: an older or equal
    timestamp is dropped and counted in `out_of_order`. `version` moves with every change.
    """

    def __init__(self, *, retention_ms: int = _DEFAULT_RETENTION_MS) -> None:
        self.retention_ms = retention_ms
        self.out_of_order = 0
        self.version = 0
        self._needs = Needs()
        self._blocks: dict[str, Block] = {}
        self._by_name: dict[str, list[Series]] = {}
        # Selections by metric name ("" where the selector has none), until a series of it comes or goes.
        self._selections: dict[str, dict[tuple[Matcher, ...], Sequence[ReadableSeries]]] = {}
        # How much they hold at the most: those that were dropped since count too.
        self._selected = 0

    def append(self, sample: Sample) -> None:
        """Take in one pass of a source."""
        block = self._blocks.get(sample.source)
        if block is None:
            block = self._blocks[sample.source] = Block(sample.source)
        if block.times and sample.timestamp <= block.last_time:
            self.out_of_order += 1
            return
        self.version += 1
        appeared = block.append(sample.timestamp, sample.layout, sample.values)
        if appeared:
            self._index(block, appeared)
        self._trim(block, sample.timestamp)

    def restore(self, pieces: Iterable[Piece], now: int) -> int:
        """Put back what was written before a restart, in its order, before anything else is written; returns
        how many rows.

        The first sample of a source continues its series. Rows later than `now` (milliseconds) are left out:
        the clock has been set back, and they would keep newer ones out.
        """
        rows = 0
        for piece in pieces:
            if not piece.times or piece.times[-1] > now:
                continue
            block = self._blocks.get(piece.source)
            if block is None:
                block = self._blocks[piece.source] = Block(piece.source)
            self._index(block, block.replay(piece))
            rows += len(piece.times)
        self.version += 1
        return rows

    @property
    def resumed_sources(self) -> list[str]:
        """The sources that were put back, and have written nothing since."""
        return [block.source for block in self._blocks.values() if block.is_resumed]

    def set_needs(self, needs: Iterable[Need]) -> None:
        """Tell which series are read, and how far back; all others are the first to lose their history."""
        self._needs = Needs(needs)
        for block in self._blocks.values():
            for series in block.series:
                series.reach_ms = self._reach_ms(series.labels)
            block.note_needed()

    @property
    def longest_reach_ms(self) -> int:
        """How far back anything is needed, in milliseconds; never beyond the retention."""
        return min(self.retention_ms, self._needs.longest_ms)

    def _reach_ms(self, labels: Labels) -> int:
        return min(self.retention_ms, self._needs.reach_ms(labels))

    def mark_stale(self, source: str, timestamp: int) -> None:
        """The source could not be read: all its series end at this moment (milliseconds)."""
        block = self._blocks.get(source)
        if block is not None and timestamp > block.last_time:
            self.version += 1
            block.mark_stale(timestamp)

    def forget(self, source: str) -> None:
        """Drop a source with all its history."""
        self.version += 1
        block = self._blocks.pop(source, None)
        if block is not None:
            self._unindex(block.series)

    def block(self, source: str) -> Block | None:
        """What a source has written, if anything."""
        return self._blocks.get(source)

    @property
    def blocks(self) -> Iterator[Block]:
        """All blocks, in order of their first sample."""
        return iter(self._blocks.values())

    def select(self, matchers: Sequence[Matcher]) -> Sequence[ReadableSeries]:
        """Every series still held that satisfies all matchers, the ended ones included."""
        key = tuple(matchers)
        name = metric_name(key)
        found = self._selections.get(name, {}).get(key)
        if found is None:
            found = _merge_duplicates(self._matching(name, key))
            self._selected += len(found) + 1
            if self._selected > _MOST_SELECTED:
                self._selections.clear()
                self._selected = len(found) + 1
            self._selections.setdefault(name, {})[key] = found
        return found

    def _matching(self, name: str, matchers: Sequence[Matcher]) -> Iterator[Series]:
        candidates: Iterable[Series]
        if name:
            candidates = self._by_name.get(name, ())
            matchers = [matcher for matcher in matchers if matcher.name != METRIC_NAME]
        else:
            candidates = (series for group in self._by_name.values() for series in group)
        for series in candidates:
            get = series.labels.get
            if all(matcher.matches_value(get(matcher.name)) for matcher in matchers):
                yield series

    def metric_names(self) -> Sequence[str]:
        """All metric names still held, sorted."""
        return sorted(self._by_name)

    @property
    def series_by_name(self) -> dict[str, int]:
        """How many series are held of each metric name."""
        return {name: len(group) for name, group in self._by_name.items()}

    @property
    def series_count(self) -> int:
        """How many series are held, the ended ones included."""
        return sum(len(group) for group in self._by_name.values())

    @property
    def bytes(self) -> int:
        """About how much memory all samples take."""
        return sum(block.bytes for block in self._blocks.values())

    def _trim(self, block: Block, now: int) -> None:
        # A tenth more than asked for is kept, so that trimming comes in few larger pieces.
        if block.times[0] < now - self.retention_ms - self.retention_ms // 10:
            self.trim_block(block, now - self.retention_ms)

    def trim(self, now: int) -> None:
        """Drop what is older than the retention, also of sources that no longer write (milliseconds)."""
        for source, block in list(self._blocks.items()):
            self.trim_block(block, now - self.retention_ms)
            if not block.times:
                self.forget(source)

    def trim_block(self, block: Block, before: int) -> None:
        """Drop what one source wrote up to a moment (milliseconds)."""
        self._unindex(block.trim(before))

    def _index(self, block: Block, appeared: Sequence[Series]) -> None:
        for series in appeared:
            series.reach_ms = self._reach_ms(series.labels)
            self._by_name.setdefault(series.labels.name, []).append(series)
        if any(series.reach_ms for series in appeared):
            block.note_needed()
        self._drop_selections(series.labels.name for series in appeared)

    def _unindex(self, vanished: Sequence[Series]) -> None:
        gone = {id(series) for series in vanished}
        names = {series.labels.name for series in vanished}
        for name in names:
            left = [series for series in self._by_name[name] if id(series) not in gone]
            if left:
                self._by_name[name] = left
            else:
                del self._by_name[name]
        self._drop_selections(names)

    def _drop_selections(self, names: Iterable[str]) -> None:
        changed = set(names)
        if changed:
            self._selections.pop("", None)
        for name in changed:
            self._selections.pop(name, None)


def _merge_duplicates(found: Iterable[Series]) -> Sequence[ReadableSeries]:
    by_labels: dict[Labels, list[Series]] = {}
    for series in found:
        by_labels.setdefault(series.labels, []).append(series)
    return tuple(parts[0] if len(parts) == 1 else MergedSeries(parts) for parts in by_labels.values())
