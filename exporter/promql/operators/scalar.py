"""Scalar operators yield numbers."""

from collections.abc import Callable
from dataclasses import dataclass

from exporter.promql.operators.base import ScalarOperator, VectorOperator
from exporter.promql.run import Run


@dataclass(frozen=True, slots=True)
class Constant:
    """A number that is known beforehand."""

    value: float

    def evaluate(self, run: Run, at_ms: int) -> float:
        """The number."""
        return self.value


class Time:
    """`time()`: the time of evaluation, in seconds."""

    def evaluate(self, run: Run, at_ms: int) -> float:
        """The time of evaluation."""
        return at_ms / 1000


@dataclass(frozen=True, slots=True)
class Negation:
    """`-number`."""

    operand: ScalarOperator

    def evaluate(self, run: Run, at_ms: int) -> float:
        """The number with the other sign."""
        return -self.operand.evaluate(run, at_ms)


@dataclass(frozen=True, slots=True)
class ScalarBinary:
    """An operation of two numbers; comparisons yield 1 or 0."""

    function: Callable[[float, float], float]
    left: ScalarOperator
    right: ScalarOperator

    def evaluate(self, run: Run, at_ms: int) -> float:
        """The result."""
        return float(self.function(self.left.evaluate(run, at_ms), self.right.evaluate(run, at_ms)))


@dataclass(frozen=True, slots=True)
class ScalarOfVector:
    """`scalar(vector)`: the value of the only element; NaN where there is not exactly one."""

    operand: VectorOperator

    def evaluate(self, run: Run, at_ms: int) -> float:
        """The number."""
        values = self.operand.evaluate(run, at_ms).values
        return values[0] if len(values) == 1 else float("nan")
