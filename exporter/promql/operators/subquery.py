"""Subqueries evaluate an instant vector again and again over a range."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from exporter.promql.operators.base import RangeSamples, VectorOperator
from exporter.promql.run import Run
from exporter.promql.syntax.nodes import Subquery
from exporter.promql.vector import Key, Vector

_Row = tuple[list[int], list[float]]


class _Rows:
    """The points of a subquery that a run has computed so far, per series."""

    def __init__(self) -> None:
        self.start_ms = 0
        self.next_ms = 0
        self.size = 0
        self.keys: Sequence[Key] = ()
        self._rows: dict[Key, _Row] = {}
        self._ordered: list[_Row] = []
        self._keys: Sequence[Key] | None = None
        self._current: list[_Row] = []

    def append(self, at_ms: int, vector: Vector, run: Run) -> None:
        """Add the vector of one step."""
        if vector.keys is not self._keys:
            rows = self._rows
            self._current = run.map(lambda key: rows.setdefault(key, ([], [])), vector.keys)
            self._keys = vector.keys
            if len(rows) != len(self.keys):
                self.keys = tuple(rows)
                self._ordered = list(rows.values())
        for (times, points), value in zip(self._current, vector.values, strict=True):
            times.append(at_ms)
            points.append(value)
        self.size += len(vector.values)

    def forget_until(self, start_ms: int, run: Run) -> int:
        """Drop points at `start_ms` and before; returns how many."""
        dropped = 0
        for piece in run.pieces(self._ordered):
            for times, points in piece:
                if times and times[0] <= start_ms:
                    count = bisect_right(times, start_ms)
                    del times[:count]
                    del points[:count]
                    dropped += count
        self.size -= dropped
        return dropped

    def samples_until(self, end_ms: int, run: Run) -> Iterator[RangeSamples]:
        """The points up to `end_ms`, in the order of the keys."""
        for times, points in self._ordered:
            run.work(len(times))
            if times and times[-1] > end_ms:
                count = bisect_right(times, end_ms)
                yield times[:count], points[:count]
            else:
                yield times, points


class EvaluateSubquery:
    """`expr[range:step]`: the steps are the multiples of the step within the range.

    Steps that overlapping ranges share (in a range query) are computed once per run.
    """

    def __init__(self, node: Subquery, operator: VectorOperator) -> None:
        self._node = node
        self._operator = operator

    def bounds(self, run: Run, at_ms: int) -> tuple[int, int]:
        """The range (start, end], in milliseconds."""
        end_ms = run.reference_ms(at_ms, self._node.at_ms, self._node.offset_ms)
        return end_ms - self._node.range_ms, end_ms

    def evaluate(self, run: Run, at_ms: int) -> tuple[Sequence[Key], Iterator[RangeSamples]]:
        """The series, and in the same order their points in that range."""
        start_ms, end_ms = self.bounds(run, at_ms)
        rows = self._known_rows(run, start_ms)
        step_ms = self._node.step_ms or run.default_step_ms
        step_at_ms = max(rows.next_ms, (start_ms // step_ms + 1) * step_ms)
        outside = run.step_ms, run.last_step_ms
        run.step_ms, run.last_step_ms = step_ms, self._last_step(run, end_ms)
        while step_at_ms <= end_ms:
            temporary_samples = run.samples
            vector = self._operator.evaluate(run, step_at_ms)
            run.samples = temporary_samples
            run.account_result(len(vector.values))
            rows.append(step_at_ms, vector, run)
            step_at_ms += step_ms
        run.step_ms, run.last_step_ms = outside
        rows.next_ms = step_at_ms
        return rows.keys, rows.samples_until(end_ms, run)

    def _last_step(self, run: Run, end_ms: int) -> int:
        """The last time up to which the steps follow one another without a gap."""
        overlaps = 0 < run.step_ms <= self._node.range_ms
        return self.bounds(run, run.last_step_ms)[1] if overlaps else end_ms

    def _known_rows(self, run: Run, start_ms: int) -> _Rows:
        """The rows known already, without what lies before; new ones where the query goes back in time."""
        rows: _Rows | None = run.memory.get(self)
        if rows is None or start_ms < rows.start_ms:
            run.retained -= rows.size if rows is not None else 0
            rows = run.memory[self] = _Rows()
            rows.next_ms = start_ms
        else:
            run.retained -= rows.forget_until(start_ms, run)
        rows.start_ms = start_ms
        return rows
