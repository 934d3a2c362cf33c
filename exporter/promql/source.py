"""Where queries read from: the store, or anything that looks like it."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any, Protocol

from exporter.model.labels import Labels
from exporter.model.matcher import Matcher


class SeriesOfRows(Protocol):
    """A series whose samples have the same timestamps as those of others: those of the rows of a timeline."""

    @property
    def timeline(self) -> Hashable: ...

    def rows(self, start_ms: int, end_ms: int) -> tuple[int, list[int]]:
        """The number of the first row in (start, end], and the timestamps of all rows there."""
        ...

    def values_in(self, first_row: int, count: int) -> list[float] | None:
        """One value for each of so many rows, the stale marker for none; None where rows are dropped."""
        ...


class ReadableSeries(Protocol):
    """One series, as `exporter.store` holds it; times in milliseconds, stale markers taken care of."""

    @property
    def labels(self) -> Labels: ...

    def at(self, at_ms: int, lookback_ms: int) -> float | None: ...

    def point_at(self, at_ms: int, lookback_ms: int) -> tuple[int, float] | None: ...

    def window(self, start_ms: int, end_ms: int) -> tuple[Sequence[int], Sequence[float]]: ...

    def changes_in(self, start_ms: int, end_ms: int) -> tuple[Sequence[int], Sequence[float]]:
        """As `window`, but there may be fewer values than timestamps: repetitions may be left out."""
        ...

    @property
    def by_rows(self) -> SeriesOfRows | None:
        """The same, to be read row by row; None where it stands in no rows."""
        ...


class Horizon(Protocol):
    """What there is at the moment; asked for before others may write."""

    @property
    def holds(self) -> bool:
        """Whether what there was then can still be read."""
        ...

    def select(
        self, matchers: Sequence[Matcher], check: Callable[[int], None] | None = None
    ) -> Sequence[ReadableSeries]: ...

    def bound(self, series: ReadableSeries) -> ReadableSeries:
        """A series without what is written later."""
        ...


class SeriesSource(Protocol):
    """A set of series; `select` returns the same object as long as the selected series are the same, and
    calls `check` now and then, with the number of series found since, where the set may change."""

    def select(
        self, matchers: Sequence[Matcher], check: Callable[[int], None] | None = None
    ) -> Sequence[ReadableSeries]: ...

    def horizon(self) -> Any:
        """A `Horizon`; mypy cannot compare two protocols that name each other."""
        ...


class Pace(Protocol):
    """When a query is to let others run, and how."""

    @property
    def is_due(self) -> bool: ...

    def yield_control(self) -> None: ...
