"""Spreads the changes of a series over the rows in which its values hold."""

from array import array
from bisect import bisect_right
from collections.abc import Iterable
from itertools import chain, repeat
from operator import mul, sub

from exporter.model.sample import STALE


def spread(values: list[float], rows: "array[int]", change: int, low_row: int, high_row: int) -> list[float]:
    """Repeat the values of the changes from `change` on for each row from low to before high.

    `rows` are those at which the changes come; the first of the values holds from `low_row` on.
    """
    if len(values) == high_row - low_row:
        return values
    if len(values) == 1:
        return values * (high_row - low_row)
    places = rows[change + 1 : change + len(values)].tolist()
    counts = map(sub, [*places, high_row], [low_row, *places])
    # Tuples of one value are repeated, which leaves most of them as they are.
    return list(chain.from_iterable(map(mul, zip(values, strict=True), counts)))


def values_at(wanted: Iterable[int], rows: "array[int]", values: "array[float]") -> list[float]:
    """The values in some rows, by the changes of a series; the stale marker before the first change."""
    changes = map(bisect_right, repeat(rows), wanted)
    return [values[change - 1] if change else STALE for change in changes]
