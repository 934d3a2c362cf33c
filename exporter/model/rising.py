"""Whether values rise, as those of counters do."""

import operator
from collections.abc import Sequence
from itertools import islice
from typing import Final

# So many values of what is no counter mostly show that.
_FEW: Final = 100


def rises(values: Sequence[float]) -> bool:
    """Whether no value is lower than the one before it, and all are numbers, not infinities of both signs."""
    total = sum(values)
    return total == total and not falls(values)


def falls(values: Sequence[float]) -> bool:
    """Whether a value is lower than the one before it."""
    if any(map(operator.lt, values[1:_FEW], values)):
        return True
    if len(values) > _FEW and (total := sum(values)) == total:
        # Numbers that are in order are sorted in a fifth of the time that comparing them one by one takes.
        return sorted(values) != list(values)
    return any(map(operator.lt, islice(values, 1, None), values))
