"""Numbers compute and read as in Go: IEEE 754 results where Python raises."""

import math
import operator
import re
from collections.abc import Callable, Sequence
from typing import Final

# Digits once taken are not given back (`++`): thousands before a letter would take their number squared.
_FLOAT: Final = re.compile(
    r"[+-]?(?:inf(?:inity)?|nan|(?:[0-9]++\.?+[0-9]*+|\.[0-9]++)(?:e[+-]?[0-9]++)?)", re.I
)
_HEX_FLOAT: Final = re.compile(r"[+-]?0x[0-9a-f.]+p[+-]?[0-9]+", re.I)


def divide(left: float, right: float) -> float:
    """`left / right`; by zero: infinity of the right sign, or NaN."""
    if right != 0:
        return left / right
    if left == 0 or left != left:
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1.0, right)


def modulo(left: float, right: float) -> float:
    """The remainder with the sign of `left`; NaN where there is none."""
    try:
        return math.fmod(left, right)
    except ValueError:
        return math.nan


def power(base: float, exponent: float) -> float:
    """`base` to the power of `exponent`; infinity or NaN where Python raises."""
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return -math.inf if base < 0 and math.fmod(exponent, 2) != 0 else math.inf
    except ValueError:
        if base != 0:
            return math.nan
        odd = math.fmod(exponent, 2) in (1.0, -1.0)
        return math.copysign(math.inf, base) if odd else math.inf


def floor(value: float) -> float:
    """The next integer below, as a float; infinities and NaN stay, and so does the sign of zero."""
    return math.copysign(math.floor(value), value) if math.isfinite(value) else value


def ceil(value: float) -> float:
    """The next integer above, as a float; infinities and NaN stay, and so does the sign of zero."""
    return math.copysign(math.ceil(value), value) if math.isfinite(value) else value


def total(function: Callable[[float], float], overflow: float = math.inf) -> Callable[[float], float]:
    """A function of `math` that yields NaN out of its domain, and `overflow` where that is too large."""

    def guarded(value: float) -> float:
        try:
            return function(value)
        except ValueError:
            return math.nan
        except OverflowError:
            return overflow

    return guarded


def divide_all(left: Sequence[float], right: Sequence[float]) -> list[float]:
    """Element by element `left / right`."""
    try:
        return list(map(operator.truediv, left, right))
    except ZeroDivisionError:
        return list(map(divide, left, right))


def parse_float(text: str) -> float | None:
    """A float as Go's `strconv.ParseFloat` reads it; None for anything else."""
    if _FLOAT.fullmatch(text):
        return float(text)
    if _HEX_FLOAT.fullmatch(text):
        try:
            return float.fromhex(text)
        except (ValueError, OverflowError):
            return None
    return None
