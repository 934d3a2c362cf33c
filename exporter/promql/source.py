"""Sources are what queries read from: the store, or anything like it, as protocols."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any, Protocol

from exporter.model.labels import Labels
from exporter.model.matcher import Matcher


class SeriesOfRows(Protocol):
    """A series whose samples have the same timestamps as those of others: those of the rows of a timeline."""

    @property
    def timeline(self) -> Hashable:
        """The identity of the timeline."""
        ...

    def rows(self, start_ms: int, end_ms: int) -> tuple[int, list[int]]:
        """The number of the first row in (start, end], and the timestamps of all rows there."""
        ...

    def values_in(self, first_row: int, count: int) -> list[float] | None:
        """One value for each of so many rows, the stale marker for none; None where rows are dropped."""
        ...


class ReadableSeries(Protocol):
    """One series, as `exporter.store` holds it; times in milliseconds, stale markers taken care of."""

    @property
    def labels(self) -> Labels:
        """The labels, the metric name included."""
        ...

    def at(self, at_ms: int, lookback_ms: int) -> float | None:
        """Return the newest value at a time, not older than the look-back; None for none."""
        ...

    def point_at(self, at_ms: int, lookback_ms: int) -> tuple[int, float] | None:
        """Return the same with its timestamp in milliseconds."""
        ...

    def window(self, start_ms: int, end_ms: int) -> tuple[Sequence[int], Sequence[float]]:
        """Return timestamps and values in (start, end]."""
        ...

    def changes_in(self, start_ms: int, end_ms: int) -> tuple[Sequence[int], Sequence[float]]:
        """Return the same, but equal values in a row may be left out: fewer values than timestamps."""
        ...

    @property
    def by_rows(self) -> SeriesOfRows | None:
        """The same, to be read row by row; None where it stands in no rows."""
        ...


class Horizon(Protocol):
    """The source as it is at one moment, asked for before others may write."""

    @property
    def holds(self) -> bool:
        """True while what there was then can still be read."""
        ...

    def select(
        self, matchers: Sequence[Matcher], check: Callable[[int], None] | None = None
    ) -> Sequence[ReadableSeries]:
        """Select as the source would have done then."""
        ...

    def bound(self, series: ReadableSeries) -> ReadableSeries:
        """A series without what is written later."""
        ...


class SeriesSource(Protocol):
    """A set of series."""

    def select(
        self, matchers: Sequence[Matcher], check: Callable[[int], None] | None = None
    ) -> Sequence[ReadableSeries]:
        """Return the series that satisfy all matchers: the same object while these are the same.

        `check` is called now and then, with the number of series found since, where the set may change.
        """
        ...

    def horizon(self) -> Any:
        """A `Horizon`; mypy cannot compare two protocols that name each other."""
        ...


class Pace(Protocol):
    """The pace of a query: when it is to yield control, and how."""

    @property
    def is_due(self) -> bool:
        """True if it is time to yield control: asking costs less than yielding each time."""
        ...

    def yield_control(self) -> None:
        """Let others run, if it is time."""
        ...
