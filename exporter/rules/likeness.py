"""Likeness of expressions: whether two measure the same, however each is written.

`rate(a[5m]) / (b > 0)` and `rate(a{instance="x"}[1m]) / b` do: windows, filters and parentheses say how it is
measured and when, and not what. Series of recording rules stand for the expressions of these.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from exporter.model.labels import METRIC_NAME
from exporter.model.matcher import Matcher
from exporter.promql import (
    Aggregate,
    Binary,
    Call,
    Expr,
    MatrixSelector,
    NumberLiteral,
    Paren,
    Subquery,
    Unary,
    VectorSelector,
)

_FILTERS: Final = frozenset({"and", "unless", "or", ">", ">=", "<", "<=", "==", "!="})
# One of several series, and not something that they come to together.
_CHOOSING: Final = frozenset({"max", "min", "topk", "bottomk"})
_DEEPEST: Final = 8


@dataclass(frozen=True, slots=True)
class Likeness:
    """Writes what expressions measure; `records` are recording rules by name.

    `ignored`: conditions on these labels do not make it something else; None: none on any label does.
    """

    records: Mapping[str, Expr]
    ignored: Collection[str] | None = None

    def of(self, node: Expr, depth: int = 0) -> str:
        """What an expression measures, as a text that is the same for all of its kind."""
        match node:
            case Paren():
                return self.of(node.expr, depth)
            case VectorSelector():
                return self._selected(node, depth)
            case MatrixSelector():
                return f"{self.of(node.selector, depth)}[]"
            case Subquery():
                return f"{self.of(node.expr, depth)}[]"
            case Unary():
                return f"{node.op}{self.of(node.expr, depth)}"
            case Binary():
                return self._binary(node, depth)
            case Aggregate():
                inner = self.of(node.expr, depth)
                return inner if node.op in _CHOOSING else f"{node.op}({inner})"
            case Call():
                return f"{node.function.name}({', '.join(self.of(one, depth) for one in node.args)})"
            case NumberLiteral():
                return repr(node.value)
            case _:
                return repr(node.value)

    def record(self, node: Expr) -> Expr | None:
        """The expression that a selector stands for, where its series are those of a recording rule."""
        return self.records.get(node.name) if isinstance(node, VectorSelector) else None

    def _selected(self, node: VectorSelector, depth: int) -> str:
        recorded = self.records.get(node.name)
        if recorded is not None and depth < _DEEPEST:
            return self.of(recorded, depth + 1)
        asked = sorted(str(one) for one in node.matchers if self._tells_apart(one))
        return f"{node.name}{{{','.join(asked)}}}" if asked else node.name

    def _tells_apart(self, matcher: Matcher) -> bool:
        return matcher.name != METRIC_NAME and self.ignored is not None and matcher.name not in self.ignored

    def _binary(self, node: Binary, depth: int) -> str:
        if node.op in _FILTERS and not node.returns_bool:
            return self.of(node.left, depth)
        return f"({self.of(node.left, depth)} {node.op} {self.of(node.right, depth)})"
