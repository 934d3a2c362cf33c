"""Selectors read series from the store."""

import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from exporter.model.sample import is_stale
from exporter.model.series import ReadableSeries
from exporter.promql.functions.ranges import RangeFunction
from exporter.promql.functions.sliding import Slide, slide
from exporter.promql.functions.sliding_ranges import SlidingRanges
from exporter.promql.operators.base import RangeSamples
from exporter.promql.operators.prefetch import Prefetch, Values, spread
from exporter.promql.operators.selection import Selection
from exporter.promql.operators.tables import Table, Tabular
from exporter.promql.run import Run
from exporter.promql.syntax.nodes import VectorSelector
from exporter.promql.vector import Key, Presence, Vector


class SelectVector(Tabular):
    """`name{…} @ … offset …`: the newest value of each series within the look-back."""

    def __init__(self, node: VectorSelector) -> None:
        self._node = node
        self._selection = Selection(node)
        self._presence = Presence()
        self._prefetch = Prefetch(self._selection, _NewestValues(node)) if node.at_ms is None else None

    @property
    def is_tabular(self) -> bool:
        """Whether it reads something else at each step."""
        return self._prefetch is not None

    def width(self, run: Run) -> int:
        """The number of series."""
        return 1 if self._prefetch is None else self._prefetch.width(run)

    def table(self, run: Run, steps: range) -> Table | None:
        """The vectors at some steps."""
        return None if self._prefetch is None else self._prefetch.table(run, steps)

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
    """A reader of a vector selector at many steps."""

    lasts_only = True
    edges_only = False

    def __init__(self, node: VectorSelector) -> None:
        self._offset_ms = node.offset_ms

    def one_by_one(self, run: Run, series: ReadableSeries, steps: Sequence[int]) -> Values:
        """The values of any series."""
        offset_ms, lookback_ms = self._offset_ms, run.lookback_ms
        return [series.at(at_ms - offset_ms, lookback_ms) for at_ms in steps]

    def bounds(self, run: Run, steps: Sequence[int]) -> tuple[int, int]:
        """The time from the first look-back to the last step."""
        return steps[0] - self._offset_ms - run.lookback_ms, steps[-1] - self._offset_ms

    def ranges(self, run: Run, times: list[int], steps: Sequence[int]) -> SlidingRanges:
        """The look-back of each step."""
        return SlidingRanges(times, [at_ms - self._offset_ms for at_ms in steps], run.lookback_ms, run.work)

    def prepare(
        self, run: Run, ranges: SlidingRanges, steps: Sequence[int]
    ) -> Callable[[list[float]], Values]:
        """Return what picks the newest value of each look-back out of those of all rows."""

        def column(values: list[float]) -> Values:
            found: Values = ranges.lasts(values)
            if any(map(operator.ne, found, found)):
                found = [None if value is None or is_stale(value) else value for value in found]
            return spread(found, ranges.places, len(steps))

        return column


class SelectTimestamps:
    """`timestamp(name{…})`: the timestamps of those newest values, in seconds."""

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


class SelectRangeVector:
    """`name{…}[range] @ … offset …`; with `changes_only` equal values in a row may be left out."""

    def __init__(self, node: VectorSelector, range_ms: int, *, changes_only: bool = False) -> None:
        self._node = node
        self._range_ms = range_ms
        self._changes_only = changes_only
        self._selection = Selection(node)

    def prefetch(
        self, function: RangeFunction, sliding: Slide | None, *, edges_only: bool
    ) -> Prefetch | None:
        """Return what computes a function of the ranges at the next steps; None where these are one range."""
        if self._node.at_ms is not None:
            return None
        reader = _SlidingReader(
            self._node.offset_ms, self._range_ms, function, sliding, self._changes_only, edges_only
        )
        return Prefetch(self._selection, reader)

    def bounds(self, run: Run, at_ms: int) -> tuple[int, int]:
        """The range (start, end], in milliseconds."""
        end_ms = run.reference_ms(at_ms, self._node.at_ms, self._node.offset_ms)
        return end_ms - self._range_ms, end_ms

    def evaluate(self, run: Run, at_ms: int) -> tuple[Sequence[Key], Iterator[RangeSamples]]:
        """The series, and in the same order their samples in that range."""
        series, keys = self._selection.read(run)
        return keys, self._samples(run, series, *self.bounds(run, at_ms))

    def _samples(
        self, run: Run, series: Sequence[ReadableSeries], start_ms: int, end_ms: int
    ) -> Iterator[RangeSamples]:
        account, bound, changes_only = run.account_scanned, run.bound, self._changes_only
        for each in series:
            one = bound(each)
            samples = one.changes_in(start_ms, end_ms) if changes_only else one.window(start_ms, end_ms)
            account(len(samples[0]))
            yield samples


@dataclass(frozen=True, slots=True)
class _SlidingReader:
    """A reader that computes a function of a range vector selector at many steps."""

    offset_ms: int
    range_ms: int
    function: RangeFunction
    sliding: Slide | None
    changes_only: bool
    edges_only: bool

    def one_by_one(self, run: Run, series: ReadableSeries, steps: Sequence[int]) -> Values:
        """The results of any series."""
        found: list[float | None] = []
        for at_ms in steps:
            end_ms = at_ms - self.offset_ms
            start_ms = end_ms - self.range_ms
            times, values = (
                series.changes_in(start_ms, end_ms) if self.changes_only else series.window(start_ms, end_ms)
            )
            run.account_scanned(len(times))
            found.append(self.function(times, values, start_ms, end_ms) if times else None)
        return found

    def bounds(self, run: Run, steps: Sequence[int]) -> tuple[int, int]:
        """The time from the beginning of the first range to the end of the last."""
        return steps[0] - self.offset_ms - self.range_ms, steps[-1] - self.offset_ms

    @property
    def lasts_only(self) -> bool:
        """False: functions look at all rows of their ranges."""
        return False

    def ranges(self, run: Run, times: list[int], steps: Sequence[int]) -> SlidingRanges:
        """The range of each step."""
        return SlidingRanges(times, [at_ms - self.offset_ms for at_ms in steps], self.range_ms, run.work)

    def prepare(
        self, run: Run, ranges: SlidingRanges, steps: Sequence[int]
    ) -> Callable[[list[float]], Values]:
        """Return what computes the result of each step from the values of all rows."""
        results = slide(self.function, self.sliding, ranges)
        longest = max(ranges.sizes, default=0)

        def column(values: list[float]) -> Values:
            run.account_scanned(longest)
            return spread(results(values), ranges.places, len(steps))

        return column
