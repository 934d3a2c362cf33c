"""Operators keep to three protocols: vector, scalar and range vector."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from exporter.promql.run import Run
from exporter.promql.vector import Key, Vector

RangeSamples = tuple[Sequence[int], Sequence[float]]


class VectorOperator(Protocol):
    """An operator that yields an instant vector."""

    def evaluate(self, run: Run, at_ms: int) -> Vector:
        """Return the vector at a time."""
        ...


class ScalarOperator(Protocol):
    """An operator that yields a number."""

    def evaluate(self, run: Run, at_ms: int) -> float:
        """Return the number at a time."""
        ...


class RangeVectorOperator(Protocol):
    """An operator that yields a range vector: the samples of a range, series by series."""

    def bounds(self, run: Run, at_ms: int) -> tuple[int, int]:
        """The range (start, end], in milliseconds."""
        ...

    def evaluate(self, run: Run, at_ms: int) -> tuple[Sequence[Key], Iterator[RangeSamples]]:
        """The series, and in the same order their samples in that range."""
        ...


class StepInvariant:
    """A step-invariant vector, the same at every step of a run: computed at the first."""

    def __init__(self, operator: VectorOperator) -> None:
        self._operator = operator

    def evaluate(self, run: Run, at_ms: int) -> Vector:
        """The vector of the first evaluation."""
        found: Vector | None = run.memory.get(self)
        if found is None:
            found = run.memory[self] = self._operator.evaluate(run, at_ms)
        return found


class CommonSubexpression:
    """A vector that a query names more than once: computed once per step."""

    def __init__(self, operator: VectorOperator) -> None:
        self._operator = operator

    def evaluate(self, run: Run, at_ms: int) -> Vector:
        """The vector at a time."""
        found: tuple[int, Vector] | None = run.memory.get(self)
        if found is None or found[0] != at_ms:
            found = run.memory[self] = (at_ms, self._operator.evaluate(run, at_ms))
        return found[1]
