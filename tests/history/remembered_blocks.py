"""Blocks made of what a store holds, in memory: for tests of those who read blocks."""

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from exporter.errors import DamagedBlockError
from exporter.history.reading import ReadableBlock, never_yield
from exporter.model.labels import Labels
from exporter.model.matcher import Matcher
from exporter.model.rising import rises
from exporter.model.sample import STALE, is_stale
from exporter.store import Store
from exporter.store.series import Series
from exporter.store.series_group import SeriesGroup


@dataclass
class RememberedColumn:
    rows: "array[int]"
    values: "array[float]"

    @property
    def rises(self) -> bool:
        return rises(self.values.tolist())


@dataclass
class RememberedSource:
    source: str
    stamps: "array[int]"
    series: list[Labels]
    columns: list[RememberedColumn]
    is_damaged: bool = False

    def times(self) -> "array[int]":
        return self.stamps

    def column(self, index: int) -> RememberedColumn:
        if self.is_damaged:
            raise DamagedBlockError("torn")
        return self.columns[index]


@dataclass
class RememberedBlock:
    start_ms: int
    end_ms: int
    sources: list[RememberedSource] = field(default_factory=list)
    is_damaged: bool = False
    sequence: int = 0

    def source(self, name: str) -> RememberedSource | None:
        return next((one for one in self.sources if one.source == name), None)

    def select(
        self, matchers: Sequence[Matcher], yield_control: Callable[[], None] = never_yield
    ) -> Iterator[tuple[RememberedSource, int]]:
        if self.is_damaged:
            raise DamagedBlockError("torn")
        for source in self.sources:
            for index, labels in enumerate(source.series):
                if all(one.matches(labels) for one in matchers):
                    yield source, index


class RememberedBlocks:
    """Implements `ReadableBlocks`; the later one of two of the same time counts."""

    def __init__(self, blocks: Sequence[RememberedBlock] = ()) -> None:
        self.blocks = list(blocks)
        self.asked = 0
        self.damaged: list[ReadableBlock] = []

    def between(self, start_ms: int, end_ms: int) -> Sequence[RememberedBlock]:
        self.asked += 1
        return [one for one in self.blocks if one.end_ms > start_ms and one.start_ms <= end_ms]

    def set_aside(self, block: ReadableBlock, error: DamagedBlockError) -> None:
        self.damaged.append(block)


def block_of(store: Store, start_ms: int, end_ms: int) -> RememberedBlock:
    """All rows of a store in [start, end) as a block."""
    block = RememberedBlock(start_ms, end_ms - 1)
    for group in store.groups:
        low, high = (bisect_left(group.times, moment) for moment in (start_ms, end_ms))
        if low < high:
            block.sources.append(_source_of(group, low, high))
    return block


def _source_of(group: SeriesGroup, low: int, high: int) -> RememberedSource:
    found = RememberedSource(group.source, group.times[low:high], [], [])
    for layout, index in group.indexes():
        values = Series(layout.labels(index), group, layout, index).values_in(
            group.first_row + low, high - low
        )
        assert values is not None
        if not all(map(is_stale, values)):
            found.series.append(layout.labels(index))
            found.columns.append(_column_of(values))
    return found


def _column_of(values: list[float]) -> RememberedColumn:
    column = RememberedColumn(array("I"), array("d"))
    for row, value in enumerate(values):
        last = column.values[-1] if row else None
        is_same = last is not None and (value == last or (is_stale(value) and is_stale(last)))
        if not is_same or (value is not STALE and value != value and not is_stale(value)):
            column.rows.append(row)
            column.values.append(value)
    return column
