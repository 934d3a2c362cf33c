"""The value of an alert against its threshold, with the unit that its rule prints it in."""

import math
from typing import Final

from exporter.alert_charts.units import unit_of
from exporter.charts import Unit, format_value
from exporter.rules.alerting import AlertingRule
from exporter.rules.comparison import Comparison, comparisons_of

_WORDS: Final = {
    ">": "above {}",
    ">=": "at {} and above",
    "<": "below {}",
    "<=": "at {} and below",
    "==": "at {}",
    "!=": "at anything but {}",
}
_BOUNDS: Final = (">", ">=", "<", "<=")


def tone_of(severity: str) -> str:
    """A severity as pages and charts colour it."""
    return severity if severity in ("critical", "warning") else "info"


def threshold_words(one: Comparison, unit: Unit) -> str:
    """`above 98 %`; empty where the threshold is no number."""
    number = one.number
    return "" if number is None else _WORDS[one.op].format(format_value(number, unit))


def single_comparison(rule: AlertingRule) -> Comparison | None:
    """The comparison of a rule, where all alternatives of its expression have the same one."""
    found = {
        (one.op, one.number): one for one in comparisons_of(rule.spec.expression.root) if one is not None
    }
    return next(iter(found.values())) if len(found) == 1 else None


def figure_of(rule: AlertingRule | None, value: float | None) -> tuple[str, str]:
    """A value and the number it is compared with, as texts.

    Both are empty where the value is none that says anything: a state, or that something is there at all.
    """
    one = single_comparison(rule) if rule is not None else None
    if rule is None or one is None or value is None or not math.isfinite(value):
        return "", ""
    if one.op not in _BOUNDS:
        return "", ""
    unit = unit_of(rule)
    return format_value(value, unit), "" if one.number is None else format_value(one.number, unit)
