"""Metric names are dropped where what is computed from a metric is not that metric any more.

Prometheus drops the name at once where a function changes what a value means, or with its feature flag
`promql-delayed-name-removal` from the result only.
"""

from collections.abc import Sequence

from exporter.errors import QueryError
from exporter.model.labels import Labels
from exporter.promql.operators.base import VectorOperator
from exporter.promql.operators.tables import Table, Tabular, table_of
from exporter.promql.run import Run
from exporter.promql.vector import IdentityMemo, Key, PerKey, Vector

_SAME_LABELS = "vector cannot contain metrics with the same labelset"


def check_unique(labels: Sequence[Key | Labels], run: Run) -> None:
    """Raise `QueryError` where two of them are the same."""
    if not are_unique(labels, run):
        raise QueryError(_SAME_LABELS)


def are_unique(labels: Sequence[Key | Labels], run: Run) -> bool:
    """Whether no two of them are the same."""
    distinct: set[Key | Labels] = set()
    for piece in run.pieces(labels):
        distinct.update(piece)
    return len(distinct) == len(labels)


class DropNames(Tabular):
    """A vector without its names. Raises `QueryError` where two series become one at the same moment."""

    def __init__(self, operand: VectorOperator) -> None:
        self._operand = operand
        self.operands = (operand,)
        self._keys = PerKey(lambda key: key.nameless)
        self._checks: IdentityMemo[None] = IdentityMemo()
        self._are_unique: IdentityMemo[bool] = IdentityMemo()

    def evaluate(self, run: Run, at_ms: int) -> Vector:
        """The vector."""
        vector = self._operand.evaluate(run, at_ms)
        keys = self._keys.of(vector.keys, run.check)
        self._checks.get(lambda: check_unique(keys, run), keys)
        return Vector(keys, vector.values)

    def table(self, run: Run, steps: range) -> Table | None:
        """The vectors at some steps; None where two series become one, at the same moment or not."""
        table = table_of(self._operand, run, steps)
        if table is None:
            return None
        keys = self._keys.of(table.keys, run.check)
        if not self._are_unique.get(lambda: are_unique(keys, run), keys):
            return None
        return Table(keys, table.columns)


class DropNamesOfRanges(Tabular):
    """The same for functions of ranges: two series must not become one at different steps either.

    In Prometheus functions of ranges are evaluated series by series.
    """

    def __init__(self, operand: VectorOperator) -> None:
        self._operand = operand
        self.operands = (operand,)
        self._keys = PerKey(lambda key: key.nameless)

    def evaluate(self, run: Run, at_ms: int) -> Vector:
        """The vector."""
        vector = self._operand.evaluate(run, at_ms)
        return Vector(self._nameless(vector.keys, run), vector.values)

    def table(self, run: Run, steps: range) -> Table | None:
        """The vectors at some steps."""
        table = table_of(self._operand, run, steps)
        return None if table is None else Table(self._nameless(table.keys, run), table.columns)

    def _nameless(self, named: Sequence[Key], run: Run) -> Sequence[Key]:
        keys = self._keys.of(named, run.check)
        seen: _Seen = run.memory.get(self) or run.memory.setdefault(self, _Seen())
        if keys is not seen.last:
            seen.add(named, keys, run)
        return keys


class _Seen:
    """The series that the results of one run came from."""

    def __init__(self) -> None:
        self.last: Sequence[Key] | None = None
        self._origins: dict[Key, Key] = {}

    def add(self, named: Sequence[Key], nameless: Sequence[Key], run: Run) -> None:
        for origin, key in zip(named, nameless, strict=True):
            run.account_scanned(0)
            if self._origins.setdefault(key, origin) != origin:
                raise QueryError(_SAME_LABELS)
        self.last = nameless


class DropNamesLater(Tabular):
    """A vector whose names are to go from the result."""

    def __init__(self, operand: VectorOperator) -> None:
        self._operand = operand
        self.operands = (operand,)
        self._keys = PerKey(lambda key: key.dropped)

    def evaluate(self, run: Run, at_ms: int) -> Vector:
        """The vector."""
        vector = self._operand.evaluate(run, at_ms)
        return Vector(self._keys.of(vector.keys, run.check), vector.values)

    def table(self, run: Run, steps: range) -> Table | None:
        """The vectors at some steps."""
        table = table_of(self._operand, run, steps)
        return None if table is None else Table(self._keys.of(table.keys, run.check), table.columns)
