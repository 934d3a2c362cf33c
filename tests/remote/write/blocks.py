"""Blocks in memory, made of samples."""

from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from exporter.errors import DamagedBlockError
from exporter.history.column import Column
from exporter.history.reading import ReadableBlock, never_yield
from exporter.model.labels import Labels
from exporter.model.matcher import Matcher
from exporter.model.sample import STALE, Sample


class BlockSource:
    """The rows of one source, as they were sampled."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self.source = samples[0].source
        self.series: Sequence[Labels] = sorted(
            {one.layout.labels(at) for one in samples for at in range(len(one.layout))}, key=lambda x: x.pairs
        )
        self._times = array("q", [one.timestamp for one in samples])
        self._rows = [
            {one.layout.labels(at): value for at, value in enumerate(one.values) if value is not None}
            for one in samples
        ]

    def times(self) -> "array[int]":
        return self._times

    def column(self, index: int) -> Column:
        column = Column(array("I"), array("d"))
        for number, row in enumerate(self._rows):
            value = row.get(self.series[index], STALE)
            if not number or repr(value) != repr(column.values[-1]):
                column.rows.append(number)
                column.values.append(value)
        return column


@dataclass
class Block:
    found: Mapping[str, BlockSource]
    sequence: int = 0
    is_damaged: bool = False

    @property
    def start_ms(self) -> int:
        return min(one.times()[0] for one in self.found.values())

    @property
    def end_ms(self) -> int:
        return max(one.times()[-1] for one in self.found.values())

    @property
    def sources(self) -> Sequence[BlockSource]:
        if self.is_damaged:
            raise DamagedBlockError("is damaged")
        return list(self.found.values())

    def source(self, name: str) -> BlockSource | None:
        return self.found.get(name)

    def select(
        self, matchers: Sequence[Matcher], yield_control: Callable[[], None] = never_yield
    ) -> Sequence[tuple[BlockSource, int]]:
        raise NotImplementedError(matchers)


@dataclass
class MemoryBlocks:
    """Implements what remote write needs of the history."""

    blocks: list[Block] = field(default_factory=list)
    damaged: list[Block] = field(default_factory=list)

    def add(self, samples: Sequence[Sample]) -> None:
        """Add a block of these samples, in order of time."""
        by_source: dict[str, list[Sample]] = {}
        for one in samples:
            by_source.setdefault(one.source, []).append(one)
        self.blocks.append(Block({name: BlockSource(found) for name, found in by_source.items()}))

    def between(self, start_ms: int, end_ms: int) -> Sequence[Block]:
        return [one for one in self.blocks if one.end_ms > start_ms and one.start_ms <= end_ms]

    def set_aside(self, block: ReadableBlock, error: DamagedBlockError) -> None:
        assert str(error)
        self.damaged += [one for one in self.blocks if one is block]
        self.blocks = [one for one in self.blocks if one is not block]
