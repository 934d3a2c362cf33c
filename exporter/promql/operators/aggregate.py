"""Aggregations compute one value, or choose elements, per group: `sum by (…) (…)` and its kin."""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from exporter.model.floats import format_float
from exporter.model.labels import METRIC_NAME, Labels
from exporter.promql.functions.quantiles import quantile
from exporter.promql.functions.ranges import deviation, largest, smallest
from exporter.promql.kahan import kahan_mean, kahan_sum, kahan_variance
from exporter.promql.operators.base import ScalarOperator, VectorOperator
from exporter.promql.operators.tables import Column, Table, Tabular, table_of, total
from exporter.promql.pieces import PIECE
from exporter.promql.run import Run
from exporter.promql.vector import NOTHING, IdentityMemo, Key, PerKey, Vector

REDUCERS: Final[dict[str, Callable[[Sequence[float]], float]]] = {
    "avg": kahan_mean,
    "count": lambda values: float(len(values)),
    "group": lambda values: 1.0,
    "max": largest,
    "min": smallest,
    "stddev": deviation,
    "stdvar": kahan_variance,
    "sum": kahan_sum,
}
# Of a single value they are that value.
_OF_ONE_ITSELF: Final = (largest, smallest)
# What calling one costs, in samples.
_WORK_OF_REDUCER: Final = 2


def group_labels(grouping: Sequence[str], *, without: bool) -> Callable[[Key], Labels]:
    """The labels of the group that a series belongs to."""
    if without:
        dropped = (*grouping, METRIC_NAME)
        return lambda key: key.labels.without(*dropped)
    if not grouping:
        nothing = Labels()
        return lambda key: nothing
    return lambda key: key.labels.only(grouping)


@dataclass(frozen=True, slots=True)
class _Groups:
    """The groups of a list of keys, in the order in which they first appear.

    `members[i]` is the group of element i.
    """

    keys: list[Key]
    members: list[int]


class Grouping:
    """A split of vectors into groups, which is kept for as long as the keys stay the same."""

    def __init__(self, grouping: Sequence[str], *, without: bool) -> None:
        self._labels = PerKey(group_labels(grouping, without=without))
        self._groups: IdentityMemo[_Groups] = IdentityMemo()
        self._indexes: IdentityMemo[list[list[int]]] = IdentityMemo()

    def split(self, vector: Vector, run: Run) -> tuple[list[Key], list[list[float]]]:
        """The keys of the groups, and the values in each."""
        groups = self.of(vector.keys, run)
        if len(groups.keys) == 1:
            return groups.keys, [vector.values]
        values: list[list[float]] = [[] for _ in groups.keys]
        for piece in run.pieces(range(len(vector.values))):
            for index in piece:
                values[groups.members[index]].append(vector.values[index])
        return groups.keys, values

    def indexes(self, keys: Sequence[Key], run: Run) -> list[list[int]]:
        """The positions of the elements of each group; not to be changed."""
        return self._indexes.get(lambda: self._index(keys, run), keys)

    def _index(self, keys: Sequence[Key], run: Run) -> list[list[int]]:
        groups = self.of(keys, run)
        found: list[list[int]] = [[] for _ in groups.keys]
        for piece in run.pieces(range(len(groups.members))):
            for index in piece:
                found[groups.members[index]].append(index)
        return found

    def of(self, keys: Sequence[Key], run: Run) -> _Groups:
        """The groups of these keys."""
        return self._groups.get(lambda: self._group(keys, run), keys)

    def _group(self, keys: Sequence[Key], run: Run) -> _Groups:
        numbers: dict[Labels, int] = {}
        labels_of = self._labels.of(keys, run.check)
        members = run.map(lambda labels: numbers.setdefault(labels, len(numbers)), labels_of)
        # A group loses its name in the end as soon as one of its members does.
        dropping = {
            members[index]
            for piece in run.pieces(range(len(keys)))
            for index in piece
            if keys[index].drop_name
        }
        found = run.map(lambda labels: Key(labels, drop_name=numbers[labels] in dropping), list(numbers))
        return _Groups(found, members)


