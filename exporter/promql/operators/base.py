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
