"""Rows out of the history's blocks, for receivers that have fallen behind what memory holds."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from exporter.errors import DamagedBlockError
from exporter.history.downsampling import SPIKES
from exporter.history.reading import ReadableBlock, ReadableBlockSource
from exporter.model.labels import METRIC_NAME, Labels
from exporter.model.sample import STALE, Family, Kind, Layout, Point
from exporter.store.row_reader import Rows
from exporter.store.segment import index_code

_EVER = -(1 << 62)


class Block(ReadableBlock, Protocol):
    """A block, all of whose sources are read."""

    @property
    def sources(self) -> Iterable[ReadableBlockSource]:
        """Its sources. Raises `DamagedBlockError`."""
        ...


class Blocks(Protocol):
    """All blocks of a directory."""

    def between(self, start_ms: int, end_ms: int) -> Sequence[Block]:
        """Those with samples in a range of time, the oldest first, of one time by their sequence."""
        ...

    def set_aside(self, block: ReadableBlock, error: DamagedBlockError) -> None:
        """Take out a block that has turned out to be damaged."""
        ...


@dataclass(frozen=True, slots=True)
class Gaps:
    """What a receiver lacks: of each source the time (after, before) of rows that it has not got.

    Both ends are in milliseconds, and had by the receiver. `others`: that of all sources that are not named;
    None: they lack nothing.
    """

    sources: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    others: tuple[int, int] | None = None

    def of(self, source: str) -> tuple[int, int] | None:
        """Return the gap of a source, if it has one."""
        return self.sources.get(source, self.others)

    @property
    def span(self) -> tuple[int, int] | None:
        """From the beginning of the first to the end of the last; None without any."""
        gaps = [*self.sources.values(), *([self.others] if self.others else [])]
        return (min(after for after, _ in gaps), max(before for _, before in gaps)) if gaps else None


class HistoryRows:
    """Reads rows of blocks; `rows_read` counts them. Blocking: to be used in a thread."""

    def __init__(self, blocks: Blocks, family_of: Callable[[str], Family | None]) -> None:
        self._blocks = blocks
        self._family_of = family_of
        # Of each source the newest layout: most blocks have the same as the one before.
        self._layouts: dict[str, tuple[Sequence[Labels], Layout]] = {}
        self.rows_read = 0

    def read(self, gaps: Gaps, wants: Callable[[str], bool]) -> Iterator[Rows]:
        """Yield the rows of these gaps, of the sources that are wanted, block by block in order of time."""
        span = gaps.span
        if span is None:
            return
        # What has been read of a source; a later block may begin before the end of an earlier one.
        read: dict[str, int] = {}
        for block in self._blocks.between(*span):
            try:
                for source in block.sources:
                    # Spikes stand apart on disk only: they are what their source has not got across.
                    writer = source.source.removesuffix(SPIKES)
                    gap = gaps.of(writer)
                    if gap is None or not wants(writer):
                        continue
                    after_ms = max(gap[0], read.get(source.source, _EVER))
                    rows = self._rows_of(source, after_ms, gap[1])
                    if rows is not None:
                        read[source.source] = rows.times[-1]
                        self.rows_read += len(rows.times)
                        yield rows
            except DamagedBlockError as error:
                self._blocks.set_aside(block, error)

    def forget(self) -> None:
        """Let go of what was kept from block to block."""
        self._layouts.clear()

    def _rows_of(self, source: ReadableBlockSource, after_ms: int, before_ms: int) -> Rows | None:
        times = source.times()
        low, high = bisect_right(times, after_ms), bisect_left(times, before_ms)
        if low >= high:
            return None
        layout = self._layout_of(source)
        code = index_code(len(layout))
        base = array("d", [STALE]) * len(layout)
        moved: dict[int, tuple[array[int], array[float]]] = {}
        for index in range(len(layout)):
            column = source.column(index)
            rows, values = column.rows, column.values
            first = bisect_right(rows, low)
            if first:
                base[index] = values[first - 1]
            for at in range(first, bisect_left(rows, high)):
                entry = moved.get(rows[at])
                if entry is None:
                    entry = moved[rows[at]] = (array(code), array("d"))
                entry[0].append(index)
                entry[1].append(values[at])
        packed: list[tuple[bytes, bytes]] = [(b"", b"")] * (high - low)
        for row, (indexes, numbers) in moved.items():
            packed[row - low] = (indexes.tobytes(), numbers.tobytes())
        all_moved, all_values = [one for one, _ in packed], [one for _, one in packed]
        return Rows(source.source, layout, times[low:high], base, all_moved, all_values)

    def _layout_of(self, source: ReadableBlockSource) -> Layout:
        series, known = source.series, self._layouts.get(source.source)
        if known is not None and known[0] == series:
            return known[1]
        layout = Layout([self._point(labels) for labels in series])
        self._layouts[source.source] = (series, layout)
        return layout

    def _point(self, labels: Labels) -> Point:
        name = labels.name
        family = self._family_of(name) or Family(name, Kind.UNTYPED, "")
        return Point(family, name.removeprefix(family.name), labels.without(METRIC_NAME))
