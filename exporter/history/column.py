"""`Column`: the changes of one series over the rows of its source."""

from array import array
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """The changes of one series: `values[i]` from row `rows[i]` on, the stale marker for none.

    The first row is 0.
    """

    rows: "array[int]"
    values: "array[float]"
