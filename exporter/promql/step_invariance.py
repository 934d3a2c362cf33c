"""Step-invariant parts of a query yield the same at every step, because `@` fixes all that they read.

Source: `preprocessExprHelper` of github.com/prometheus/prometheus, promql/engine.go.
"""

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


class StepInvariance:
    """Tells for every node of one tree whether it is step-invariant."""

    def __init__(self) -> None:
        self._known: dict[int, bool] = {}

    def is_step_invariant(self, node: Expr) -> bool:
        """True if the node yields the same at every step; literals do."""
        known = self._known.get(id(node))
        if known is None:
            known = self._known[id(node)] = self._compute(node)
        return known

    def should_wrap(self, node: Expr) -> bool:
        """True if the node is step-invariant and more than a literal."""
        return not isinstance(node, NumberLiteral | StringLiteral) and self.is_step_invariant(node)

    def _compute(self, node: Expr) -> bool:
        if isinstance(node, VectorSelector):
            return node.at_ms is not None
        if isinstance(node, Subquery):
            return node.at_ms is not None
        if isinstance(node, Call) and node.function.name in TIME_DEPENDENT_FUNCTIONS:
            return False
        if isinstance(node, Aggregate) and node.param is not None and not self.is_step_invariant(node.param):
            return False
        if isinstance(node, NumberLiteral | StringLiteral):
            return True
        return all(self.is_step_invariant(child) for child in node.children)
