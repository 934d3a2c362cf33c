"""Elementwise functions take one value and return one."""

import math
from collections.abc import Callable
from typing import Final

from exporter.promql.numbers import ceil, divide, floor, total


def sign(value: float) -> float:
    """-1, 0 or 1; NaN stays."""
    return -1.0 if value < 0 else 1.0 if value > 0 else value


def square_root(value: float) -> float:
    """The root; NaN of a negative number."""
    return math.sqrt(value) if value >= 0 else math.nan


def rounding(nearest: float) -> Callable[[float], float]:
    """Return the function that rounds to multiples of `nearest`, ties upwards."""
    # Multiplying by the inverse, as Prometheus does, loses fewer digits.
    inverse = divide(1.0, nearest)
    return lambda value: divide(floor(value * inverse + 0.5), inverse)


def clamping(least: float, most: float) -> Callable[[float], float]:
    """Return the function that limits values.

    NaN, also as a bound, yields NaN, but for what infinity decides, as in Go.
    """

    def clamp(value: float) -> float:
        lowered = -math.inf if -math.inf in (most, value) else min(most, value)
        if value != value or most != most:
            lowered = lowered if lowered == -math.inf else math.nan
        if math.inf in (least, lowered):
            return math.inf
        return math.nan if least != least or lowered != lowered else max(least, lowered)

    return clamp


def _logarithm(function: Callable[[float], float]) -> Callable[[float], float]:
    def guarded(value: float) -> float:
        if value > 0:
            return function(value)
        return -math.inf if value == 0 else math.nan

    return guarded


def _inverse_hyperbolic_tangent(value: float) -> float:
    if abs(value) == 1:
        return math.copysign(math.inf, value)
    return math.atanh(value) if abs(value) < 1 else math.nan


def _hyperbolic_sine(value: float) -> float:
    try:
        return math.sinh(value)
    except OverflowError:
        return math.copysign(math.inf, value)


ELEMENTWISE: Final[dict[str, Callable[[float], float]]] = {
    "abs": abs,
    "acos": total(math.acos),
    "acosh": total(math.acosh),
    "asin": total(math.asin),
    "asinh": math.asinh,
    "atan": math.atan,
    "atanh": _inverse_hyperbolic_tangent,
    "ceil": ceil,
    "cos": total(math.cos),
    "cosh": total(math.cosh),
    "deg": lambda value: value * 180 / math.pi,
    "exp": total(math.exp),
    "floor": floor,
    "ln": _logarithm(math.log),
    "log10": _logarithm(math.log10),
    "log2": _logarithm(math.log2),
    "rad": lambda value: value * math.pi / 180,
    "sgn": sign,
    "sin": total(math.sin),
    "sinh": _hyperbolic_sine,
    "sqrt": square_root,
    "tan": total(math.tan),
    "tanh": math.tanh,
}
