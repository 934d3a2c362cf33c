"""Keeps the list of the series that somebody reads all the time, block by block."""

from collections.abc import Callable, Iterable, Iterator, Set
from typing import Final

from exporter.model.labels import Labels
from exporter.store.block import Block
from exporter.store.needs import Need, Needs
from exporter.store.series import Series

# After how many series others may have a turn.
_PIECE: Final = 250


class NeededSeries:
    """Finds the series of blocks that are needed, some time after a block has got other series: before the
    list is read, and in small steps.

    `keep` gives the one object for a series of a block; `retention_ms` is how long samples are kept.
    """

    def __init__(
        self, keep: Callable[[Block, Series], Series], retention_ms: Callable[[], int], needs: Needs
    ) -> None:
        self._keep = keep
        self._retention_ms = retention_ms
        self._needs = needs
        self._due: dict[str, Block] = {}

    @property
    def longest_ms(self) -> int:
        """How far back anything is needed, in milliseconds; 0 without any need."""
        return self._needs.longest_ms

    def change(self, needs: Iterable[Need], blocks: Iterable[Block]) -> Iterator[None]:
        """Other series are needed from now on; the lists of all blocks are made anew in small steps."""
        self._needs = Needs(needs)
        for block in list(blocks):
            self._due.pop(block.source, None)
            yield from self._find(block, {})

    def note(self, block: Block, names: Set[str]) -> None:
        """A block has other series of these metric names than before."""
        needed = self._needs.names
        if None in needed or not names.isdisjoint(needed):
            self._due[block.source] = block

    def forget(self, source: str) -> None:
        """A block has gone."""
        self._due.pop(source, None)

    def find(self) -> Iterator[None]:
        """Bring all lists up to date, in small steps: do other things in between."""
        for block in list(self._due.values()):
            yield from self.find_of(block)

    def find_of(self, block: Block) -> Iterator[None]:
        """As `find`, for one block."""
        if self._due.get(block.source) is block:
            # It may get other series again meanwhile.
            del self._due[block.source]
            yield from self._find(block, {one.labels: one for one in block.needed})

    def _find(self, block: Block, known: dict[Labels, Series]) -> Iterator[None]:
        """Find the series of a block that are needed; of those known that is known already."""
        names = self._needs.names
        held = {name for layout in block.layouts for name in layout.shape.by_name if name in names}
        needed = []
        looked_at = 0
        for name in (None,) if None in names else sorted(held):
            for layout, position in block.places(name):
                looked_at += 1
                if looked_at % _PIECE == 0:
                    yield
                labels = layout.labels(position)
                series = known.get(labels)
                if series is None:
                    reach_ms = min(self._retention_ms(), self._needs.reach_ms(labels))
                    if not reach_ms:
                        continue
                    series = self._keep(block, Series(labels, block, layout, position))
                    series.reach_ms = reach_ms
                needed.append(series)
        self._replace(block, needed)
        yield

    def _replace(self, block: Block, needed: list[Series]) -> None:
        left = set(map(id, needed))
        for series in block.needed:
            if id(series) not in left:
                series.reach_ms = 0
        block.set_needed(needed)
