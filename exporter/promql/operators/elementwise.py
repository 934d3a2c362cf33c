"""Elementwise operators apply functions and signs to each element of a vector."""

from collections.abc import Callable, Sequence
from enum import Enum

from exporter.promql.operators.base import ScalarOperator, VectorOperator
from exporter.promql.operators.tables import Column, Table, Tabular, mapped, numbers_of, table_of
from exporter.promql.run import Run
from exporter.promql.vector import NOTHING, ONE_WITHOUT_LABELS, Key, Vector


class Steps(Enum):
    """The steps at which a part of a query is evaluated."""

    OF_QUERY = "query"
    OF_SUBQUERY = "subquery"
    ONE = "one"


class MapValues(Tabular):
    """A function of one value, applied to every element."""

    def __init__(self, function: Callable[[float], float], operand: VectorOperator) -> None:
        self._function = function
        self._operand = operand
        self.operands = (operand,)

    def evaluate(self, run: Run, at_ms: int) -> Vector:
        """The vector of results."""
        vector = self._operand.evaluate(run, at_ms)
        return Vector(vector.keys, run.map(self._function, vector.values))

    def table(self, run: Run, steps: range) -> Table | None:
        """The vectors at some steps."""
        table = table_of(self._operand, run, steps)
        if table is None:
            return None

        def column(values: Column) -> Column:
            run.work(len(steps))
            return mapped(self._function, values)

        return Table(table.keys, list(map(column, table.columns)))


class MapWithParameters:
    """A function whose parameters are numbers of the query: round, clamp and its kin."""

    def __init__(
        self,
        prepare: Callable[..., Callable[[float], float]],
        operand: VectorOperator,
        parameters: Sequence[ScalarOperator],
    ) -> None:
        self._prepare = prepare
        self._operand = operand
        self._parameters = parameters

    def evaluate(self, run: Run, at_ms: int) -> Vector:
        """The vector of results."""
        vector = self._operand.evaluate(run, at_ms)
        function = self._prepare(*(parameter.evaluate(run, at_ms) for parameter in self._parameters))
        return Vector(vector.keys, run.map(function, vector.values))


class Clamp:
    """`clamp(vector, least, most)`: nothing where `least` is above `most`."""

    def __init__(self, clamped: VectorOperator, least: ScalarOperator, most: ScalarOperator) -> None:
        self._clamped = clamped
        self._least = least
        self._most = most

    def evaluate(self, run: Run, at_ms: int) -> Vector:
        """The vector of results."""
        vector = self._clamped.evaluate(run, at_ms)
        return NOTHING if self._most.evaluate(run, at_ms) < self._least.evaluate(run, at_ms) else vector


class TimestampOfEvaluation:
    """`timestamp(…)` of what is computed: the time of evaluation, in seconds."""

    def __init__(self, operand: VectorOperator) -> None:
        self._operand = operand

    def evaluate(self, run: Run, at_ms: int) -> Vector:
        """The vector of results."""
        vector = self._operand.evaluate(run, at_ms)
        return Vector(vector.keys, [at_ms / 1000] * len(vector.values))


class VectorOfScalar(Tabular):
    """`vector(number)`."""

    def __init__(self, operand: ScalarOperator) -> None:
        self._operand = operand

    def evaluate(self, run: Run, at_ms: int) -> Vector:
        """One element without labels."""
        return Vector(ONE_WITHOUT_LABELS, [self._operand.evaluate(run, at_ms)])

    def table(self, run: Run, steps: range) -> Table | None:
        """One column."""
        return Table(ONE_WITHOUT_LABELS, [numbers_of(self._operand, run, steps)])


class CalendarOfEvaluation:
    """`hour()` and its kin without an argument: of the time of evaluation."""

    def __init__(self, function: Callable[[float], float]) -> None:
        self._function = function

    def evaluate(self, run: Run, at_ms: int) -> Vector:
        """One element without labels."""
        return Vector(ONE_WITHOUT_LABELS, [self._function(at_ms // 1000)])


class Absent:
    """`absent(vector)`: one element, 1, where the vector has none."""

    def __init__(self, operand: VectorOperator, key: Key) -> None:
        self._operand = operand
        self._keys = (key,)

    def evaluate(self, run: Run, at_ms: int) -> Vector:
        """One element or none."""
        return NOTHING if self._operand.evaluate(run, at_ms).values else Vector(self._keys, [1.0])


class NoneOf:
    """A function of native histograms: of floats it yields nothing."""

    def __init__(self, operand: VectorOperator) -> None:
        self._operand = operand

    def evaluate(self, run: Run, at_ms: int) -> Vector:
        """No element, once the operand was evaluated: it may be wrong."""
        self._operand.evaluate(run, at_ms)
        return NOTHING


class Sort:
    """`sort` and `sort_desc`: by value, NaN last. It warns where that is lost: at more than one step."""

    def __init__(self, operand: VectorOperator, *, descending: bool, steps: Steps, offset: int) -> None:
        self._operand = operand
        self._sign = -1.0 if descending else 1.0
        self._steps = steps
        self._offset = offset

    def evaluate(self, run: Run, at_ms: int) -> Vector:
        """The vector in order."""
        if self._is_one_of_several(run, at_ms):
            run.annotations.warn(
                "sort is ineffective for range queries since results are always ordered by labels",
                self._offset,
            )
        vector = self._operand.evaluate(run, at_ms)
        sign, values = self._sign, vector.values
        order = run.sorted(range(len(values)), lambda index: _rank(values[index], sign))
        return Vector(run.map(vector.keys.__getitem__, order), run.map(values.__getitem__, order))

    def _is_one_of_several(self, run: Run, at_ms: int) -> bool:
        if self._steps is Steps.OF_QUERY:
            return run.start_ms != run.end_ms
        return self._steps is Steps.OF_SUBQUERY and run.memory.setdefault(self, at_ms) != at_ms


def _rank(value: float, sign: float) -> tuple[bool, float]:
    return (True, 0.0) if value != value else (False, sign * value)
