"""What rules read further back than memory reaches is decoded once, and kept for their next evaluations."""

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, compress, count, islice
from operator import ne
from typing import Final
from weakref import WeakKeyDictionary, WeakSet

from exporter.history.reading import ReadableBlocks, never_yield
from exporter.history.series import HistorySeries
from exporter.history.view import HistoryView
from exporter.log import get_logger
from exporter.model.labels import Labels
from exporter.model.matcher import Matcher
from exporter.model.rising import rises
from exporter.store import Store

MOST_KEPT_BYTES: Final = 64 << 20
"""What all rules together keep; a rule for which there is no place reads the blocks each time."""

# A label set, an array of rows and one of values.
_SERIES_BYTES: Final = 700
_CHANGE_BYTES: Final = 12
_ROW_BYTES: Final = 8

# What is kept is what blocks hold.
_NO_MEMORY: Final = Store()

_log = get_logger(__name__)


@dataclass(slots=True)
class KeptColumn:
    """The changes of a series over several blocks."""

    rows: "array[int]"
    values: "array[float]"

    @property
    def rises(self) -> bool:
        """Whether all are numbers, and none is lower than the one before it."""
        return rises(self.values.tolist())


@dataclass(slots=True)
class KeptSource:
    """The rows of one source over several blocks."""

    source: str
    stamps: "array[int]"
    series: list[Labels] = field(default_factory=list)
    columns: list[KeptColumn] = field(default_factory=list)
    indexes: dict[Labels, int] = field(default_factory=dict)

    def times(self) -> "array[int]":
        """The timestamps of the rows, in milliseconds."""
        return self.stamps

    def column(self, index: int) -> KeptColumn:
        """The changes of a series."""
        return self.columns[index]


class KeptBlock:
    """What the selectors of one rule find in blocks from `start_ms` to `end_ms`, as one block.

    It is read when it is first selected, series by series. `bytes` is about what it takes. It `is_outdated`
    where the blocks became others before all of it was read.
    """

    def __init__(self, blocks: ReadableBlocks, start_ms: int, end_ms: int) -> None:
        self.start_ms = start_ms
        self.sequence = 0
        self.bytes = 0
        self.is_outdated = False
        self._blocks = blocks
        self._found = list(blocks.between(start_ms, end_ms))
        self.end_ms = max((one.end_ms for one in self._found), default=start_ms)
        self._sources: dict[str, KeptSource] = {}
        self._selected: dict[tuple[Matcher, ...], list[tuple[KeptSource, int]]] = {}

    def source(self, name: str) -> KeptSource | None:
        """The rows of a source of which a series was selected."""
        return self._sources.get(name)

    def select(
        self, matchers: Sequence[Matcher], yield_control: Callable[[], None] = never_yield
    ) -> Iterator[tuple[KeptSource, int]]:
        """The series that satisfy all matchers; calls `yield_control` while they are read."""
        key = tuple(matchers)
        if key in self._selected:
            yield from self._selected[key]
            return
        found = []
        for one in self._read(key, yield_control):
            found.append(one)
            yield one
        self._selected[key] = found

    def _read(
        self, matchers: tuple[Matcher, ...], yield_control: Callable[[], None]
    ) -> Iterator[tuple[KeptSource, int]]:
        view = HistoryView(_NO_MEMORY, self._found, self.start_ms, self.end_ms, self._blocks.set_aside)
        try:
            for (name, labels), series in view.find(matchers, lambda _: yield_control()).items():
                source = self._sources.get(name)
                if source is None:
                    source = self._sources[name] = KeptSource(name, series.timeline.times)
                    self.bytes += len(source.stamps) * _ROW_BYTES
                if source.stamps == series.timeline.times:
                    yield source, self._keep(source, labels, series)
                else:
                    self.is_outdated = True
        finally:
            view.close()

    def _keep(self, source: KeptSource, labels: Labels, series: HistorySeries) -> int:
        index = source.indexes.get(labels)
        if index is None:
            # Reading gives way, and may be given up: nothing is noted before it is done.
            column = _column_of(series.values_in(0, len(source.stamps)))
            index = source.indexes[labels] = len(source.series)
            source.series.append(labels)
            source.columns.append(column)
            self.bytes += _SERIES_BYTES + len(column.rows) * _CHANGE_BYTES
        return index


def _column_of(values: list[float]) -> KeptColumn:
    """The changes of a series with a value in each row."""
    rows = array("I", compress(count(), chain((bool(values),), map(ne, islice(values, 1, None), values))))
    return KeptColumn(rows, array("d", map(values.__getitem__, rows)))


class KeptHistory:
    """What rules read of memory and disk: implements `History` of PromQL.

    What lies within the retention of memory is there for rules, also after a restart. What they read beyond
    that is decoded once, and again when memory no longer has what comes after it: every few hours.
    """

    def __init__(self, store: Store, blocks: ReadableBlocks, most_bytes: int = MOST_KEPT_BYTES) -> None:
        self._store = store
        self._blocks = blocks
        self._most_bytes = most_bytes
        self._breaks = store.breaks
        self._kept: WeakKeyDictionary[object, KeptBlock] = WeakKeyDictionary()
        self._too_large: WeakSet[object] = WeakSet()

    @property
    def bytes(self) -> int:
        """About how much is kept."""
        return sum(block.bytes for block in self._kept.values())

    def between(self, start_ms: int, end_ms: int, reader: object) -> HistoryView | None:
        """What there is in (start, end], in milliseconds, for a reader that comes again and again.

        None where the store has all that a rule reads there.
        """
        newest_ms = self._store.completeness.newest_ms
        if newest_ms and start_ms >= newest_ms - self._store.retention_ms:
            return None
        self._make_room()
        set_aside = self._blocks.set_aside
        if reader in self._too_large:
            return HistoryView(
                self._store, self._blocks.between(start_ms, end_ms), start_ms, end_ms, set_aside
            )
        block = self._block_of(reader, start_ms, end_ms)
        return HistoryView(self._store, [block], start_ms, end_ms, set_aside)

    def _block_of(self, reader: object, start_ms: int, end_ms: int) -> KeptBlock:
        if self._breaks != self._store.breaks:
            self._breaks = self._store.breaks
            self._kept.clear()
        block = self._kept.get(reader)
        if block is None or block.is_outdated or start_ms < block.start_ms or self._has_gap(block, end_ms):
            block = self._kept[reader] = KeptBlock(self._blocks, start_ms, end_ms)
        return block

    def _has_gap(self, block: KeptBlock, end_ms: int) -> bool:
        """Whether memory has lost rows that come after those of a block, and newer blocks have them."""
        if block.end_ms >= self._store.completeness.after_ms:
            return False
        return any(one.end_ms > block.end_ms for one in self._blocks.between(block.end_ms, end_ms))

    def _make_room(self) -> None:
        """Keep nothing more for the reader that takes the most, where all take too much."""
        while self.bytes > self._most_bytes:
            largest = max(self._kept, key=lambda reader: self._kept[reader].bytes)
            del self._kept[largest]
            self._too_large.add(largest)
            _log.warning(
                "a rule looks back over more than can be kept in memory, and reads the disk each time",
                rule=str(largest),
            )
