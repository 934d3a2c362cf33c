"""Label flow: the labels that the result of an expression can have, told without data."""

from collections.abc import Mapping
from typing import Final

from exporter.model.labels import METRIC_NAME
from exporter.model.matcher import MatchOp
from exporter.promql import (
    Aggregate,
    Binary,
    Call,
    Cardinality,
    Expr,
    Matching,
    StringLiteral,
    ValueType,
    VectorSelector,
)

LabelNames = frozenset[str] | None
"""Names of labels; None: nobody knows."""

_NOTHING: Final = frozenset[str]()
_SET_OPERATORS: Final = ("and", "unless")
# Aggregations that return some of their samples unchanged.
_SELECTING: Final = ("topk", "bottomk", "limitk", "limit_ratio")
# Where a function keeps the name of the label that it writes: the index of that argument.
_WRITES_LABEL: Final = {"label_replace": 1, "label_join": 1}
_SERIES: Final = (ValueType.VECTOR, ValueType.MATRIX)
_WITHOUT_LABELS: Final = ("vector", "time", "scalar", "pi")


def labels_of(expr: Expr, catalogue: Mapping[str, LabelNames]) -> LabelNames:
    """The names of the labels that the samples of an expression can have, the metric name aside.

    `catalogue` tells those of each metric.
    """
    if isinstance(expr, VectorSelector):
        return _of_selector(expr, catalogue)
    if isinstance(expr, Aggregate):
        return _of_aggregate(expr, labels_of(expr.expr, catalogue))
    if isinstance(expr, Binary):
        return _of_binary(expr, catalogue)
    if isinstance(expr, Call):
        return _of_call(expr, catalogue)
    return labels_of(expr.children[0], catalogue) if expr.children else _NOTHING


def _of_selector(selector: VectorSelector, catalogue: Mapping[str, LabelNames]) -> LabelNames:
    for matcher in selector.matchers:
        if matcher.name == METRIC_NAME and matcher.op is MatchOp.EQUAL:
            return catalogue.get(matcher.value)
    return None


def _of_aggregate(expr: Aggregate, inner: LabelNames) -> LabelNames:
    if expr.op in _SELECTING:
        return inner
    if expr.without:
        kept = None if inner is None else inner - set(expr.grouping)
    else:
        kept = frozenset(expr.grouping) if inner is None else inner & set(expr.grouping)
    if expr.op == "count_values" and isinstance(expr.param, StringLiteral) and kept is not None:
        return kept | {expr.param.value}
    return kept


def _of_binary(expr: Binary, catalogue: Mapping[str, LabelNames]) -> LabelNames:
    left, right = labels_of(expr.left, catalogue), labels_of(expr.right, catalogue)
    is_scalar = ValueType.SCALAR in (expr.left.value_type, expr.right.value_type)
    if is_scalar or expr.matching is None or expr.op == "or":
        # A scalar has no labels.
        return None if left is None or right is None else left | right
    if expr.op in _SET_OPERATORS:
        return left
    return _of_match(expr.matching, left, right)


def _of_match(matching: Matching, left: LabelNames, right: LabelNames) -> LabelNames:
    if matching.cardinality is Cardinality.ONE_TO_ONE:
        if matching.on:
            return frozenset(matching.labels)
        return None if left is None else left - set(matching.labels)
    many = left if matching.cardinality is Cardinality.MANY_TO_ONE else right
    return None if many is None else many | set(matching.include)


def _of_call(call: Call, catalogue: Mapping[str, LabelNames]) -> LabelNames:
    name = call.function.name
    if name in _WITHOUT_LABELS:
        return _NOTHING
    if name in ("absent", "absent_over_time"):
        return _of_absent(call.args[0])
    vectors = [argument for argument in call.args if argument.value_type in _SERIES]
    inner = labels_of(vectors[0], catalogue) if vectors else _NOTHING
    if inner is None:
        return None
    written = call.args[_WRITES_LABEL[name]] if name in _WRITES_LABEL else None
    if isinstance(written, StringLiteral):
        return inner | {written.value}
    return inner - {"le"} if name == "histogram_quantile" else inner


def _of_absent(argument: Expr) -> LabelNames:
    while argument.children:
        argument = argument.children[0]
    if not isinstance(argument, VectorSelector):
        return _NOTHING
    return frozenset(
        matcher.name
        for matcher in argument.matchers
        if matcher.op is MatchOp.EQUAL and matcher.name != METRIC_NAME
    )
