"""Keeps the list of the series that rules read, group by group."""

from collections.abc import Callable, Iterable, Iterator, Set
from typing import Final

from exporter.model.labels import Labels
from exporter.store.required_selectors import RequiredSelector, RequiredSelectors
from exporter.store.series import Series
from exporter.store.series_group import SeriesGroup

# After how many series others may have a turn.
_PIECE: Final = 250


class RequiredSeries:
    """Finds the required series of each group, in small steps.

    A group that has got other series is only noted; its list is brought up to date before it is used. `keep`
    returns the one object for a series of a group; `retention_ms` returns how long samples are kept.
    """

    def __init__(
        self,
        keep: Callable[[SeriesGroup, Series], Series],
        retention_ms: Callable[[], int],
        selectors: RequiredSelectors,
    ) -> None:
        self._keep = keep
        self._retention_ms = retention_ms
        self._selectors = selectors
        self._due: dict[str, SeriesGroup] = {}

    @property
    def longest_ms(self) -> int:
        """The longest range of all selectors, in milliseconds; 0 without any."""
        return self._selectors.longest_ms

    def change(self, selectors: Iterable[RequiredSelector], groups: Iterable[SeriesGroup]) -> Iterator[None]:
        """Take other selectors; the lists of all groups are made anew in small steps."""
        self._selectors = RequiredSelectors(selectors)
        for group in list(groups):
            self._due.pop(group.source, None)
            yield from self._find(group, {})

    def note(self, group: SeriesGroup, names: Set[str]) -> None:
        """Note that a group has other series of these metric names than before."""
        required = self._selectors.names
        if None in required or not names.isdisjoint(required):
            self._due[group.source] = group

    def delete(self, source: str) -> None:
        """Drop a group that has gone."""
        self._due.pop(source, None)

    def find(self) -> Iterator[None]:
        """Bring all lists up to date.

        A generator of small steps: the caller does other things between two of them.
        """
        for group in list(self._due.values()):
            yield from self.find_of(group)

    def find_of(self, group: SeriesGroup) -> Iterator[None]:
        """Bring the list of one group up to date, as `find`."""
        if self._due.get(group.source) is group:
            # Deleted first, since the group may get other series meanwhile.
            del self._due[group.source]
            yield from self._find(group, {one.labels: one for one in group.required})

    def _find(self, group: SeriesGroup, known: dict[Labels, Series]) -> Iterator[None]:
        """Find the required series of a group; `known` are those that it had, by their labels."""
        names = self._selectors.names
        held = {name for layout in group.layouts for name in layout.schema.by_name if name in names}
        required = []
        looked_at = 0
        for name in (None,) if None in names else sorted(held):
            for layout, index in group.indexes(name):
                looked_at += 1
                if looked_at % _PIECE == 0:
                    yield
                labels = layout.labels(index)
                series = known.get(labels)
                if series is None:
                    range_ms = min(self._retention_ms(), self._selectors.range_ms(labels))
                    if not range_ms:
                        continue
                    series = self._keep(group, Series(labels, group, layout, index))
                    series.range_ms = range_ms
                required.append(series)
        self._replace(group, required)
        yield

    def _replace(self, group: SeriesGroup, required: list[Series]) -> None:
        left = set(required)
        for series in group.required:
            if series not in left:
                series.range_ms = 0
        group.set_required_series(required)
