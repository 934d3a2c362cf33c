"""Counts the series of all groups; only groups that changed are counted again."""

from exporter.store.series_group import SeriesGroup


class SeriesCount:
    """How many series all groups hold, the ended ones included."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._changed: dict[str, SeriesGroup] = {}
        self._total = 0

    def note(self, group: SeriesGroup) -> None:
        """A group is new, or may hold another number of series than before."""
        self._changed[group.source] = group

    def delete(self, source: str) -> None:
        """A group has gone."""
        self._changed.pop(source, None)
        self._total -= self._counts.pop(source, 0)

    @property
    def total(self) -> int:
        """The number of series."""
        for source, group in self._changed.items():
            count = group.series_count
            self._total += count - self._counts.get(source, 0)
            self._counts[source] = count
        self._changed.clear()
        return self._total
