"""Where queries read from: the store, or anything that looks like it."""

from collections.abc import Sequence
from typing import Protocol

from exporter.model.labels import Labels
from exporter.model.matcher import Matcher


class ReadableSeries(Protocol):
    """One series, as `exporter.store` holds it; times in milliseconds, stale markers taken care of."""

    @property
    def labels(self) -> Labels: ...

    def at(self, at_ms: int, lookback_ms: int) -> float | None: ...

    def point_at(self, at_ms: int, lookback_ms: int) -> tuple[int, float] | None: ...

    def window(self, start_ms: int, end_ms: int) -> tuple[Sequence[int], Sequence[float]]: ...

    def distinct(self, start_ms: int, end_ms: int) -> tuple[Sequence[int], Sequence[float]]:
        """As `window`, but there may be fewer values than timestamps: repetitions may be left out."""
        ...


class SeriesSource(Protocol):
    """A set of series; `select` returns the same object as long as the selected series are the same."""

    def select(self, matchers: Sequence[Matcher]) -> Sequence[ReadableSeries]: ...
