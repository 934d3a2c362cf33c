"""`syntax_tree` writes a query as the tree that Prometheus' own UI draws.

Source of the form: github.com/prometheus/prometheus, web/api/v1/translate_ast.go.
"""

from typing import Any

from exporter.model.floats import format_float
from exporter.model.matcher import Matcher
from exporter.model.quoting import as_text
from exporter.promql.syntax.nodes import (
    Aggregate,
    Binary,
    Call,
    DurationOperation,
    Edge,
    Expr,
    Matching,
    MatrixSelector,
    NumberLiteral,
    Paren,
    StringLiteral,
    Subquery,
    Unary,
    VectorSelector,
)
from exporter.promql.syntax.signatures import Signature, ValueType


def syntax_tree(node: Expr) -> dict[str, Any]:
    """The node and all below it; spans and moments in milliseconds."""
    match node:
        case NumberLiteral():
            return {"type": "numberLiteral", "val": format_float(node.value)}
        case StringLiteral():
            return {"type": "stringLiteral", "val": as_text(node.value)}
        case VectorSelector():
            return {"type": "vectorSelector", **_selector(node)}
        case MatrixSelector():
            window = {"range": node.range_ms, "rangeExpr": _duration(node.range)}
            return {"type": "matrixSelector", **_selector(node.selector), **window}
        case Subquery():
            window = {"range": node.range_ms, "rangeExpr": _duration(node.range)}
            window |= {"step": node.step_ms or 0, "stepExpr": _duration(node.step)}
            return {"type": "subquery", "expr": syntax_tree(node.expr), **_moment(node), **window}
        case Paren():
            return {"type": "parenExpr", "expr": syntax_tree(node.expr)}
        case Unary():
            return {"type": "unaryExpr", "op": node.op, "expr": syntax_tree(node.expr)}
        case Binary():
            return _binary(node)
        case Aggregate():
            return _aggregate(node)
        case Call():
            arguments = [syntax_tree(argument) for argument in node.args]
            return {"type": "call", "func": _function(node.function), "args": arguments}


def _selector(node: VectorSelector) -> dict[str, Any]:
    matchers = [_matcher(matcher) for matcher in node.matchers]
    extended = {"anchored": False, "smoothed": False}
    return {"name": node.name, "matchers": matchers, **_moment(node), **extended}


def _matcher(matcher: Matcher) -> dict[str, str]:
    return {"name": matcher.name, "value": matcher.value, "type": str(matcher.op)}


def _moment(node: VectorSelector | Subquery) -> dict[str, Any]:
    is_edge = isinstance(node.at_ms, Edge)
    return {
        "offset": node.offset_ms,
        "offsetExpr": _duration(node.offset),
        "timestamp": None if is_edge else node.at_ms,
        "startOrEnd": str(node.at_ms).removesuffix("()") if is_edge else None,
    }


def _duration(node: NumberLiteral | DurationOperation | None) -> dict[str, Any] | None:
    if node is None:
        return None
    if isinstance(node, NumberLiteral):
        return {"type": "numberLiteral", "val": format_float(node.value), "duration": node.is_duration}
    return {
        "type": "durationExpr",
        "op": node.op,
        "lhs": _duration(node.left),
        "rhs": _duration(node.right),
        "wrapped": node.is_wrapped,
    }


def _binary(node: Binary) -> dict[str, Any]:
    sides = (node.left.value_type, node.right.value_type)
    matching = None if ValueType.SCALAR in sides else _matching(node.matching or Matching())
    return {
        "type": "binaryExpr",
        "op": node.op,
        "lhs": syntax_tree(node.left),
        "rhs": syntax_tree(node.right),
        "matching": matching,
        "bool": node.returns_bool,
    }


def _matching(matching: Matching) -> dict[str, Any]:
    return {
        "card": str(matching.cardinality),
        "labels": matching.labels,
        "on": matching.on,
        "include": matching.include,
        "fillValues": {"lhs": None, "rhs": None},
    }


def _aggregate(node: Aggregate) -> dict[str, Any]:
    return {
        "type": "aggregation",
        "op": node.op,
        "expr": syntax_tree(node.expr),
        "param": None if node.param is None else syntax_tree(node.param),
        "grouping": node.grouping,
        "without": node.without,
    }


def _function(function: Signature) -> dict[str, Any]:
    # How many more arguments than these there may be; -1: any number.
    variadic = -1 if function.repeats else function.optional
    return {
        "name": function.name,
        "argTypes": [str(argument) for argument in function.arguments],
        "variadic": variadic,
        "returnType": str(function.returns),
    }
