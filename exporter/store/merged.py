"""Reads several series of the same labels as one."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from exporter.model.labels import Labels
from exporter.model.series import ReadableSeries

# After how many series others may have a turn.
_PIECE: Final = 500


class MergedSeries:
    """Several series of one label set, written one after the other by different sources, read as one."""

    __slots__ = ("labels", "parts")

    def __init__(self, parts: Sequence[ReadableSeries]) -> None:
        self.labels = parts[0].labels
        self.parts = tuple(parts)

    @property
    def by_rows(self) -> None:
        """None: the rows of the parts are not those of the whole."""
        return None

    def point_at(self, at_ms: int, lookback_ms: int) -> tuple[int, float] | None:
        """Return the newest of the parts' points."""
        points = [point for part in self.parts if (point := part.point_at(at_ms, lookback_ms))]
        return max(points, default=None, key=lambda point: point[0])

    def at(self, at_ms: int, lookback_ms: int) -> float | None:
        """The value of `point_at`."""
        point = self.point_at(at_ms, lookback_ms)
        return None if point is None else point[1]

    def window(self, start_ms: int, end_ms: int) -> tuple[Sequence[int], Sequence[float]]:
        """Return the samples of all parts in order of time; of two at one moment the later part's."""
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


def merge_duplicates(series: Iterable[ReadableSeries], check: Callable[[], None]) -> list[ReadableSeries]:
    """Return the series, those of the same labels merged into one; calls `check` now and then."""
    found: list[ReadableSeries] = []
    indexes: dict[Labels, int] = {}
    for number, one in enumerate(series, 1):
        index = indexes.setdefault(one.labels, len(found))
        if index == len(found):
            found.append(one)
        else:
            known = found[index]
            parts = known.parts if isinstance(known, MergedSeries) else (known,)
            found[index] = MergedSeries([*parts, one])
        if number % _PIECE == 0:
            check()
    return found
