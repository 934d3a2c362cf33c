"""`Column`: the changes of one series over the rows of its source."""

import math
import struct
from array import array
from dataclasses import dataclass, field

from exporter.model.rising import rises


@dataclass(slots=True)
class Column:
    """The changes of one series: `values[i]` from row `rows[i]` on, the stale marker for none.

    The first row is 0. Nothing of it may be changed.
    """

    rows: "array[int]"
    values: "array[float]"
    _rises: bool | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def rises(self) -> bool:
        """Whether all values are numbers, and none is lower than the one before it."""
        if self._rises is None:
            self._rises = rises(self.values.tolist())
        return self._rises


def is_same(before: float, value: float) -> bool:
    """Whether two values are the same, bit by bit: zeros of two signs are not, nor are NaNs of other bits."""
    if before == value:
        return before != 0.0 or math.copysign(1.0, before) == math.copysign(1.0, value)
    return before != before and value != value and struct.pack("=d", before) == struct.pack("=d", value)
