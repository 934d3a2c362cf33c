"""The printer writes a syntax tree as PromQL, in the canonical form of Prometheus.

Source of the form: github.com/prometheus/prometheus, promql/parser/printer.go.
"""

import re
from typing import Final

from exporter.model.duration import format_duration
from exporter.model.labels import METRIC_NAME
from exporter.model.matcher import Matcher, MatchOp
from exporter.model.quoting import quote
from exporter.promql.syntax.durations import format_duration_expression, format_number
from exporter.promql.syntax.nodes import (
    Aggregate,
    Binary,
    Call,
    Cardinality,
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

_PLAIN_LABEL: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def format_expression(node: Expr) -> str:
    """The query that parses to an equal tree."""
    match node:
        case NumberLiteral():
            return format_number(node)
        case StringLiteral():
            return quote(node.value)
        case VectorSelector():
            return _selector(node) + _modifiers(node)
        case MatrixSelector():
            inner = node.selector
            return f"{_selector(inner)}[{_duration(node.range, node.range_ms)}]{_modifiers(inner)}"
        case Subquery():
            return format_expression(node.expr) + format_subquery_range(node)
        case Paren():
            return f"({format_expression(node.expr)})"
        case Unary():
            return node.op + format_expression(node.expr)
        case Binary():
            left, right = format_expression(node.left), format_expression(node.right)
            return f"{left} {format_operator(node)} {right}"
        case Aggregate():
            return _aggregate(node)
        case Call():
            arguments = ", ".join(format_expression(argument) for argument in node.args)
            return f"{node.function.name}({arguments})"


def format_subquery_range(node: Subquery) -> str:
    """Range, step and modifiers of a subquery."""
    step = "" if node.step is None and node.step_ms is None else _duration(node.step, node.step_ms or 0)
    return f"[{_duration(node.range, node.range_ms)}:{step}]{_modifiers(node)}"


def format_operator(node: Binary) -> str:
    """The operator with its modifiers."""
    return node.op + (" bool" if node.returns_bool else "") + _matching(node.matching)


def format_aggregation(node: Aggregate) -> str:
    """The name of an aggregation with its grouping."""
    if not node.without and not node.grouping:
        return node.op
    return f"{node.op} {'without' if node.without else 'by'} ({_labels(node.grouping)}) "


def _duration(computed: DurationOperation | None, milliseconds: int) -> str:
    return format_duration(milliseconds) if computed is None else format_duration_expression(computed)


def _label(name: str) -> str:
    return name if _PLAIN_LABEL.fullmatch(name) else quote(name)


def _labels(names: tuple[str, ...]) -> str:
    return ", ".join(_label(name) for name in names)


def _matcher(matcher: Matcher) -> str:
    return f"{_label(matcher.name)}{matcher.op}{quote(matcher.value)}"


def _selector(node: VectorSelector) -> str:
    shown = [
        _matcher(matcher)
        for matcher in node.matchers
        if not (
            node.name and (matcher.name, matcher.op, matcher.value) == (METRIC_NAME, MatchOp.EQUAL, node.name)
        )
    ]
    return node.name + ("{" + ",".join(sorted(shown)) + "}" if shown else "")


def _modifiers(node: VectorSelector | Subquery) -> str:
    text, at_ms, offset_ms = "", node.at_ms, node.offset_ms
    if isinstance(at_ms, Edge):
        text = f" @ {at_ms}"
    elif at_ms is not None:
        text = f" @ {'-' if at_ms < 0 else ''}{abs(at_ms) // 1000}.{abs(at_ms) % 1000:03d}"
    if node.offset is not None:
        text += f" offset {format_duration_expression(node.offset)}"
    elif offset_ms:
        text += f" offset {'-' if offset_ms < 0 else ''}{format_duration(abs(offset_ms))}"
    return text


def _matching(matching: Matching | None) -> str:
    if matching is None:
        return ""
    grouped = matching.cardinality in (Cardinality.MANY_TO_ONE, Cardinality.ONE_TO_MANY)
    text = ""
    if matching.labels or matching.on or grouped:
        text = f" {'on' if matching.on else 'ignoring'} ({_labels(matching.labels)})"
    if grouped:
        side = "left" if matching.cardinality is Cardinality.MANY_TO_ONE else "right"
        text += f" group_{side} ({_labels(matching.include)})"
    return text


def _aggregate(node: Aggregate) -> str:
    param = "" if node.param is None else format_expression(node.param) + ", "
    return f"{format_aggregation(node)}({param}{format_expression(node.expr)})"
