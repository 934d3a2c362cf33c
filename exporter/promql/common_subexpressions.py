"""Common subexpressions are repeated, as in `rate(hits[5m]) / (rate(hits[5m]) + rate(misses[5m]))`."""

from exporter.promql.syntax.nodes import Aggregate, Binary, Call, Expr, walk


class CommonSubexpressions:
    """The parts of one tree that occur more than once."""

    def __init__(self, root: Expr) -> None:
        self._last: dict[Expr, Expr] = {}
        self._common: set[Expr] = set()
        for node, _ in walk(root):
            if isinstance(node, Aggregate | Binary | Call):
                if node in self._last:
                    self._common.add(node)
                self._last[node] = node

    def __contains__(self, node: Expr) -> bool:
        return node in self._common

    def last(self, node: Expr) -> Expr:
        """The last of the equal nodes: the one whose place in the text annotations name."""
        return self._last[node]
