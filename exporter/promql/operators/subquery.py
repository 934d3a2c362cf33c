"""Subqueries: an instant vector evaluated again and again over a range."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from exporter.promql.operators.base import VectorOperator, Window
from exporter.promql.run import Run
from exporter.promql.syntax.nodes import Subquery
from exporter.promql.vector import Key, Vector

_Row = tuple[list[int], list[float]]


class _Rows:
    """The points of a subquery that a run has computed so far, per series."""

    def __init__(self) -> None:
        self.start = 0
        self.next = 0
        self.size = 0
        self.keys: Sequence[Key] = ()
        self._rows: dict[Key, _Row] = {}
        self._ordered: list[_Row] = []
        self._keys: Sequence[Key] | None = None
        self._current: list[_Row] = []

    def append(self, at: int, vector: Vector, run: Run) -> None:
        """Add the vector of one step."""
        if vector.keys is not self._keys:
            rows = self._rows
            self._current = run.map(lambda key: rows.setdefault(key, ([], [])), vector.keys)
            self._keys = vector.keys
            if len(rows) != len(self.keys):
                self.keys = tuple(rows)
                self._ordered = list(rows.values())
        for (times, points), value in zip(self._current, vector.values, strict=True):
            times.append(at)
            points.append(value)
        self.size += len(vector.values)

    def forget_until(self, start: int, run: Run) -> int:
        """Drop points at `start` and before; returns how many."""
        dropped = 0
        for piece in run.pieces(self._ordered):
            for times, points in piece:
                if times and times[0] <= start:
                    count = bisect_right(times, start)
                    del times[:count]
                    del points[:count]
                    dropped += count
        self.size -= dropped
        return dropped

    def windows(self, end: int, run: Run) -> Iterator[Window]:
        """The points up to `end`, in the order of the keys."""
        for times, points in self._ordered:
            run.work(len(times))
            if times and times[-1] > end:
                count = bisect_right(times, end)
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

    def bounds(self, run: Run, at: int) -> tuple[int, int]:
        """The range (start, end], in milliseconds."""
        end = run.moment(at, self._node.at, self._node.offset)
        return end - self._node.range, end

    def windows(self, run: Run, at: int) -> tuple[Sequence[Key], Iterator[Window]]:
        """The series, and in the same order their points in that range."""
        start, end = self.bounds(run, at)
        rows = self._known_rows(run, start)
        step = self._node.step or run.default_step_ms
        moment = max(rows.next, (start // step + 1) * step)
        outside = run.step_ms, run.last_step
        run.step_ms, run.last_step = step, self._last_step(run, end)
        while moment <= end:
            held = run.samples
            vector = self._operator.evaluate(run, moment)
            run.samples = held
            run.retain(len(vector.values))
            rows.append(moment, vector, run)
            moment += step
        run.step_ms, run.last_step = outside
        rows.next = moment
        return rows.keys, rows.windows(end, run)

    def _last_step(self, run: Run, end: int) -> int:
        """Up to when the steps follow one another without a gap."""
        overlaps = 0 < run.step_ms <= self._node.range
        return self.bounds(run, run.last_step)[1] if overlaps else end

    def _known_rows(self, run: Run, start: int) -> _Rows:
        """What is known already, less what lies before; nothing where the query goes back in time."""
        rows: _Rows | None = run.memory.get(self)
        if rows is None or start < rows.start:
            run.retained -= rows.size if rows is not None else 0
            rows = run.memory[self] = _Rows()
            rows.next = start
        else:
            run.retained -= rows.forget_until(start, run)
        rows.start = start
        return rows