class Reduce(Tabular):
    """One value per group."""

    def __init__(
        self, reducer: Callable[[Sequence[float]], float], operand: VectorOperator, grouping: Grouping
    ) -> None:
        self._reducer = reducer
        self._operand = operand
        self.operands = (operand,)
        self._grouping = grouping

    def evaluate(self, run: Run, at_ms: int) -> Vector:
        """The groups' values."""
        vector = self._operand.evaluate(run, at_ms)
        if not vector.values:
            return NOTHING
        run.account_scanned(len(vector.values))
        if self._reducer in _OF_ONE_ITSELF:
            known = self._grouping.of(vector.keys, run).keys
            if len(known) == len(vector.values):
                return Vector(known, vector.values)
        keys, groups = self._grouping.split(vector, run)
        return Vector(keys, run.map(self._reducer, [run.paced(values) for values in groups]))

    def table(self, run: Run, steps: range) -> Table | None:
        """The groups' values at some steps."""
        table = table_of(self._operand, run, steps)
        if table is None or not table.keys:
            return table
        run.account_scanned(len(table.keys))
        columns = [
            self._column([table.columns[index] for index in indexes], run)
            for indexes in self._grouping.indexes(table.keys, run)
        ]
        return Table(self._grouping.of(table.keys, run).keys, columns)

    def _column(self, members: Sequence[Column], run: Run) -> Column:
        """The values of a group."""
        if self._reducer in _OF_ONE_ITSELF and len(members) == 1:
            return members[0]
        run.work(len(members[0]) * _WORK_OF_REDUCER)
        totals = run.map(total, members)
        is_full = None not in totals
        if is_full and self._reducer in _OF_ONE_ITSELF and not any(map(operator.ne, totals, totals)):
            # There is a value in each place, and none is NaN.
            return list(map(max if self._reducer is largest else min, *members))
        found: list[float | None] = []
        if is_full and len(members) <= PIECE:
            at_once = PIECE // len(members)
            for first in range(0, len(members[0]), at_once):
                rows = zip(*[column[first : first + at_once] for column in members], strict=True)
                found.extend(map(self._reducer, rows))
                run.work(PIECE)
            return found
        for row in zip(*members, strict=True):
            values = [value for value in row if value is not None]
            found.append(self._reducer(run.paced(values)) if values else None)
            run.work(len(values))
        return found


class QuantilePerGroup:
    """`quantile(phi, vector)`."""

    def __init__(self, phi: ScalarOperator, operand: VectorOperator, grouping: Grouping, offset: int) -> None:
        self._phi = phi
        self._operand = operand
        self._grouping = grouping
        self._offset = offset

    def evaluate(self, run: Run, at_ms: int) -> Vector:
        """The groups' quantiles."""
        phi = self._phi.evaluate(run, at_ms)
        vector = self._operand.evaluate(run, at_ms)
        run.annotations.warn_of_quantile(phi, self._offset)
        if not vector.values:
            return NOTHING
        keys, groups = self._grouping.split(vector, run)
        return Vector(keys, run.map(lambda values: quantile(phi, values), groups))


class CountValues:
    """`count_values("label", vector)`: how many elements of a group have a value, which goes to a label."""

    def __init__(
        self, label: str, operand: VectorOperator, grouping: Sequence[str], *, without: bool
    ) -> None:
        self._label = label
        self._operand = operand
        names = grouping if without else (*grouping, label)
        self._labels = group_labels(names, without=without)

    def evaluate(self, run: Run, at_ms: int) -> Vector:
        """The counts."""
        vector = self._operand.evaluate(run, at_ms)
        counts: dict[Labels, int] = {}
        dropping: set[Labels] = set()
        for key, value in zip(vector.keys, vector.values, strict=True):
            # As dear as ten samples.
            run.account_scanned(9)
            labels = self._labels(Key(key.labels.with_({self._label: format_float(value)})))
            counts[labels] = counts.get(labels, 0) + 1
            if key.drop_name and self._label != METRIC_NAME:
                dropping.add(labels)
        run.account_temporary(len(counts))
        keys = run.map(lambda labels: Key(labels, drop_name=labels in dropping), list(counts))
        return Vector(keys, list(map(float, counts.values())))
