"""Restriction of a query to one value of a label, where what it says of that does not depend on others.

`rate(x[5m]) / y` of one server is the same whether the others are read or not, and is read a hundred times as
fast without them; `x / on () sum(x)` is not the same.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from exporter.model.matcher import Matcher
from exporter.promql.syntax.nodes import (
    Aggregate,
    Binary,
    Call,
    Cardinality,
    Expr,
    MatrixSelector,
    Paren,
    Subquery,
    Unary,
    VectorSelector,
)
from exporter.promql.syntax.signatures import ValueType

# What these return has other labels than what they are given.
_RELABELLING: Final = ("label_replace", "label_join", "absent", "absent_over_time", "info")
_SERIES: Final = (ValueType.VECTOR, ValueType.MATRIX)


def restrict(node: Expr, matcher: Matcher) -> Expr | None:
    """Return the query that reads only series of which a label has a value (`name="value"`).

    Its series are those of the whole query with that value. None where that is not certain.
    """
    match node:
        case VectorSelector():
            return replace(node, matchers=(matcher, *node.matchers))
        case MatrixSelector():
            selector = replace(node.selector, matchers=(matcher, *node.selector.matchers))
            return replace(node, selector=selector)
        case Paren() | Unary() | Subquery():
            inner = restrict(node.expr, matcher)
            return None if inner is None else replace(node, expr=inner)
        case Binary():
            return _binary(node, matcher)
        case Aggregate():
            inner = restrict(node.expr, matcher) if _is_kept(node, matcher.name) else None
            return None if inner is None else replace(node, expr=inner)
        case Call():
            return _call(node, matcher)
        case _:
            return node


def _is_kept(node: Aggregate, name: str) -> bool:
    return (name in node.grouping) != node.without


def _call(node: Call, matcher: Matcher) -> Expr | None:
    if node.value_type not in _SERIES:
        return node
    if node.function.name in _RELABELLING:
        return None
    arguments = [restrict(one, matcher) if one.value_type in _SERIES else one for one in node.args]
    kept = tuple(_present(arguments))
    return replace(node, args=kept) if len(kept) == len(arguments) else None


def _present(nodes: Iterable[Expr | None]) -> Iterable[Expr]:
    return (one for one in nodes if one is not None)


def _binary(node: Binary, matcher: Matcher) -> Expr | None:
    sides = {"left": node.left, "right": node.right}
    wanted = [side for side in _sides(node, matcher.name) if sides[side].value_type in _SERIES]
    if not wanted and node.value_type in _SERIES:
        return None
    changed = {side: restrict(sides[side], matcher) for side in wanted}
    kept = {side: one for side, one in changed.items() if one is not None}
    if len(kept) < len(changed):
        return None
    return replace(node, left=kept.get("left", node.left), right=kept.get("right", node.right))


def _sides(node: Binary, name: str) -> tuple[str, ...]:
    """The sides that may be restricted: both where series match by the label, else the one that decides."""
    matching = node.matching
    if matching is None or (name in matching.labels) == matching.on:
        return "left", "right"
    if node.op in ("and", "unless") or matching.cardinality is Cardinality.MANY_TO_ONE:
        return ("left",)
    return ("right",) if matching.cardinality is Cardinality.ONE_TO_MANY else ()
