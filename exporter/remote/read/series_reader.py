"""Reads all samples of series between two moments, the stale markers that end them included."""

from array import array
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Final

from exporter.model.sample import STALE, is_stale
from exporter.model.series import ReadableSeries, SeriesOfRows
from exporter.remote.read.xor_chunk import CHUNK_SAMPLES, ChunkTimes, chunk_times
from exporter.store.merged import MergedSeries

# Rows that are read at once: some milliseconds of work, and whole chunks.
_PIECE_ROWS: Final = 20 * CHUNK_SAMPLES
# Rows of timelines that are held for the next series: of a month at 15 s those of ten sources.
_MAX_ROWS: Final = 2_000_000
# A timestamp, and what it is encoded as.
_ROW_BYTES: Final = 16
# For how long a series of several sources goes on where one of them has ended: the look-back of queries.
_LOOKBACK_MS: Final = 300_000


class SampleSlice:
    """Successive samples of one series: timestamps in milliseconds, and values."""

    __slots__ = ("_shared", "times", "values")

    def __init__(
        self, times: Sequence[int], values: Sequence[float], shared: Sequence[ChunkTimes] | None = None
    ) -> None:
        self.times = times
        self.values = values
        self._shared = shared

    def chunks(self) -> Iterator[tuple[ChunkTimes, Sequence[float]]]:
        """Yield the samples chunk by chunk."""
        start = 0
        for times in self._shared or chunk_times(self.times):
            yield times, self.values[start : start + times.count]
            start += times.count


class _TimelineRows:
    """The rows of a timeline that are asked for, and their timestamps in chunks."""

    def __init__(self, timeline: object, first_row: int, times: Sequence[int]) -> None:
        # Held, since it is found by its identity.
        self.timeline = timeline
        self.first_row = first_row
        self.times = array("q", times)
        self._chunks: dict[int, Sequence[ChunkTimes]] = {}

    def chunks(self, start: int) -> Sequence[ChunkTimes]:
        """The chunks of the piece that begins with a row."""
        found = self._chunks.get(start)
        if found is None:
            found = self._chunks[start] = chunk_times(self.times[start : start + _PIECE_ROWS])
        return found


class SeriesReader:
    """Reads the samples in [start, end] (milliseconds) of one series after the other.

    What series have in common, the timestamps of their rows, is read and encoded once, where there are not
    too many.
    """

    def __init__(self, start_ms: int, end_ms: int) -> None:
        self._start_ms = start_ms
        self._end_ms = end_ms
        self._timelines: OrderedDict[int, _TimelineRows] = OrderedDict()
        self._rows = 0

    @property
    def held_bytes(self) -> int:
        """About how much is held for the series that come next."""
        return self._rows * _ROW_BYTES

    def read(self, series: ReadableSeries) -> Iterator[SampleSlice]:
        """Yield the samples in pieces; each takes some milliseconds to make."""
        rows = series.by_rows
        if rows is not None:
            yield from self._read_rows(rows)
        elif isinstance(series, MergedSeries):
            yield from _pieces(*self._read_merged(series))
        else:
            yield from _pieces(*series.window(self._start_ms - 1, self._end_ms))

    def _read_rows(self, series: SeriesOfRows) -> Iterator[SampleSlice]:
        timeline = self._rows_of(series)
        was_there = False
        for start in range(0, len(timeline.times), _PIECE_ROWS):
            times = timeline.times[start : start + _PIECE_ROWS]
            values = series.values_in(timeline.first_row + start, len(times))
            if values is None:
                # These rows were dropped while others were read: they are too old now.
                continue
            total = sum(values)
            if total == total:
                was_there = True
                yield SampleSlice(times, values, timeline.chunks(start))
            else:
                kept, was_there = _without_gaps(times, values, was_there)
                if kept.times:
                    yield kept

    def _rows_of(self, series: SeriesOfRows) -> _TimelineRows:
        timeline = series.timeline
        found = self._timelines.get(id(timeline))
        if found is None:
            first_row, times = series.rows(self._start_ms - 1, self._end_ms)
            found = self._timelines[id(timeline)] = _TimelineRows(timeline, first_row, times)
            self._rows += len(times)
            while self._rows > _MAX_ROWS and len(self._timelines) > 1:
                self._rows -= len(self._timelines.popitem(last=False)[1].times)
        else:
            self._timelines.move_to_end(id(timeline))
        return found

    def _read_merged(self, series: MergedSeries) -> tuple[Sequence[int], Sequence[float]]:
        """The samples of all parts, and the ends of those after which no other goes on."""
        points: dict[int, float] = {}
        for part in series.parts:
            for piece in self.read(part):
                for at_ms, value in zip(piece.times, piece.values, strict=True):
                    if not is_stale(value):
                        points[at_ms] = value
                    elif at_ms not in points and series.point_at(at_ms, _LOOKBACK_MS) is None:
                        points[at_ms] = STALE
        ordered = sorted(points.items())
        return [at_ms for at_ms, _ in ordered], [value for _, value in ordered]


def _pieces(times: Sequence[int], values: Sequence[float]) -> Iterator[SampleSlice]:
    for start in range(0, len(times), _PIECE_ROWS):
        yield SampleSlice(times[start : start + _PIECE_ROWS], values[start : start + _PIECE_ROWS])


def _without_gaps(times: Sequence[int], values: Sequence[float], was_there: bool) -> tuple[SampleSlice, bool]:
    """The samples, with one stale marker where the series ends; and whether it is there in the last row."""
    kept_times: list[int] = []
    kept_values: list[float] = []
    for at_ms, value in zip(times, values, strict=True):
        is_there = value == value or not is_stale(value)
        if is_there or was_there:
            kept_times.append(at_ms)
            kept_values.append(value)
        was_there = is_there
    return SampleSlice(kept_times, kept_values), was_there
