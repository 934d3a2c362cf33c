"""Limits: at which values of a chart's lines the rules in force fire.

A rule about a share (`used / maxmemory > 0.85`) fires at a value that has to be computed
(`0.85 * maxmemory`): what stands beside the line's own measure goes over to the threshold's side.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from exporter.alert_charts import threshold_words, tone_of, unit_of
from exporter.charts.time_range import TimeRange
from exporter.errors import QueryError
from exporter.model.labels import Labels
from exporter.model.matcher import Matcher, MatchOp
from exporter.model.target import INSTANCE_LABEL
from exporter.promql import Binary, Expr, Matching, Paren, format_expression, parse, restrict
from exporter.rules.alerting import AlertingRule
from exporter.rules.comparison import Comparison, comparisons_of, unfiltered
from exporter.rules.group import RuleGroup
from exporter.rules.likeness import Likeness
from exporter.rules.recording import RecordingRule
from exporter.web.pages.page_queries import Found, PageQueries
from exporter.web.pages.server.panels import Panel

MOST: Final = 4
"""So many stand on a chart, the worst first."""

_MOST_KNOWN: Final = 200
_BOUNDS: Final = (">", ">=", "<", "<=")
_INVERSE: Final = {"/": "*", "*": "/", "-": "+", "+": "-"}
_TONES: Final = ("critical", "warning", "info")
_ANY_LABEL: Final = Likeness({})


@dataclass(frozen=True, slots=True)
class Limit:
    """A rule that fires where a line of a chart passes `points`: one value, unless that has moved."""

    rule: str
    op: str
    text: str
    tone: str
    points: Sequence[tuple[int, float]]

    @property
    def value(self) -> float | None:
        """The threshold, where it has stayed the same."""
        values = {value for _, value in self.points}
        return values.pop() if len(values) == 1 else None

    @property
    def order(self) -> tuple[int, str]:
        """The worst first."""
        return _TONES.index(self.tone), self.rule


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A comparison that is about a chart. `watched` has values for this server where the rule is about it.

    `threshold` is an expression, empty for a `number`.
    """

    topic: str
    rule: AlertingRule
    comparison: Comparison
    watched: str
    threshold: str


@dataclass(slots=True)
class Limits:
    """Finds the limits of charts; which rules are about which is remembered as long as the rules stay."""

    _groups: Sequence[RuleGroup] = ()
    _records: Mapping[str, Expr] = field(default_factory=dict)
    _rules: Sequence[AlertingRule] = ()
    # By the server and what its charts measure; a page that is open asks for the same again and again.
    _known: dict[tuple[Labels, frozenset[tuple[str, str]]], Sequence[_Candidate]] = field(
        default_factory=dict
    )

    async def read(
        self,
        groups: Iterable[RuleGroup],
        panels: Sequence[Panel],
        labels: Labels,
        queries: PageQueries,
        span: TimeRange,
    ) -> Mapping[str, Sequence[Limit]]:
        """The limits by the topics of charts, for the server whose series have these labels."""
        self._follow(groups)
        found = self._candidates(panels, labels)
        applying = await queries.instants([one.watched for one in found], span.end_ms)
        about_it = [one for one, answer in zip(found, applying, strict=True) if answer.series]
        moving = await queries.ranges([one.threshold for one in about_it if one.threshold], span)
        answers = iter(moving)
        limits: dict[str, list[Limit]] = {}
        for one in about_it:
            points = (
                _points(next(answers)) if one.threshold else [(span.end_ms, one.comparison.number or 0.0)]
            )
            if points:
                limits.setdefault(one.topic, []).append(_limit(one, points))
        return {topic: sorted(several, key=lambda one: one.order)[:MOST] for topic, several in limits.items()}

    def _follow(self, groups: Iterable[RuleGroup]) -> None:
        present = list(groups)
        if present == self._groups:
            return
        rules = [rule for group in present for rule in group.rules]
        self._groups = present
        self._records = {
            rule.spec.name: rule.spec.expression.root for rule in rules if isinstance(rule, RecordingRule)
        }
        self._known.clear()
        self._rules = [rule for rule in rules if isinstance(rule, AlertingRule)]

    def _candidates(self, panels: Sequence[Panel], labels: Labels) -> Sequence[_Candidate]:
        topics = _topics(panels)
        key = labels, frozenset(topics.items())
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            found = self._known[key] = list(self._find(topics, labels))
        return found

    def _find(self, topics: Mapping[str, str], labels: Labels) -> Iterable[_Candidate]:
        likeness = Likeness(self._records, frozenset(name for name, _ in labels))
        instance = Matcher(INSTANCE_LABEL, MatchOp.EQUAL, labels.get(INSTANCE_LABEL))
        for rule in self._rules:
            for one in comparisons_of(rule.spec.expression.root):
                if one is None or one.number is None or one.op not in _BOUNDS:
                    continue
                found = _solve(unfiltered(one.value), str(one.number), topics, likeness)
                watched = restrict(one.value, instance)
                if found is not None and watched is not None:
                    topic, text = found
                    threshold = _restricted(text, instance) if text != str(one.number) else ""
                    if threshold is not None:
                        yield _Candidate(topic, rule, one, format_expression(watched), threshold)


def _solve(
    node: Expr, threshold: str, topics: Mapping[str, str], likeness: Likeness
) -> tuple[str, str] | None:
    """The topic of the chart that shows what is compared, and the threshold for what that shows.

    None where there is no such chart.
    """
    topic = topics.get(likeness.of(node))
    if topic is not None:
        return topic, threshold
    inner = node.expr if isinstance(node, Paren) else likeness.record(node)
    if inner is not None:
        return _solve(unfiltered(inner), threshold, topics, likeness)
    if isinstance(node, Binary) and node.op == "or":
        return _solve(unfiltered(node.left), threshold, topics, likeness)
    if isinstance(node, Binary) and node.op in _INVERSE and node.matching in (None, Matching()):
        other = f"({threshold}) {_INVERSE[node.op]} ({format_expression(node.right)})"
        return _solve(unfiltered(node.left), other, topics, likeness)
    return None


def _restricted(text: str, instance: Matcher) -> str | None:
    """An expression for one server; None where it cannot be told from those of others."""
    try:
        node = restrict(parse(text).root, instance)
    except QueryError:
        return None
    return None if node is None else format_expression(node)


def _topics(panels: Sequence[Panel]) -> Mapping[str, str]:
    """The topics of charts by what their lines measure."""
    found: dict[str, str] = {}
    for panel in panels:
        for line in panel.lines:
            for text in (line.expression, *line.alike):
                found.setdefault(_measured(text), panel.topic)
    return found


@lru_cache(maxsize=4_096)
def _measured(text: str) -> str:
    return _ANY_LABEL.of(parse(text).root)


def _points(found: Found) -> Sequence[tuple[int, float]]:
    return found.series[0].points if len(found.series) == 1 else ()


def _limit(one: _Candidate, points: Sequence[tuple[int, float]]) -> Limit:
    spec = one.rule.spec
    words = threshold_words(one.comparison, unit_of(one.rule))
    tone = tone_of(dict(spec.label_texts).get("severity", ""))
    text = f"{spec.name}: {words}".replace("\N{NO-BREAK SPACE}", " ")
    return Limit(spec.name, one.comparison.op, text, tone, points)
