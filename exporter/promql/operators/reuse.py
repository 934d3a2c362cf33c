"""Operators that compute a part of a query once, where it is needed again."""

from exporter.promql.operators.base import VectorOperator
from exporter.promql.operators.tables import Table, Tabular, table_of
from exporter.promql.run import Run
from exporter.promql.vector import Vector


class StepInvariant(Tabular):
    """A step-invariant vector, the same at every step of a run: computed at the first."""

    def __init__(self, operator: VectorOperator) -> None:
        self._operator = operator

    def evaluate(self, run: Run, at_ms: int) -> Vector:
        """The vector of the first evaluation."""
        found: Vector | None = run.memory.get(self)
        if found is None:
            found = run.memory[self] = self._operator.evaluate(run, at_ms)
        return found

    def width(self, run: Run) -> int:
        """The number of series."""
        return len(self.evaluate(run, run.start_ms).keys)

    def table(self, run: Run, steps: range) -> Table | None:
        """The same values at each of the steps."""
        vector = self.evaluate(run, steps[0])
        count = len(steps)
        return Table(vector.keys, run.map(lambda value: [value] * count, vector.values))


class CommonSubexpression(Tabular):
    """A vector that a query names more than once: computed once per step."""

    def __init__(self, operator: VectorOperator) -> None:
        self._operator = operator
        self.operands = (operator,)
        # Where the run keeps the table.
        self._of_steps = object()

    def evaluate(self, run: Run, at_ms: int) -> Vector:
        """The vector at a time."""
        found: tuple[int, Vector] | None = run.memory.get(self)
        if found is None or found[0] != at_ms:
            found = run.memory[self] = (at_ms, self._operator.evaluate(run, at_ms))
        return found[1]

    def table(self, run: Run, steps: range) -> Table | None:
        """The vectors at some steps."""
        found: tuple[range, Table | None] | None = run.memory.get(self._of_steps)
        if found is None or found[0] != steps:
            found = run.memory[self._of_steps] = (steps, table_of(self._operator, run, steps))
        return found[1]
