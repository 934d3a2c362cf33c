"""A horizon bounds what a long reading sees: the store as it was at one moment, whatever comes meanwhile."""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from exporter.model.labels import Labels
from exporter.model.matcher import Matcher
from exporter.model.series import ReadableSeries
from exporter.store.merged import MergedSeries
from exporter.store.series import Series
from exporter.store.series_group import SeriesGroup
from exporter.store.timeline import Timeline

# Earlier than any sample.
_NEVER = -(1 << 62)


class Readable(Protocol):
    """The part of the store that a horizon reads.

    `breaks` counts what no horizon survives, `removals` the sources that were deleted or renamed.
    """

    breaks: int
    removals: int

    def select(
        self, matchers: Sequence[Matcher], check: Callable[[int], None] | None = None
    ) -> Sequence[ReadableSeries]:
        """Return the series that satisfy all matchers."""
        ...

    def select_of(
        self, groups: Iterable[SeriesGroup], matchers: Sequence[Matcher], check: Callable[[int], None] | None
    ) -> Sequence[ReadableSeries]:
        """Return those of these groups only."""
        ...


class Horizon:
    """The newest sample of every source, at the moment at which it is made.

    Sources that are deleted or renamed afterwards stay readable. What the retention drops meanwhile is gone,
    and a clock that is set moves everything: then the horizon no longer `holds`.
    """

    def __init__(self, store: Readable, groups: Iterable[SeriesGroup]) -> None:
        self._store = store
        self._breaks = store.breaks
        self._removals = store.removals
        # Only of sources that have written since then: with many sources looking at all would take long.
        self._newest: dict[Timeline, int] = {}
        self._groups: Sequence[SeriesGroup] = list(groups)

    def note(self, group: SeriesGroup) -> None:
        """Note the newest sample of a group that is about to write."""
        self._newest.setdefault(group, group.last_time)

    @property
    def holds(self) -> bool:
        """Whether the samples still stand where they stood."""
        return self._breaks == self._store.breaks

    def select(
        self, matchers: Sequence[Matcher], check: Callable[[int], None] | None = None
    ) -> Sequence[ReadableSeries]:
        """The series that satisfy all matchers, as `Store.select`."""
        if self._removals == self._store.removals:
            return self._store.select(matchers, check)
        return self._store.select_of(self._groups, matchers, check)

    def bound(self, series: object) -> ReadableSeries:
        """Return a series of the store without what was written later.

        Raises `TypeError` for anything else.
        """
        if isinstance(series, Series):
            return _BoundSeries(series, self.newest_of(series.timeline))
        if isinstance(series, MergedSeries):
            return MergedSeries([self.bound(part) for part in series.parts])
        raise TypeError(f"{type(series).__name__} is no series of the store")

    def newest_of(self, timeline: Timeline) -> int:
        """The timestamp of the newest row of a source, in milliseconds; long ago where there is none."""
        newest = self._newest.get(timeline)
        if newest is None:
            newest = timeline.times[-1] if timeline.times else _NEVER
        return newest


class _BoundSeries:
    """A series up to a moment."""

    __slots__ = ("_newest_ms", "_series")

    def __init__(self, series: Series, newest_ms: int) -> None:
        self._series = series
        self._newest_ms = newest_ms

    @property
    def labels(self) -> Labels:
        """Those of the series."""
        return self._series.labels

    def point_at(self, at_ms: int, lookback_ms: int) -> tuple[int, float] | None:
        """As that of the series; at the bound where that is earlier."""
        end = min(at_ms, self._newest_ms)
        return self._series.point_at(end, lookback_ms - (at_ms - end))

    def at(self, at_ms: int, lookback_ms: int) -> float | None:
        """The value of `point_at`."""
        point = self.point_at(at_ms, lookback_ms)
        return None if point is None else point[1]

    def window(self, start_ms: int, end_ms: int) -> tuple[Sequence[int], Sequence[float]]:
        """The samples in (start, end] up to the bound."""
        return self._series.window(start_ms, min(end_ms, self._newest_ms))

    def changes_in(self, start_ms: int, end_ms: int) -> tuple[Sequence[int], Sequence[float]]:
        """As `window`, with repetitions left out."""
        return self._series.changes_in(start_ms, min(end_ms, self._newest_ms))

    @property
    def timeline(self) -> Timeline:
        """That of the series."""
        return self._series.timeline

    @property
    def by_rows(self) -> "_BoundSeries":
        """The series itself: it stands in rows."""
        return self

    def rows(self, start_ms: int, end_ms: int) -> tuple[int, list[int]]:
        """The rows in (start, end] up to the bound."""
        return self._series.rows(start_ms, min(end_ms, self._newest_ms))

    def values_in(self, first_row: int, count: int) -> list[float] | None:
        """As that of the series."""
        return self._series.values_in(first_row, count)

    def rises_over(self, first_row: int, count: int) -> bool:
        """As that of the series."""
        return self._series.rises_over(first_row, count)

    def values_at(self, rows: Sequence[int]) -> list[float] | None:
        """As that of the series."""
        return self._series.values_at(rows)

    def has_samples(self, start_ms: int, end_ms: int) -> bool:
        """Whether there is any sample in [start, end] up to the bound."""
        return self._series.has_samples(start_ms, min(end_ms, self._newest_ms))
