"""Reads series from the store."""

import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from exporter.model.sample import is_stale
from exporter.promql.functions.sliding import Slide, Windows, slide
from exporter.promql.functions.windows import WindowFunction
from exporter.promql.operators.base import Window
from exporter.promql.operators.prefetch import Prefetch, Values, spread
from exporter.promql.operators.selection import Selection
from exporter.promql.run import Run
from exporter.promql.source import ReadableSeries
from exporter.promql.syntax.nodes import VectorSelector
from exporter.promql.vector import Key, Presence, Vector


class SelectVector:
    """`name{…} @ … offset …`: the newest value of each series within the look-back."""

    def __init__(self, node: VectorSelector) -> None:
        self._node = node
        self._selection = Selection(node)
        self._presence = Presence()
        self._prefetch = Prefetch(self._selection, _NewestValues(node)) if node.at is None else None

    def evaluate(self, run: Run, at: int) -> Vector:
        """The vector at a time."""
        row = self._prefetch.row(run, at) if self._prefetch is not None else None
        if row is not None:
            run.hold(len(row[1]))
            return self._presence.vector(*row)
        series, keys = self._selection.read(run)
        moment = run.moment(at, self._node.at, self._node.offset)
        lookback = run.lookback_ms
        found: list[float | None] = []
        for piece in run.read(series):
            found.extend([one.at(moment, lookback) for one in piece])
        vector = self._presence.vector(keys, found)
        run.hold(len(vector.values))
        return vector


class _NewestValues:
    """Reads a vector selector at many steps."""

    def __init__(self, node: VectorSelector) -> None:
        self._offset = node.offset

    def one_by_one(self, run: Run, series: ReadableSeries, steps: Sequence[int]) -> Values:
        """The values of any series."""
        offset, lookback = self._offset, run.lookback_ms
        return [series.at(at - offset, lookback) for at in steps]

    def bounds(self, run: Run, steps: Sequence[int]) -> tuple[int, int]:
        """From the first look-back to the last step."""
        return steps[0] - self._offset - run.lookback_ms, steps[-1] - self._offset

    def prepare(self, run: Run, times: list[int], steps: Sequence[int]) -> Callable[[list[float]], Values]:
        """What picks the newest value of each look-back out of those of all rows."""
        windows = Windows(times, [at - self._offset for at in steps], run.lookback_ms, run.work)

        def column(values: list[float]) -> Values:
            found: Values = windows.lasts(values)
            if any(map(operator.ne, found, found)):
                found = [None if value is None or is_stale(value) else value for value in found]
            return spread(found, windows.places, len(steps))

        return column


class SelectTimestamps:
    """`timestamp(name{…})`: when those newest values were taken, in seconds."""

    def __init__(self, node: VectorSelector) -> None:
        self._node = node
        self._selection = Selection(node)
        self._presence = Presence()

    def evaluate(self, run: Run, at: int) -> Vector:
        """The vector at a time; names are still to be dropped."""
        series, keys = self._selection.read(run)
        moment = run.moment(at, self._node.at, self._node.offset)
        found: list[float | None] = []
        for piece in run.read(series):
            points = [one.point_at(moment, run.lookback_ms) for one in piece]
            found.extend([None if point is None else point[0] / 1000 for point in points])
        return self._presence.vector(keys, found)


class SelectWindows:
    """`name{…}[range] @ … offset …`; with `distinct` repeated values may be left out."""

    def __init__(self, node: VectorSelector, range_ms: int, *, distinct: bool = False) -> None:
        self._node = node
        self._range_ms = range_ms
        self._distinct = distinct
        self._selection = Selection(node)

    def prefetch(self, function: WindowFunction, sliding: Slide | None) -> Prefetch | None:
        """Computes a function of the ranges at the steps that come next; None where these are one range."""
        if self._node.at is not None:
            return None
        reader = _SlidingWindows(self._node.offset, self._range_ms, function, sliding, self._distinct)
        return Prefetch(self._selection, reader)

    def bounds(self, run: Run, at: int) -> tuple[int, int]:
        """The range (start, end], in milliseconds."""
        end = run.moment(at, self._node.at, self._node.offset)
        return end - self._range_ms, end

    def windows(self, run: Run, at: int) -> tuple[Sequence[Key], Iterator[Window]]:
        """The series, and in the same order their samples in that range."""
        series, keys = self._selection.read(run)
        return keys, self._samples(run, series, *self.bounds(run, at))

    def _samples(self, run: Run, series: Sequence[ReadableSeries], start: int, end: int) -> Iterator[Window]:
        touch, bound, distinct = run.touch, run.bound, self._distinct
        for each in series:
            one = bound(each)
            window = one.changes_in(start, end) if distinct else one.window(start, end)
            touch(len(window[0]))
            yield window


@dataclass(frozen=True, slots=True)
class _SlidingWindows:
    """Computes a function of a range vector selector at many steps."""

    offset: int
    range_ms: int
    function: WindowFunction
    sliding: Slide | None
    distinct: bool

    def one_by_one(self, run: Run, series: ReadableSeries, steps: Sequence[int]) -> Values:
        """The results of any series."""
        found: list[float | None] = []
        for at in steps:
            end = at - self.offset
            start = end - self.range_ms
            times, values = series.changes_in(start, end) if self.distinct else series.window(start, end)
            run.touch(len(times))
            found.append(self.function(times, values, start, end) if times else None)
        return found

    def bounds(self, run: Run, steps: Sequence[int]) -> tuple[int, int]:
        """From the beginning of the first range to the end of the last."""
        return steps[0] - self.offset - self.range_ms, steps[-1] - self.offset

    def prepare(self, run: Run, times: list[int], steps: Sequence[int]) -> Callable[[list[float]], Values]:
        """What computes the result of each step from the values of all rows."""
        windows = Windows(times, [at - self.offset for at in steps], self.range_ms, run.work)
        results = slide(self.function, self.sliding, windows)
        longest = max(windows.sizes, default=0)

        def column(values: list[float]) -> Values:
            run.touch(longest)
            return spread(results(values), windows.places, len(steps))

        return column
