"""Counts the series of all blocks, of which few change between two looks."""

from exporter.store.block import Block


class SeriesCount:
    """How many series all blocks hold, the ended ones included."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._changed: dict[str, Block] = {}
        self._total = 0

    def note(self, block: Block) -> None:
        """A block is new, or may hold another number of series than before."""
        self._changed[block.source] = block

    def forget(self, source: str) -> None:
        """A block has gone."""
        self._changed.pop(source, None)
        self._total -= self._counts.pop(source, 0)

    @property
    def total(self) -> int:
        """The number of series."""
        for source, block in self._changed.items():
            count = block.series_count
            self._total += count - self._counts.get(source, 0)
            self._counts[source] = count
        self._changed.clear()
        return self._total
