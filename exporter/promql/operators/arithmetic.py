"""Arithmetic and comparison operators work between vectors and numbers."""

import math
import operator
from collections.abc import Callable, Sequence
from typing import Final

from exporter.promql.numbers import divide, divide_all, modulo, power
from exporter.promql.operators.base import ScalarOperator, VectorOperator
from exporter.promql.operators.tables import Column, Table, Tabular, combined, compared, numbers_of, table_of
from exporter.promql.run import Run
from exporter.promql.vector import Presence, Vector

_Columns = Callable[[Sequence[float], Sequence[float]], list[float]]

ARITHMETIC: Final[dict[str, Callable[[float, float], float]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": divide,
    "%": modulo,
    "^": power,
    "atan2": math.atan2,
}
COMPARISON: Final[dict[str, Callable[[float, float], bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def columns(op: str) -> _Columns:
    """The arithmetic operator for whole columns."""
    if op == "/":
        return divide_all
    function = ARITHMETIC[op]
    return lambda left, right: list(map(function, left, right))


class VectorScalarArithmetic(Tabular):
    """`vector op number`, or with `swapped` `number op vector`."""

    def __init__(self, op: str, vector: VectorOperator, scalar: ScalarOperator, *, swapped: bool) -> None:
        self._columns = columns(op)
        self._function = ARITHMETIC[op]
        self._vector = vector
        self.operands = (vector,)
        self._scalar = scalar
        self._swapped = swapped

    def evaluate(self, run: Run, at_ms: int) -> Vector:
        """The vector of results."""
        vector = self._vector.evaluate(run, at_ms)
        values = vector.values
        constant = [self._scalar.evaluate(run, at_ms)] * len(values)
        left, right = (constant, values) if self._swapped else (values, constant)
        return Vector(vector.keys, run.combine(self._columns, left, right))

    def table(self, run: Run, steps: range) -> Table | None:
        """The vectors at some steps."""
        table = table_of(self._vector, run, steps)
        if table is None:
            return None
        numbers, function, swapped = numbers_of(self._scalar, run, steps), self._function, self._swapped

        def column(values: Column) -> Column:
            run.work(len(steps))
            return combined(function, *(numbers, values) if swapped else (values, numbers))

        return Table(table.keys, list(map(column, table.columns)))


class VectorScalarComparison(Tabular):
    """`vector op number`, or with `swapped` `number op vector`: a filter, or with `bool` 1 and 0."""

    def __init__(
        self,
        op: str,
        vector: VectorOperator,
        scalar: ScalarOperator,
        *,
        swapped: bool,
        returns_bool: bool,
    ) -> None:
        self._compare = COMPARISON[op]
        self._vector = vector
        self.operands = (vector,)
        self._scalar = scalar
        self._swapped = swapped
        self._returns_bool = returns_bool
        self._presence = Presence()

    def evaluate(self, run: Run, at_ms: int) -> Vector:
        """The elements for which the comparison holds, or all with 1 or 0."""
        vector = self._vector.evaluate(run, at_ms)
        values, compare, constant = vector.values, self._compare, self._scalar.evaluate(run, at_ms)
        constants = [constant] * len(values)
        mask = run.map(compare, constants, values) if self._swapped else run.map(compare, values, constants)
        if self._returns_bool:
            return Vector(vector.keys, list(map(float, mask)))
        return self._presence.masked(vector.keys, values, mask)

    def table(self, run: Run, steps: range) -> Table | None:
        """The vectors at some steps."""
        table = table_of(self._vector, run, steps)
        if table is None:
            return None
        numbers, swapped = numbers_of(self._scalar, run, steps), self._swapped

        def column(values: Column) -> Column:
            run.work(len(steps))
            left, right = (numbers, values) if swapped else (values, numbers)
            return compared(self._compare, left, right, None if self._returns_bool else values)

        return Table.of(table.keys, list(map(column, table.columns)), run)
