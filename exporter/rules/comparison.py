"""Comparisons of a rule's expression: what it watches, and the threshold that this is let through by."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from exporter.promql import Binary, Call, Expr, NumberLiteral, Paren, Unary

_MIRRORED: Final = {">": "<", ">=": "<=", "<": ">", "<=": ">=", "==": "==", "!=": "!="}
_FILTERS: Final = ("and", "unless")
# They leave values as they are.
_RELABELLING: Final = ("label_replace", "label_join")
_ARITHMETIC: Final[dict[str, Callable[[float, float], float]]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
    "^": math.pow,
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """`value op threshold`; `number` is the threshold where that is a number and no series."""

    value: Expr
    op: str
    threshold: Expr
    number: float | None


def comparisons_of(node: Expr) -> Sequence[Comparison | None]:
    """Return the comparisons that the values of an expression have passed last.

    There are several where the expression has alternatives (`or`); None stands for one that compares nothing.
    """
    if isinstance(node, Paren):
        return comparisons_of(node.expr)
    if isinstance(node, Call) and node.function.name in _RELABELLING:
        return comparisons_of(node.args[0])
    if isinstance(node, Binary):
        if node.op in _FILTERS:
            # The values are those of the left side.
            return comparisons_of(node.left)
        if node.op == "or":
            return [*comparisons_of(node.left), *comparisons_of(node.right)]
        if node.op in _MIRRORED and not node.returns_bool:
            return [_compared(node)]
    return [None]


def unfiltered(node: Expr) -> Expr:
    """Return an expression without what only lets some of its values through, so that all can be seen."""
    if isinstance(node, Paren):
        return unfiltered(node.expr)
    if isinstance(node, Call) and node.function.name in _RELABELLING:
        return replace(node, args=(unfiltered(node.args[0]), *node.args[1:]))
    if isinstance(node, Binary):
        if node.op in _FILTERS:
            return unfiltered(node.left)
        if node.op == "or":
            left, right = unfiltered(node.left), unfiltered(node.right)
            return left if left == right else replace(node, left=left, right=right)
        if node.op in _MIRRORED and not node.returns_bool:
            return unfiltered(_compared(node).value)
    return node


def number_of(node: Expr) -> float | None:
    """Compute an expression of numbers alone; None for any other."""
    if isinstance(node, NumberLiteral):
        return node.value
    if isinstance(node, Paren):
        return number_of(node.expr)
    if isinstance(node, Unary):
        inner = number_of(node.expr)
        return None if inner is None else -inner if node.op == "-" else inner
    if isinstance(node, Binary) and node.op in _ARITHMETIC:
        left, right = number_of(node.left), number_of(node.right)
        if left is None or right is None:
            return None
        try:
            return _ARITHMETIC[node.op](left, right)
        except (ZeroDivisionError, OverflowError, ValueError):
            return None
    return None


def _compared(node: Binary) -> Comparison:
    left, right = number_of(node.left), number_of(node.right)
    if left is not None and right is None:
        return Comparison(node.right, _MIRRORED[node.op], node.left, left)
    return Comparison(node.left, node.op, node.right, right)
