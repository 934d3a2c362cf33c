"""The series that queries read: what the store offers, and anything that looks like it."""

from collections.abc import Sequence
from typing import Protocol

from exporter.model.labels import Labels


class SeriesOfRows(Protocol):
    """A series whose samples have the same timestamps as those of others: those of the rows of a timeline."""

    @property
    def timeline(self) -> object:
        """Stands for the timestamps that series have in common."""
        ...

    def rows(self, start_ms: int, end_ms: int) -> tuple[int, list[int]]:
        """Return the number of the first row in (start, end], and the timestamps of all rows there."""
        ...

    def values_in(self, first_row: int, count: int) -> list[float] | None:
        """Return one value for each of so many rows, the stale marker for none; None where rows are gone."""
        ...

    def rises_over(self, first_row: int, count: int) -> bool:
        """Whether there is a number in each of so many rows, and none is lower than the one before it."""
        ...

    def values_at(self, rows: Sequence[int]) -> list[float] | None:
        """As `values_in`, for a few rows, in order; the same object for all series of a timeline."""
        ...


class ReadableSeries(Protocol):
    """One series; times are in milliseconds, and a series that has ended has no samples afterwards."""

    @property
    def labels(self) -> Labels:
        """All labels, the metric name included."""
        ...

    def at(self, at_ms: int, lookback_ms: int) -> float | None:
        """Return the value of the newest sample in (at - lookback, at]; None without any."""
        ...

    def point_at(self, at_ms: int, lookback_ms: int) -> tuple[int, float] | None:
        """Return timestamp and value of that sample."""
        ...

    def window(self, start_ms: int, end_ms: int) -> tuple[Sequence[int], Sequence[float]]:
        """Return timestamps and values of the samples in (start, end]."""
        ...

    def changes_in(self, start_ms: int, end_ms: int) -> tuple[Sequence[int], Sequence[float]]:
        """As `window`, but there may be fewer values than timestamps: repetitions may be left out."""
        ...

    def has_samples(self, start_ms: int, end_ms: int) -> bool:
        """Whether there is any sample in [start, end]."""
        ...

    @property
    def by_rows(self) -> SeriesOfRows | None:
        """The same, to be read row by row; None where its samples are not in rows."""
        ...
