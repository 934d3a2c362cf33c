"""What the rule of an alert watches: what the store is asked for, and the lines that its answers make."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from exporter.charts import Series
from exporter.model.labels import METRIC_NAME, Labels
from exporter.model.matcher import Matcher, MatchOp
from exporter.promql import Expr, RangeSeries, format_expression, restrict
from exporter.rules.alerting import AlertingRule
from exporter.rules.comparison import Comparison, comparisons_of, unfiltered

_INSTANCE: Final = "instance"
_MOST_BRANCHES: Final = 3
_COLOURS: Final = 7
_GREY: Final = 8


@dataclass(frozen=True, slots=True)
class Branch:
    """One alternative of a rule's expression: its values, and what they are compared with if that moves."""

    comparison: Comparison | None
    values: str
    limit: str = ""


@dataclass(frozen=True, slots=True)
class Watched:
    """What a rule watches of the alert that it gives these labels."""

    rule: AlertingRule
    labels: Labels

    @property
    def branches(self) -> Sequence[Branch]:
        """The alternatives of the expression, a few at most."""
        # step() is 0 where the rule is evaluated, and would be something else along a chart.
        root = self.rule.spec.expression.instant_root
        return [self._branch(root, one) for one in comparisons_of(root)[:_MOST_BRANCHES]]

    def lines(self, series: Iterable[RangeSeries]) -> list[Series]:
        """Those of the series that the alert is about."""
        return [
            Series(self._name(one.labels), one.points, 1 + number % _COLOURS)
            for number, one in enumerate(self._own(series))
        ]

    def limit_line(self, series: Iterable[RangeSeries]) -> list[Series]:
        """The limit, dotted, where there is one."""
        return [Series("threshold", one.points, _GREY, is_forecast=True) for one in self._own(series)[:1]]

    def _branch(self, root: Expr, one: Comparison | None) -> Branch:
        if one is None:
            return Branch(None, self._text(root))
        return Branch(one, self._text(one.value), self._text(one.threshold) if one.number is None else "")

    def _text(self, node: Expr) -> str:
        whole, instance = unfiltered(node), self.labels.get(_INSTANCE)
        if instance and _INSTANCE not in self._set_by_rule:
            whole = restrict(whole, Matcher(_INSTANCE, MatchOp.EQUAL, instance)) or whole
        return format_expression(whole)

    @property
    def _set_by_rule(self) -> dict[str, str]:
        return dict(self.rule.spec.label_texts)

    def _own(self, series: Iterable[RangeSeries]) -> list[RangeSeries]:
        others = (METRIC_NAME, *self._set_by_rule)
        return [
            one
            for one in series
            if all(name in others or self.labels.get(name) in ("", value) for name, value in one.labels)
        ]

    def _name(self, labels: Labels) -> str:
        """The labels that the alert does not say already; else the metric."""
        own = [
            f"{name}={value}" for name, value in labels if name != METRIC_NAME and not self.labels.get(name)
        ]
        return " ".join(own) or labels.get(METRIC_NAME) or "value"
