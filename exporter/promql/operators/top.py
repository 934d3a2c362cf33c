"""`topk` and `bottomk` choose elements of each group."""

import math
import operator
from collections.abc import Sequence
from functools import partial
from itertools import compress, islice
from typing import Final

from exporter.errors import QueryError
from exporter.model.floats import format_general
from exporter.promql.operators.aggregate import Grouping
from exporter.promql.operators.base import ScalarOperator, VectorOperator
from exporter.promql.operators.tables import Column, Table, Tabular, is_plain, numbers_of, table_of
from exporter.promql.pieces import PIECE
from exporter.promql.run import Run
from exporter.promql.vector import NOTHING, IdentityMemo, Key, Vector

_MAX_INTEGER: Final = 2.0**63
_KEPT_CHOICES: Final = 16


class TopOfGroup(Tabular):
    """`topk` and `bottomk`: the elements with the largest or smallest values of each group, in that order.

    NaN counts as the least wanted.
    """

    def __init__(
        self, count: ScalarOperator, operand: VectorOperator, grouping: Grouping, *, largest_first: bool
    ) -> None:
        self._count = count
        self._operand = operand
        self.operands = (operand,)
        self._grouping = grouping
        self._sign = -1.0 if largest_first else 1.0
        self._reaches = operator.le if largest_first else operator.ge
        self._keys: IdentityMemo[dict[tuple[int, ...], list[Key]]] = IdentityMemo()

    def evaluate(self, run: Run, at_ms: int) -> Vector:
        """The chosen elements. Raises `QueryError` where the count is no number that fits 64 bits."""
        count = self._integer(self._count.evaluate(run, at_ms))
        vector = self._operand.evaluate(run, at_ms)
        if count < 1 or not vector.values:
            return NOTHING
        run.account_scanned(len(vector.values))
        chosen: list[int] = []
        for indexes in self._grouping.indexes(vector.keys, run):
            chosen.extend(self._of_group(indexes, vector.values, count, run))
        if run.step_ms:
            # Along a range nobody sees their order: so the same elements are the same keys again.
            chosen.sort()
        return Vector(self._keys_of(vector.keys, chosen, run), run.map(vector.values.__getitem__, chosen))

    def _of_group(self, indexes: list[int], values: Sequence[float], count: int, run: Run) -> list[int]:
        """The chosen elements of a group; of equal ones those that come first."""
        if count >= len(indexes) and run.step_ms:
            return indexes
        inside = run.map(values.__getitem__, indexes)
        total = sum(inside)
        if total != total or count >= min(len(indexes), PIECE):
            return run.sorted(indexes, lambda index: self._rank(values[index]))[:count]
        last = self._last_chosen(inside, count, run)
        found = list(compress(indexes, run.map(partial(self._reaches, last), inside)))
        if len(found) > count:
            is_beyond = run.map(partial(operator.ne, last), run.map(values.__getitem__, found))
            beyond = list(compress(found, is_beyond))
            equal = compress(found, map(operator.not_, is_beyond))
            found = [*beyond, *islice(equal, count - len(beyond))]
        return found if run.step_ms else sorted(found, key=values.__getitem__, reverse=self._sign < 0)

    def _last_chosen(self, values: Sequence[float], count: int, run: Run) -> float:
        """The least wanted one of so many values."""
        best: list[float] = []
        for piece in run.pieces(values):
            best = sorted([*best, *piece], reverse=self._sign < 0)[:count]
        return best[-1]

    def table(self, run: Run, steps: range) -> Table | None:
        """The chosen elements at some steps."""
        counts = list(map(self._integer, numbers_of(self._count, run, steps)))
        table = table_of(self._operand, run, steps)
        if table is None or not table.keys:
            return table
        run.account_scanned(len(table.keys))
        columns = list(table.columns)
        for indexes in self._grouping.indexes(table.keys, run):
            if len(indexes) > min(counts):
                rows = zip(*[columns[index] for index in indexes], strict=True)
                chosen = [self._row(row, count, run) for row, count in zip(rows, counts, strict=True)]
                for index, column in zip(indexes, zip(*chosen, strict=True), strict=True):
                    columns[index] = column
        return Table.of(table.keys, columns, run)

    def _row(self, row: Column, count: int, run: Run) -> Column:
        """The values of a group at a step with None in the place of those that are not chosen."""
        run.work(len(row))
        if len(row) < PIECE and is_plain(row) and 0 < count < len(row):
            last = sorted(row, reverse=self._sign < 0)[count - 1]
            reaches = self._reaches
            kept = [value if reaches(last, value) else None for value in row]
            if kept.count(None) == len(row) - count:
                return kept
        places = [place for place, value in enumerate(row) if value is not None]
        chosen = set(self._of_group(places, row, count, run)) if count > 0 else ()  # type: ignore[arg-type]
        return [value if place in chosen else None for place, value in enumerate(row)]

    def _keys_of(self, keys: Sequence[Key], chosen: list[int], run: Run) -> list[Key]:
        """The chosen keys; mostly the same list as for another step of the query."""
        known = self._keys.get(dict, keys)
        place = tuple(chosen)
        found = known.get(place)
        if found is None:
            if len(known) >= _KEPT_CHOICES or len(chosen) > PIECE:
                known.clear()
            found = known[place] = run.map(keys.__getitem__, chosen)
        return found

    def _rank(self, value: float) -> tuple[bool, float]:
        return (True, 0.0) if value != value else (False, self._sign * value)

    def _integer(self, count: float) -> int:
        if count != count:
            raise QueryError("Parameter value is NaN")
        if count >= _MAX_INTEGER:
            raise QueryError(f"Scalar value {format_general(count)} overflows int64")
        return math.trunc(count) if count >= 1 else 0
