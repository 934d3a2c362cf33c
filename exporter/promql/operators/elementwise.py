"""Functions and signs on each element of a vector."""

from collections.abc import Callable, Sequence

from exporter.promql.operators.base import ScalarOperator, VectorOperator
from exporter.promql.run import Run
from exporter.promql.vector import NOTHING, ONE_WITHOUT_LABELS, Key, Vector, dropping


class MapValues:
    """A function of one value, applied to every element; the name goes."""

    def __init__(self, function: Callable[[float], float], operand: VectorOperator) -> None:
        self._function = function
        self._operand = operand
        self._keys = dropping()

    def evaluate(self, run: Run, at: int) -> Vector:
        """The vector of results."""
        vector = self._operand.evaluate(run, at)
        return Vector(self._keys.of(vector.keys, run.check), list(map(self._function, vector.values)))


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
        self._keys = dropping()

    def evaluate(self, run: Run, at: int) -> Vector:
        """The vector of results."""
        vector = self._operand.evaluate(run, at)
        function = self._prepare(*(parameter.evaluate(run, at) for parameter in self._parameters))
        return Vector(self._keys.of(vector.keys, run.check), list(map(function, vector.values)))


class Clamp:
    """`clamp(vector, least, most)`: nothing where `least` is above `most`."""

    def __init__(self, clamped: VectorOperator, least: ScalarOperator, most: ScalarOperator) -> None:
        self._clamped = clamped
        self._least = least
        self._most = most

    def evaluate(self, run: Run, at: int) -> Vector:
        """The vector of results."""
        if self._most.evaluate(run, at) < self._least.evaluate(run, at):
            return NOTHING
        return self._clamped.evaluate(run, at)


class TimestampOfEvaluation:
    """`timestamp(…)` of what is computed: the moment of evaluation, in seconds."""

    def __init__(self, operand: VectorOperator) -> None:
        self._operand = operand
        self._keys = dropping()

    def evaluate(self, run: Run, at: int) -> Vector:
        """The vector of results."""
        vector = self._operand.evaluate(run, at)
        return Vector(self._keys.of(vector.keys, run.check), [at / 1000] * len(vector.values))


class DropNames:
    """A vector as it is, but for the names."""

    def __init__(self, operand: VectorOperator) -> None:
        self._operand = operand
        self._keys = dropping()

    def evaluate(self, run: Run, at: int) -> Vector:
        """The vector."""
        vector = self._operand.evaluate(run, at)
        return Vector(self._keys.of(vector.keys, run.check), vector.values)


class VectorOfScalar:
    """`vector(number)`."""

    def __init__(self, operand: ScalarOperator) -> None:
        self._operand = operand

    def evaluate(self, run: Run, at: int) -> Vector:
        """One element without labels."""
        return Vector(ONE_WITHOUT_LABELS, [self._operand.evaluate(run, at)])


class CalendarOfEvaluation:
    """`hour()` and its kin without an argument: of the moment of evaluation."""

    def __init__(self, function: Callable[[float], float]) -> None:
        self._function = function

    def evaluate(self, run: Run, at: int) -> Vector:
        """One element without labels."""
        return Vector(ONE_WITHOUT_LABELS, [self._function(at // 1000)])


class Absent:
    """`absent(vector)`: one element, 1, where the vector has none."""

    def __init__(self, operand: VectorOperator, key: Key) -> None:
        self._operand = operand
        self._keys = (key,)

    def evaluate(self, run: Run, at: int) -> Vector:
        """One element or none."""
        return NOTHING if self._operand.evaluate(run, at).values else Vector(self._keys, [1.0])


class Sort:
    """`sort` and `sort_desc`: by value, NaN last."""

    def __init__(self, operand: VectorOperator, *, descending: bool) -> None:
        self._operand = operand
        self._sign = -1.0 if descending else 1.0

    def evaluate(self, run: Run, at: int) -> Vector:
        """The vector in order."""
        vector = self._operand.evaluate(run, at)
        sign, values = self._sign, vector.values
        order = sorted(range(len(values)), key=lambda index: _rank(values[index], sign))
        return Vector([vector.keys[index] for index in order], [values[index] for index in order])


def _rank(value: float, sign: float) -> tuple[bool, float]:
    return (True, 0.0) if value != value else (False, sign * value)
