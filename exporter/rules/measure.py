"""The measure of an alert's value: the threshold it passed, where the expression leaves no doubt."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from exporter.gotemplate.humanize import (
    four_digits,
    humanize,
    humanize1024,
    humanize_duration,
    humanize_percentage,
)
from exporter.promql import Binary, Expr, NumberLiteral, Paren, Unary
from exporter.rules.model import AlertSpec

_MIRRORED: Final = {">": "<", ">=": "<=", "<": ">", "<=": ">="}
_ARITHMETIC: Final[dict[str, Callable[[float, float], float]]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
    "^": math.pow,
}
# How an annotation prints the value tells what it is; `B` after a binary prefix makes it bytes.
_PRINTED: Final = re.compile(r"\{\{-?\s*\$value\s*(?:\|\s*(\w+)\s*)?-?\}\}(B?)")
_WHOLE: Final = re.compile(r"""printf\s+["`]%(\.0f|d)["`]\s+\$value""")
_NOT_A_UNIT: Final = ("humanize", "humanize1024", "")


@dataclass(frozen=True, slots=True)
class Measure:
    """The number that a rule compares its value with, and how both are printed.

    `is_upper`: values above it are too many, not too few.
    """

    threshold: float
    is_upper: bool
    print: Callable[[float], str]

    def tell(self, value: float) -> str:
        """A value against its limit: `91.2% (limit 85%)`; empty where the value is no number."""
        if not math.isfinite(value):
            return ""
        word = "limit" if self.is_upper else "minimum"
        shown, limit = self.print(value), self.print(self.threshold)
        if shown == limit and self.print is _whole:
            # Rounded it would be no reason for an alert.
            shown = _plain(value)
        return f"{shown} ({word} {limit})"


def measure_of(spec: AlertSpec) -> Measure | None:
    """The last comparison of a rule's expression, if it is what the value of its alerts was let through by.

    None where there is no such comparison with a number. Nor where the number is 0, since that something is
    there at all is no limit; nor where it is a fraction of nobody knows what.
    """
    comparison = _comparison(spec.expression.root)
    if comparison is None or comparison[1] == 0 or not math.isfinite(comparison[1]):
        return None
    op, threshold = comparison
    printer = _printer(spec)
    if printer in (_plain, _whole) and abs(threshold) < 1:
        return None
    return Measure(threshold, op in (">", ">="), printer)


def _comparison(node: Expr) -> tuple[str, float] | None:
    """The operator and the number that the values of this expression have passed."""
    if isinstance(node, Paren):
        return _comparison(node.expr)
    if not isinstance(node, Binary):
        return None
    if node.op in ("and", "unless"):
        # The values are those of the left side.
        return _comparison(node.left)
    if node.op == "or":
        left, right = _comparison(node.left), _comparison(node.right)
        return left if left == right else None
    if node.op not in _MIRRORED or node.returns_bool:
        return None
    right_number, left_number = _number(node.right), _number(node.left)
    if right_number is not None and left_number is None:
        return node.op, right_number
    if left_number is not None and right_number is None:
        return _MIRRORED[node.op], left_number
    return None


def _number(node: Expr) -> float | None:
    """Compute an expression of numbers alone; None for any other."""
    if isinstance(node, NumberLiteral):
        return node.value
    if isinstance(node, Paren):
        return _number(node.expr)
    if isinstance(node, Unary):
        inner = _number(node.expr)
        return None if inner is None else -inner if node.op == "-" else inner
    if isinstance(node, Binary) and node.op in _ARITHMETIC:
        left, right = _number(node.left), _number(node.right)
        if left is None or right is None:
            return None
        try:
            return _ARITHMETIC[node.op](left, right)
        except (ZeroDivisionError, OverflowError, ValueError):
            return None
    return None


def _printer(spec: AlertSpec) -> Callable[[float], str]:
    """Return how the annotations print the value: as a plain number where they disagree or do not."""
    found = {
        (function, unit)
        for name, source in spec.annotation_texts
        if not name.endswith("_url")
        for function, unit in _PRINTED.findall(source)
    }
    functions = {function for function, _ in found if function not in _NOT_A_UNIT}
    if functions == {"humanizePercentage"}:
        return humanize_percentage
    if functions == {"humanizeDuration"}:
        return _duration
    if not functions and ("humanize1024", "B") in found:
        return _bytes
    if any(_WHOLE.search(source) for _, source in spec.annotation_texts):
        return _whole
    return _plain


def _whole(value: float) -> str:
    """`7` of what an increase has extrapolated to 7.028; a limit may be a fraction all the same."""
    return _plain(round(value)) if abs(value) >= 1 else _plain(value)


def _plain(value: float) -> str:
    """`0.5`, `12.34`, `16,384`, `1.235M`."""
    if abs(value) < 1000:
        return four_digits(value)
    return f"{value:,.0f}" if abs(value) < 1e6 else humanize(value)


def _duration(value: float) -> str:
    """`5m` instead of `5m 0s`."""
    return re.sub(r"( 0[hms])+$", "", humanize_duration(value))


def _bytes(value: float) -> str:
    return f"{humanize1024(value)}B"
