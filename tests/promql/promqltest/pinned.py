"""Queries with every selector pinned by `@`, as Prometheus runs each instant eval again."""

from dataclasses import replace
from typing import TypeVar

from exporter.promql.syntax.nodes import (
    Aggregate,
    Binary,
    Call,
    Expr,
    MatrixSelector,
    Paren,
    Subquery,
    Unary,
    VectorSelector,
)
from exporter.promql.syntax.signatures import TIME_DEPENDENT_FUNCTIONS

_N = TypeVar("_N", VectorSelector, Subquery)


def pin(node: Expr, at_ms: int) -> Expr:
    """The tree with `@ at_ms` where a selector or subquery has no fixed time, but inside of subqueries."""
    match node:
        case VectorSelector():
            return _pinned(node, at_ms)
        case Subquery():
            return _pinned(node, at_ms)
        case MatrixSelector():
            return replace(node, selector=_pinned(node.selector, at_ms))
        case Paren() | Unary():
            return replace(node, expr=pin(node.expr, at_ms))
        case Binary():
            return replace(node, left=pin(node.left, at_ms), right=pin(node.right, at_ms))
        case Aggregate():
            param = None if node.param is None else pin(node.param, at_ms)
            return replace(node, expr=pin(node.expr, at_ms), param=param)
        case Call():
            return replace(node, args=tuple(pin(argument, at_ms) for argument in node.args))
    return node


def _pinned(node: _N, at_ms: int) -> _N:
    return node if isinstance(node.at_ms, int) else replace(node, at_ms=at_ms)


def depends_on_time(node: Expr) -> bool:
    """Whether, outside of subqueries, a function looks at the time of evaluation itself."""
    if isinstance(node, Call) and node.function.name in TIME_DEPENDENT_FUNCTIONS:
        return True
    return not isinstance(node, Subquery) and any(depends_on_time(child) for child in node.children)


def other_times(at_ms: int) -> list[int]:
    """The times at which a pinned query must yield what it yields at `at_ms`."""
    return [-10 * at_ms, 0, at_ms // 5, at_ms, 10 * at_ms] if at_ms else [-1000, 0, 1000]
