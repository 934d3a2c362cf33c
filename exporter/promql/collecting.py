"""Puts what is computed for the steps of a range query together to series."""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, Final

from exporter.errors import QueryError
from exporter.model.labels import Labels
from exporter.promql import result
from exporter.promql.limits import Limits
from exporter.promql.operators.prefetch import LEAST_STEPS, MOST_STEPS, TABLE_VALUES
from exporter.promql.operators.tables import Column, Tabular, total
from exporter.promql.run import Run
from exporter.promql.vector import Key

Points = list[tuple[int, float]]
# The number of vectors that are put to their series together.
_VECTORS: Final = 32


class Collector:
    """Puts the vectors of a range query together to series."""

    def __init__(self, run: Run, limits: Limits) -> None:
        self._run = run
        self._limits = limits
        self._count = 0
        self._points: dict[Labels, Points] = {}
        self._labels: list[Labels] | None = None
        self._rows: list[Points] = []
        # Vectors of the same series, not yet put to the points.
        self._times: list[int] = []
        self._vectors: list[Sequence[float]] = []

    def add(self, at_ms: int, labels: list[Labels], values: Sequence[float]) -> None:
        """Add the result of one step; the labels are all different."""
        if labels is not self._labels:
            self._flush()
            self._rows = self._run.map(lambda one: self._points.setdefault(one, []), labels)
            self._labels = labels
            self._check_series()
        self._account(len(values))
        self._times.append(at_ms)
        self._vectors.append(values)
        if len(self._times) >= _VECTORS:
            self._flush()

    def add_table(self, steps: range, labels: list[Labels], columns: Sequence[Column]) -> None:
        """Add the result of some steps; the labels are all different."""
        self._flush()
        self._labels = None
        times = list(steps)
        for one, column in zip(labels, columns, strict=True):
            points: list[tuple[int, Any]] = list(zip(times, column, strict=True))
            if total(column) is None:
                points = [point for point in points if point[1] is not None]
            if points:
                self._account(len(points))
                self._points.setdefault(one, []).extend(points)
        self._check_series()

    def _account(self, points: int) -> None:
        self._run.account_result(points)
        self._count += points
        if self._count > self._limits.points:
            raise QueryError(f"query yields more than {self._limits.points} points; try a longer step")

    def _check_series(self) -> None:
        if len(self._points) > self._limits.series:
            raise QueryError(f"query yields more than {self._limits.series} series")

    def _flush(self) -> None:
        """Put vectors to the points, series by series."""
        times, columns = self._times, zip(*self._vectors, strict=True)
        for rows in self._run.pieces(self._rows) if times else ():
            for points, values in zip(rows, columns, strict=False):
                points.extend(zip(times, values, strict=True))
        self._times, self._vectors = [], []

    def series(self) -> list[result.RangeSeries]:
        """All series with at least one point, sorted by labels."""
        self._flush()
        ordered = self._run.sorted(list(self._points), attrgetter("pairs"))
        return self._run.map(lambda labels: result.RangeSeries(labels, self._points[labels]), ordered)


def collect_tables(
    operator: Tabular,
    run: Run,
    steps: range,
    collector: Collector,
    labels_of: Callable[[Sequence[Key], Run], list[Labels] | None],
) -> int:
    """Collect as many of the steps (milliseconds) as can be computed together; returns their number.

    `labels_of` returns the labels of a result, and None where two are the same. Raises `QueryError`.
    """
    run.check()
    width = max(1, operator.width(run))
    at_once = min(MOST_STEPS, max(LEAST_STEPS, TABLE_VALUES // width))
    # What is computed, and what of.
    held = 2 * width * min(at_once, len(steps))
    run.prefetched += held
    done = 0
    while done < len(steps):
        run.check()
        run.samples = 0
        some = steps[done : done + at_once]
        table = operator.table(run, some)
        labels = None if table is None else labels_of(table.keys, run)
        if table is None or labels is None:
            break
        collector.add_table(some, labels, table.columns)
        done += len(some)
    run.prefetched -= held
    return done
