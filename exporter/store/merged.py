"""What queries see of a series, and several of them read as one."""

from collections.abc import Sequence
from typing import Any, Protocol

from exporter.model.labels import Labels


class ReadableSeries(Protocol):
    """What a query sees of a series."""

    @property
    def labels(self) -> Labels: ...

    def at(self, at_ms: int, lookback_ms: int) -> float | None: ...

    def point_at(self, at_ms: int, lookback_ms: int) -> tuple[int, float] | None: ...

    def window(self, start_ms: int, end_ms: int) -> tuple[Sequence[int], Sequence[float]]: ...

    def changes_in(self, start_ms: int, end_ms: int) -> tuple[Sequence[int], Sequence[float]]: ...

    def has_samples(self, start_ms: int, end_ms: int) -> bool: ...

    @property
    def by_rows(self) -> Any: ...


class MergedSeries:
    """Several series of one labelset, written one after the other by different sources, read as one."""

    __slots__ = ("labels", "parts")

    def __init__(self, parts: Sequence[ReadableSeries]) -> None:
        self.labels = parts[0].labels
        self.parts = tuple(parts)

    @property
    def by_rows(self) -> None:
        """The rows of the parts are not those of the whole."""
        return None

    def point_at(self, at_ms: int, lookback_ms: int) -> tuple[int, float] | None:
        """The newest of the parts' points."""
        points = [point for part in self.parts if (point := part.point_at(at_ms, lookback_ms))]
        return max(points, default=None, key=lambda point: point[0])

    def at(self, at_ms: int, lookback_ms: int) -> float | None:
        """The value of `point_at`."""
        point = self.point_at(at_ms, lookback_ms)
        return None if point is None else point[1]

    def window(self, start_ms: int, end_ms: int) -> tuple[Sequence[int], Sequence[float]]:
        """The samples of all parts in order of time; of two at one moment the later part's."""
        points: dict[int, float] = {}
        for part in self.parts:
            times, values = part.window(start_ms, end_ms)
            points.update(zip(times, values, strict=True))
        ordered = sorted(points.items())
        return [stamp for stamp, _ in ordered], [value for _, value in ordered]

    def changes_in(self, start_ms: int, end_ms: int) -> tuple[Sequence[int], Sequence[float]]:
        """As `window`."""
        return self.window(start_ms, end_ms)

    def has_samples(self, start_ms: int, end_ms: int) -> bool:
        """Whether any part has a sample in [start, end]."""
        return any(part.has_samples(start_ms, end_ms) for part in self.parts)
