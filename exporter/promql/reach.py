"""The reach of a query: the time that its selectors read."""

from collections.abc import Iterator
from typing import NamedTuple

from exporter.promql.syntax.nodes import Edge, Expr, MatrixSelector, Subquery, VectorSelector


class Reach(NamedTuple):
    """All samples that are read lie in (start, end], in milliseconds."""

    start_ms: int
    end_ms: int


def reach_of(root: Expr, start_ms: int, end_ms: int, lookback_ms: int) -> Reach | None:
    """The reach of a query whose first and last step these are; None where it reads nothing."""
    edges = {Edge.START: start_ms, Edge.END: end_ms}
    found = list(_reaches(root, Reach(start_ms, end_ms), edges, lookback_ms))
    if not found:
        return None
    return Reach(min(one.start_ms for one in found), max(one.end_ms for one in found))


def _reaches(node: Expr, steps: Reach, edges: dict[Edge, int], lookback_ms: int) -> Iterator[Reach]:
    """The reach of each selector below a node, which is evaluated from the first to the last of the steps."""
    if isinstance(node, VectorSelector):
        start_ms, end_ms = _moments(node, steps, edges)
        yield Reach(start_ms - lookback_ms, end_ms)
    elif isinstance(node, MatrixSelector):
        start_ms, end_ms = _moments(node.selector, steps, edges)
        yield Reach(start_ms - node.range_ms, end_ms)
    else:
        if isinstance(node, Subquery):
            start_ms, end_ms = _moments(node, steps, edges)
            steps = Reach(start_ms - node.range_ms, end_ms)
        for child in node.children:
            yield from _reaches(child, steps, edges, lookback_ms)


def _moments(node: VectorSelector | Subquery, steps: Reach, edges: dict[Edge, int]) -> Reach:
    """The moments that a node with `@` and `offset` looks at."""
    if node.at_ms is None:
        return Reach(steps.start_ms - node.offset_ms, steps.end_ms - node.offset_ms)
    fixed_ms = edges[node.at_ms] if isinstance(node.at_ms, Edge) else node.at_ms
    return Reach(fixed_ms - node.offset_ms, fixed_ms - node.offset_ms)
