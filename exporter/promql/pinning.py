"""Which parts of a query yield the same at every step, because `@` pins all that they read."""

from exporter.promql.syntax.nodes import (
    Aggregate,
    Call,
    Expr,
    NumberLiteral,
    StringLiteral,
    Subquery,
    VectorSelector,
)
from exporter.promql.syntax.signatures import TIME_DEPENDENT_FUNCTIONS


class Pinning:
    """Knows for every node of one tree whether it is pinned."""

    def __init__(self) -> None:
        self._known: dict[int, bool] = {}

    def is_pinned(self, node: Expr) -> bool:
        """Whether the node yields the same at every step; literals do."""
        known = self._known.get(id(node))
        if known is None:
            known = self._known[id(node)] = self._judge(node)
        return known

    def is_worth_keeping(self, node: Expr) -> bool:
        """Whether the node is pinned and more than a literal."""
        return not isinstance(node, NumberLiteral | StringLiteral) and self.is_pinned(node)

    def _judge(self, node: Expr) -> bool:
        if isinstance(node, VectorSelector):
            return node.at_ms is not None
        if isinstance(node, Subquery):
            return node.at_ms is not None
        if isinstance(node, Call) and node.function.name in TIME_DEPENDENT_FUNCTIONS:
            return False
        if isinstance(node, Aggregate) and node.param is not None and not self.is_pinned(node.param):
            return False
        if isinstance(node, NumberLiteral | StringLiteral):
            return True
        return all(self.is_pinned(child) for child in node.children)
