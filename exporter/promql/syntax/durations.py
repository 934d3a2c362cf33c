"""Arithmetic on durations, such as `[step() * 2]`: what it is in one query, and how it is written.

Source: github.com/prometheus/prometheus, promql/durations.go and promql/parser/printer.go (3.14).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from exporter.errors import QueryError
from exporter.model.duration import format_duration
from exporter.model.floats import format_float
from exporter.promql.numbers import divide, modulo, power
from exporter.promql.syntax.nodes import (
    Aggregate,
    Binary,
    Call,
    DurationOperation,
    Expr,
    MatrixSelector,
    NumberLiteral,
    Paren,
    Subquery,
    Unary,
    VectorSelector,
    walk,
)

MAX_SECONDS: Final = 2**63 / 1e9
"""The longest duration: 64 bits of nanoseconds."""

_BINARY: Final[dict[str, Callable[[float, float], float]]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": divide,
    "%": modulo,
    "^": power,
    "min_of": lambda left, right: math.nan if left != left or right != right else min(left, right),
    "max_of": lambda left, right: math.nan if left != left or right != right else max(left, right),
}
_ZERO_DIVISION: Final = {"/": "division by zero", "%": "modulo by zero"}


def has_durations(root: Expr) -> bool:
    """Whether some range, step or offset of a query is computed."""
    return any(_is_computed(node) for node, _ in walk(root))


def resolve(root: Expr, step_ms: int, range_ms: int) -> Expr:
    """The same query with computed durations as numbers, for the step and the range of the whole query.

    Both are 0 in an instant query. Raises `QueryError` where one makes no sense; as in Prometheus it says
    where it begins and ends.
    """
    return _Resolver(step_ms / 1000, range_ms / 1000).resolve(root)


def format_duration_expression(node: NumberLiteral | DurationOperation) -> str:
    """The computation as it is written."""
    if isinstance(node, NumberLiteral):
        return format_number(node)
    return f"({_operation(node)})" if node.is_wrapped else _operation(node)


def format_number(node: NumberLiteral) -> str:
    """A number, as a duration where it was written as one."""
    if not node.is_duration:
        return format_float(node.value)
    milliseconds = round(abs(node.value) * 1000)
    return ("-" if node.value < 0 else "") + format_duration(milliseconds)


def _operation(node: DurationOperation) -> str:
    if node.right is None:
        return f"{node.op}()"
    right = format_duration_expression(node.right)
    if node.left is None:
        return right if node.op == "+" else node.op + right
    left = format_duration_expression(node.left)
    return f"{node.op}({left}, {right})" if node.op in ("min_of", "max_of") else f"{left} {node.op} {right}"


def _is_computed(node: Expr) -> bool:
    match node:
        case VectorSelector():
            return node.offset is not None
        case MatrixSelector():
            return node.range is not None
        case Subquery():
            return (node.range or node.step or node.offset) is not None
        case _:
            return False


@dataclass(frozen=True, slots=True)
class _Resolver:
    """Computes durations by the step and the range of a query, in seconds."""

    step: float
    range: float

    def resolve(self, node: Expr) -> Expr:
        """The tree below a node with numbers for durations."""
        match node:
            case VectorSelector():
                return self._selector(node)
            case MatrixSelector():
                range_ms = self._positive(node.range, node.range_ms)
                return replace(node, selector=self._selector(node.selector), range=None, range_ms=range_ms)
            case Subquery():
                return self._subquery(node)
            case Paren() | Unary():
                return replace(node, expr=self.resolve(node.expr))
            case Binary():
                return replace(node, left=self.resolve(node.left), right=self.resolve(node.right))
            case Aggregate():
                param = None if node.param is None else self.resolve(node.param)
                return replace(node, param=param, expr=self.resolve(node.expr))
            case Call():
                return replace(node, args=tuple(map(self.resolve, node.args)))
            case _:
                return node

    def _selector(self, node: VectorSelector) -> VectorSelector:
        if node.offset is None:
            return node
        return replace(node, offset=None, offset_ms=self._milliseconds(node.offset))

    def _subquery(self, node: Subquery) -> Subquery:
        offset_ms = node.offset_ms if node.offset is None else self._milliseconds(node.offset)
        step_ms = node.step_ms if node.step is None else self._positive(node.step, 0)
        range_ms = self._positive(node.range, node.range_ms)
        plain = replace(node, offset=None, step=None, range=None, expr=self.resolve(node.expr))
        return replace(plain, offset_ms=offset_ms, step_ms=step_ms, range_ms=range_ms)

    def _positive(self, node: DurationOperation | None, otherwise_ms: int) -> int:
        if node is None:
            return otherwise_ms
        milliseconds = self._milliseconds(node, may_be_negative=False)
        if milliseconds <= 0:
            raise _fault(node, "duration must be greater than 0")
        return milliseconds

    def _milliseconds(self, node: DurationOperation, *, may_be_negative: bool = True) -> int:
        seconds = self._seconds(node)
        if not math.isfinite(seconds):
            raise _fault(node, "duration is NaN or infinite")
        if seconds <= 0 and not may_be_negative:
            raise _fault(node, "duration must be greater than 0")
        if abs(seconds) > MAX_SECONDS:
            raise _fault(node, "duration is out of range")
        return int(seconds * 1000)

    def _seconds(self, node: NumberLiteral | DurationOperation) -> float:
        if isinstance(node, NumberLiteral):
            return node.value
        if node.right is None:
            return self.step if node.op == "step" else self.range
        right = self._seconds(node.right)
        if node.left is None:
            return -right if node.op == "-" else right
        left = self._seconds(node.left)
        if right == 0 and node.op in _ZERO_DIVISION:
            raise _fault(node, _ZERO_DIVISION[node.op])
        return _BINARY[node.op](left, right)


def _fault(node: DurationOperation, message: str) -> QueryError:
    return QueryError(f"{node.start}:{node.end}: {message}")
