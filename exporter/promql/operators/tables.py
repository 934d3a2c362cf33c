"""Tables are instant vectors at many steps at once, series by series.

Most operators do the same at every step. What they do to a whole column of values costs a few passes in C;
what follows from the labels is worked out once. What cannot be said of all steps together (whether labels are
ambiguous, mostly) is left to the evaluation step by step, which says it of one.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import TypeGuard

from exporter.promql.operators.base import ScalarOperator, VectorOperator
from exporter.promql.operators.scalar import Constant
from exporter.promql.run import Run
from exporter.promql.vector import Key

Column = Sequence[float | None]
"""One value for each of the steps; None for none."""


@dataclass(slots=True)
class Table:
    """Instant vectors at some steps: `columns[i]` belongs to `keys[i]`, and each has some value.

    Neither may be changed once handed out.
    """

    keys: Sequence[Key]
    columns: Sequence[Column]

    @staticmethod
    def of(keys: Sequence[Key], columns: Sequence[Column], run: Run) -> "Table":
        """The table without the columns that have no value."""
        filled = run.map(has_values, columns)
        if all(filled):
            return Table(keys, columns)
        return Table(list(compress(keys, filled)), list(compress(columns, filled)))


class Tabular(ABC):
    """A vector operator that can be computed for many steps at once, if its operands can be.

    `operands` are all that it reads at each step. It has to be a `VectorOperator`, too.
    """

    operands: Sequence[VectorOperator] = ()

    @property
    def is_tabular(self) -> bool:
        """Whether it and all below it can be."""
        return all(isinstance(one, Tabular) and one.is_tabular for one in self.operands)

    def width(self, run: Run) -> int:
        """About how many series there are at a step, at most."""
        return max((one.width(run) for one in self.operands if isinstance(one, Tabular)), default=1)

    @abstractmethod
    def table(self, run: Run, steps: range) -> Table | None:
        """Return the vectors at some steps, in milliseconds; None where these have to be computed one by one.

        Raises `QueryError`.
        """


def tabular_of(operator: object) -> Tabular | None:
    """The operator itself, if it can be computed for many steps at once."""
    return operator if isinstance(operator, Tabular) and operator.is_tabular else None


def table_of(operator: VectorOperator, run: Run, steps: range) -> Table | None:
    """The table of an operator, as `Tabular.table`."""
    return operator.table(run, steps) if isinstance(operator, Tabular) else None


def numbers_of(operator: ScalarOperator, run: Run, steps: range) -> list[float]:
    """The number at each of the steps. Raises `QueryError`."""
    if isinstance(operator, Constant):
        return [operator.value] * len(steps)
    found, samples = [], run.samples
    for at_ms in steps:
        found.append(operator.evaluate(run, at_ms))
        run.samples = samples
        run.work(0)
    return found


def total(column: Column) -> float | None:
    """The sum of the values; None where there is not one for each step."""
    try:
        return sum(column)  # type: ignore[arg-type]  # which is found out
    except TypeError:
        return None


def is_plain(column: Column) -> TypeGuard[Sequence[float]]:
    """Whether there is a value for each step, and each is a number."""
    found = total(column)
    return found is not None and found == found


def has_values(column: Column) -> bool:
    """Whether there is any value."""
    return total(column) is not None or any(value is not None for value in column)


def mapped(function: Callable[[float], float], column: Column) -> Column:
    """A function of each value."""
    if total(column) is None:
        return [None if value is None else function(value) for value in column]
    return list(map(function, column))  # type: ignore[arg-type]  # no value is None


def combined(function: Callable[[float, float], float], left: Column, right: Column) -> Column:
    """A function of two columns, where both have a value."""
    if total(left) is None or total(right) is None:
        pairs = zip(left, right, strict=True)
        return [None if one is None or other is None else function(one, other) for one, other in pairs]
    return list(map(function, left, right))  # type: ignore[arg-type]  # no value is None


def compared(
    compare: Callable[[float, float], bool], left: Column, right: Column, kept: Column | None
) -> Column:
    """The values of `kept` where a comparison holds; without it 1 or 0, where both columns have a value."""
    found = combined(compare, left, right)
    if kept is None:
        return mapped(float, found)
    return [value if holds else None for value, holds in zip(kept, found, strict=True)]
