"""Columns: a few values of many series each, read out of the rows without making objects of the series."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from exporter.model.sample import is_stale
from exporter.store.segment import Segment
from exporter.store.series_group import SeriesGroup

_NOT_THERE: Final = -1


class Columns:
    """What series of one group stood at, at some moments (epoch milliseconds, in order).

    The value at a moment is that of the newest row in (moment - lookback, moment]; None where there is none,
    or the series had ended. A series is named by its metric, and labels of its own: where there are several,
    it is the first.
    It costs little to have many of these; they are for one reading, and no row may come meanwhile.
    """

    def __init__(self, group: SeriesGroup, moments_ms: Sequence[int], lookback_ms: int) -> None:
        self._group = group
        self._times = group.times
        self._rows = [self._row_at(moment, lookback_ms) for moment in moments_ms]
        self._spans = self._split()

    @property
    def times_ms(self) -> Sequence[int | None]:
        """The timestamps of the rows that are read."""
        first = self._group.first_row
        return [None if row == _NOT_THERE else self._times[row - first] for row in self._rows]

    def values(self, name: str, **labels: str) -> Sequence[float | None]:
        """Return the values of a series at the moments."""
        found: list[float | None] = [None] * len(self._rows)
        for segment, places, is_last in self._spans:
            index = _index(segment, name, labels)
            if index is None or not segment.holds(index):
                continue
            newest = self._group.state[index] if is_last else None
            values = segment.values_along(index, [self._rows[place] for place in places], newest)
            for place, value in zip(places, values, strict=True):
                found[place] = None if value != value and is_stale(value) else value
        return found

    def peaks(self, name: str) -> Sequence[float | None]:
        """Return the highest values since the moment before; for the first moment, the value then."""
        peaks = list(self.values(name))
        for segment, places, _ in self._spans:
            index = _index(segment, name, {})
            if index is None or not segment.holds(index):
                continue
            bounds = [self._rows[place] for place in places]
            for row, value in segment.changes_of(index, bounds[0] + 1):
                if row > bounds[-1] or value != value:
                    continue
                place = places[_first_at_least(bounds, row)]
                known = peaks[place]
                if known is not None and value > known:
                    peaks[place] = value
        return peaks

    def _row_at(self, moment_ms: int, lookback_ms: int) -> int:
        index = bisect_right(self._times, moment_ms) - 1
        if index < 0 or self._times[index] <= moment_ms - lookback_ms:
            return _NOT_THERE
        return self._group.first_row + index

    def _split(self) -> Sequence[tuple[Segment, Sequence[int], bool]]:
        """The segments in which there are rows to read, each with the places of these among the moments."""
        return list(self._spans_of(self._group.segments))

    def _spans_of(self, segments: Sequence[Segment]) -> Iterator[tuple[Segment, Sequence[int], bool]]:
        end = self._group.end_row
        for number in range(len(segments) - 1, -1, -1):
            segment = segments[number]
            places = [place for place, row in enumerate(self._rows) if segment.first_row <= row < end]
            if places:
                yield segment, places, number == len(segments) - 1
            end = segment.first_row


def _index(segment: Segment, name: str, labels: Mapping[str, str]) -> int | None:
    schema = segment.layout.schema
    indexes = schema.by_name.get(name, ())
    if not labels:
        return indexes[0] if indexes else None
    wanted = labels.items()
    return next((at for at in indexes if wanted <= schema.points[at].written.as_dict().items()), None)


def _first_at_least(bounds: Sequence[int], row: int) -> int:
    return bisect_right(bounds, row - 1)
