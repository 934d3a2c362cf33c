"""The unit of what a rule watches."""

from collections.abc import Mapping
from typing import Final

from exporter.charts import Unit
from exporter.promql import (
    Aggregate,
    Binary,
    Call,
    Expr,
    MatrixSelector,
    Paren,
    Subquery,
    Unary,
    VectorSelector,
)
from exporter.rules.alerting import AlertingRule
from exporter.rules.comparison import comparisons_of
from exporter.rules.measure import Printed, printed_as

_UNITS: Final[Mapping[Printed, Unit]] = {
    Printed.PERCENTAGE: Unit.RATIO,
    Printed.DURATION: Unit.SECONDS,
    Printed.BYTES: Unit.BYTES,
}
_ENDINGS: Final = (
    ("_bytes", Unit.BYTES),
    ("_seconds", Unit.SECONDS),
    ("_ratio", Unit.RATIO),
    (":ratio", Unit.RATIO),
)
# What these return counts something else than what they are given: how often it changed, how much per second.
_OTHER_UNIT: Final = frozenset(
    {
        "absent",
        "absent_over_time",
        "changes",
        "count_over_time",
        "deriv",
        "exp",
        "irate",
        "ln",
        "log10",
        "log2",
        "present_over_time",
        "rate",
        "resets",
        "scalar",
        "sgn",
        "sqrt",
        "stdvar_over_time",
    }
)
_COUNTING: Final = frozenset({"count", "group", "count_values", "stdvar"})
_OTHER_RESULT: Final = frozenset({"*", "/", "%", "^", "atan2"})


def unit_of(rule: AlertingRule) -> Unit:
    """The unit of a rule's values: as its annotations print them, else as its metric's name ends."""
    unit = _UNITS.get(printed_as(rule.spec))
    if unit is not None:
        return unit
    root = rule.spec.expression.root
    values = [root if one is None else one.value for one in comparisons_of(root)]
    names = [name for name in map(_measured, values) if name]
    for ending, of_name in _ENDINGS:
        if names and all(name.endswith(ending) for name in names):
            return of_name
    return Unit.NUMBER


def _measured(node: Expr) -> str:
    """The name of the metric whose unit the values of an expression have; empty where that is not certain."""
    match node:
        case VectorSelector():
            return node.name
        case MatrixSelector():
            return node.selector.name
        case Paren() | Unary() | Subquery():
            return _measured(node.expr)
        case Aggregate():
            return "" if node.op in _COUNTING else _measured(node.expr)
        case Call():
            names = () if node.function.name in _OTHER_UNIT else map(_measured, node.args)
            return next(filter(None, names), "")
        case Binary() if node.op not in _OTHER_RESULT and not node.returns_bool:
            return _measured(node.left) or _measured(node.right)
    return ""
