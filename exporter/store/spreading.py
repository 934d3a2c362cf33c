"""Spreads the changes of a series over the rows in which its values hold."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import chain, repeat
from operator import mul, sub
from typing import Final

from exporter.model.sample import STALE

# What a row costs to look up, in changes to be spread; and how many rows as much as a change.
_LOOK_UP: Final = 6
_ROWS: Final = 5


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


def values_at(wanted: Sequence[int], rows: "array[int]", values: "array[float]") -> list[float]:
    """The values in some rows, in order, by the changes of a series; the stale marker before the first."""
    if not wanted or not rows or wanted[0] < rows[0]:
        return _looked_up(wanted, rows, values)
    low, end = wanted[0], wanted[-1] + 1
    if rows[-1] - rows[0] == len(rows) - 1 and end - 1 <= rows[-1]:
        # It changed in each of these rows.
        places = map(sub, wanted, repeat(rows[0])) if rows[0] else wanted
        return list(map(values.__getitem__, places))
    change, after = bisect_right(rows, low) - 1, bisect_left(rows, end)
    if after - change + (end - low) // _ROWS > len(wanted) * _LOOK_UP:
        return _looked_up(wanted, rows, values)
    found = spread(values[change:after].tolist(), rows, change, low, end)
    return list(map(found.__getitem__, map(sub, wanted, repeat(low))))


def _looked_up(wanted: Sequence[int], rows: "array[int]", values: "array[float]") -> list[float]:
    changes = map(bisect_right, repeat(rows), wanted)
    return [values[change - 1] if change else STALE for change in changes]
