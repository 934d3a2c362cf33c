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
        self._prefetch = Prefetch(self._selection, _NewestValues(node)) if node.at_ms is None else None

    def evaluate(self, run: Run, at_ms: int) -> Vector:
        """The vector at a time."""
        row = self._prefetch.row(run, at_ms) if self._prefetch is not None else None
        if row is not None:
            run.account_temporary(len(row[1]))
            return self._presence.vector(*row)
        series, keys = self._selection.read(run)
        reference_ms = run.reference_ms(at_ms, self._node.at_ms, self._node.offset_ms)
        lookback_ms = run.lookback_ms
        found: list[float | None] = []
        for piece in run.read(series):
            found.extend([one.at(reference_ms, lookback_ms) for one in piece])
        vector = self._presence.vector(keys, found)
        run.account_temporary(len(vector.values))
        return vector


class _NewestValues:
    """Reads a vector selector at many steps."""

    def __init__(self, node: VectorSelector) -> None:
        self._offset_ms = node.offset_ms

    def one_by_one(self, run: Run, series: ReadableSeries, steps: Sequence[int]) -> Values:
        """The values of any series."""
        offset_ms, lookback_ms = self._offset_ms, run.lookback_ms
        return [series.at(at_ms - offset_ms, lookback_ms) for at_ms in steps]

    def bounds(self, run: Run, steps: Sequence[int]) -> tuple[int, int]:
        """From the first look-back to the last step."""
        return steps[0] - self._offset_ms - run.lookback_ms, steps[-1] - self._offset_ms

    def prepare(self, run: Run, times: list[int], steps: Sequence[int]) -> Callable[[list[float]], Values]:
        """What picks the newest value of each look-back out of those of all rows."""
        windows = Windows(times, [at_ms - self._offset_ms for at_ms in steps], run.lookback_ms, run.work)

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

    def evaluate(self, run: Run, at_ms: int) -> Vector:
        """The vector at a time; names are still to be dropped."""
        series, keys = self._selection.read(run)
        reference_ms = run.reference_ms(at_ms, self._node.at_ms, self._node.offset_ms)
        found: list[float | None] = []
        for piece in run.read(series):
            points = [one.point_at(reference_ms, run.lookback_ms) for one in piece]
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
        if self._node.at_ms is not None:
            return None
        reader = _SlidingWindows(self._node.offset_ms, self._range_ms, function, sliding, self._distinct)
        return Prefetch(self._selection, reader)

    def bounds(self, run: Run, at_ms: int) -> tuple[int, int]:
        """The range (start, end], in milliseconds."""
        end_ms = run.reference_ms(at_ms, self._node.at_ms, self._node.offset_ms)
        return end_ms - self._range_ms, end_ms

    def windows(self, run: Run, at_ms: int) -> tuple[Sequence[Key], Iterator[Window]]:
        """The series, and in the same order their samples in that range."""
        series, keys = self._selection.read(run)
        return keys, self._samples(run, series, *self.bounds(run, at_ms))

    def _samples(
        self, run: Run, series: Sequence[ReadableSeries], start_ms: int, end_ms: int
    ) -> Iterator[Window]:
        touch, bound, distinct = run.account_scanned, run.bound, self._distinct
        for each in series:
            one = bound(each)
            window = one.changes_in(start_ms, end_ms) if distinct else one.window(start_ms, end_ms)
            touch(len(window[0]))
            yield window


@dataclass(frozen=True, slots=True)
class _SlidingWindows:
    """Computes a function of a range vector selector at many steps."""

    offset_ms: int
    range_ms: int
    function: WindowFunction
    sliding: Slide | None
    distinct: bool

    def one_by_one(self, run: Run, series: ReadableSeries, steps: Sequence[int]) -> Values:
        """The results of any series."""
        found: list[float | None] = []
        for at_ms in steps:
            end_ms = at_ms - self.offset_ms
            start_ms = end_ms - self.range_ms
            times, values = (
                series.changes_in(start_ms, end_ms) if self.distinct else series.window(start_ms, end_ms)
            )
            run.account_scanned(len(times))
            found.append(self.function(times, values, start_ms, end_ms) if times else None)
        return found

    def bounds(self, run: Run, steps: Sequence[int]) -> tuple[int, int]:
        """From the beginning of the first range to the end of the last."""
        return steps[0] - self.offset_ms - self.range_ms, steps[-1] - self.offset_ms

    def prepare(self, run: Run, times: list[int], steps: Sequence[int]) -> Callable[[list[float]], Values]:
        """What computes the result of each step from the values of all rows."""
        windows = Windows(times, [at_ms - self.offset_ms for at_ms in steps], self.range_ms, run.work)
        results = slide(self.function, self.sliding, windows)
        longest = max(windows.sizes, default=0)

        def column(values: list[float]) -> Values:
            run.account_scanned(longest)
            return spread(results(values), windows.places, len(steps))

        return column
