"""What the page of the rules shows of the groups that run."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from exporter.charts.units import format_seconds
from exporter.config.alertmanager.matchers import format_matcher, make_matcher
from exporter.model.duration import format_duration
from exporter.model.matcher import MatchOp
from exporter.rules.active import AlertState
from exporter.rules.alerting import ALERT_NAME, AlertingRule
from exporter.rules.comments import in_one_line
from exporter.rules.group import Rule, RuleGroup
from exporter.rules.status import Health
from exporter.time_slice import TimeSlice
from exporter.timing.spread import offset_ms
from exporter.web.pages.moments import moment_text

SHOWN: Final = ("all", "failing", "firing", "alerting", "recording")
"""Which rules can be asked for."""
MOST_RULES: Final = 170
MOST_FAILING: Final = 20


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One rule. `anchor` is what links to it name: its name, with a number where others have the same.

    `where` says which labels it is for, where it is one of several variants.

    `matcher` finds its alerts, `line` is the expression in one. `state` is that of its worst alert, empty for
    a rule that records.
    """

    anchor: str
    name: str
    matcher: str
    state: str
    query: str
    line: str
    waits: str
    where: str
    severity: str
    took: str
    samples: int
    firing: int
    pending: int
    error: str
    is_evaluated: bool

    @property
    def is_failing(self) -> bool:
        """Whether its last evaluation went wrong."""
        return bool(self.error)


@dataclass(frozen=True, slots=True)
class GroupCard:
    """One group with rules that are shown, of `count`; `next_at` and `last_at` in epoch seconds, 0: never."""

    name: str
    file: str
    interval: str
    last_at: float
    last: str
    took: str
    next_at: float
    next: str
    missed: int
    rows: Sequence[RuleRow]
    count: int


@dataclass(frozen=True, slots=True)
class RulesOverview:
    """All that the page shows: `matching` of `total` rules fit the filter, of which some are left out."""

    cards: Sequence[GroupCard]
    failing: Sequence[RuleRow]
    failing_count: int
    firing_count: int
    waiting_count: int
    groups: int
    total: int
    matching: int
    left_out: int
    filter: str
    show: str

    @property
    def failing_left_out(self) -> int:
        """How many rules that fail are not listed at the top."""
        return self.failing_count - len(self.failing)


async def read_rules(groups: Sequence[RuleGroup], now: float, text: str, show: str) -> RulesOverview:
    """Read the rules that hold a text and are of a kind (one of `SHOWN`)."""
    reading, turn = _Reading(text.lower(), show), TimeSlice()
    cards: list[GroupCard] = []
    for group in list(groups):
        rows = [row async for rule in turn.each(group.rules) if (row := reading.take(rule, group))]
        shown = rows[: max(0, MOST_RULES - reading.shown)]
        reading.shown += len(shown)
        if shown:
            cards.append(_card(group, shown, len(rows), now))
    return RulesOverview(
        cards=cards,
        failing=reading.failing,
        failing_count=reading.failing_count,
        firing_count=reading.firing_count,
        waiting_count=reading.waiting_count,
        groups=len(groups),
        total=reading.total,
        matching=reading.matching,
        left_out=reading.matching - reading.shown,
        filter=text,
        show=show,
    )


class _Reading:
    """Counts all rules, and finds those that are wanted."""

    def __init__(self, wanted: str, show: str) -> None:
        self.failing: list[RuleRow] = []
        self.failing_count = self.firing_count = self.waiting_count = 0
        self.total = self.matching = self.shown = 0
        self._wanted = wanted
        self._show = show
        self._anchors: dict[str, int] = {}

    def take(self, rule: Rule, group: RuleGroup) -> RuleRow | None:
        """The row of a rule, None where it is not wanted."""
        seen = self._anchors[rule.spec.name] = self._anchors.get(rule.spec.name, 0) + 1
        row = _row(rule, rule.spec.name if seen == 1 else f"{rule.spec.name}-{seen}")
        self.total += 1
        self.failing_count += row.is_failing
        self.firing_count += bool(row.firing)
        self.waiting_count += not row.is_evaluated
        if row.is_failing and len(self.failing) < MOST_FAILING:
            self.failing.append(row)
        if not (_is_of(rule, row, self._show) and _holds(rule, group, self._wanted)):
            return None
        self.matching += 1
        return row


def _row(rule: Rule, anchor: str) -> RuleRow:
    name, status = rule.spec.name, rule.status
    firing = pending = 0
    state = waits = ""
    if isinstance(rule, AlertingRule):
        firing = sum(alert.is_firing for alert in rule.active_alerts)
        pending = len(rule.active_alerts) - firing
        state = (
            AlertState.FIRING if firing else AlertState.PENDING if pending else AlertState.INACTIVE
        ).value
        waits = format_duration(rule.spec.for_ms) if rule.spec.for_ms else ""
    return RuleRow(
        anchor=anchor,
        name=name,
        matcher=format_matcher(make_matcher(ALERT_NAME, MatchOp.EQUAL, name)),
        state=state,
        query=rule.spec.query.strip(),
        line=in_one_line(rule.spec.query),
        where=str(rule.spec.condition) if isinstance(rule, AlertingRule) else "",
        waits=waits,
        severity=dict(rule.spec.label_texts).get("severity", ""),
        took=format_seconds(status.evaluation_seconds),
        samples=status.samples,
        firing=firing,
        pending=pending,
        error=status.last_error if status.health is Health.ERROR else "",
        is_evaluated=bool(status.evaluated_at_ms),
    )


def _is_of(rule: Rule, row: RuleRow, show: str) -> bool:
    is_alerting = isinstance(rule, AlertingRule)
    return {
        "all": True,
        "failing": row.is_failing,
        "firing": bool(row.firing),
        "alerting": is_alerting,
        "recording": not is_alerting,
    }[show]


def _holds(rule: Rule, group: RuleGroup, wanted: str) -> bool:
    if not wanted:
        return True
    labels = " ".join(f"{name}={value}" for name, value in rule.spec.label_texts)
    texts = (rule.spec.name, rule.spec.query, labels, group.spec.key.name, group.spec.key.file)
    return any(wanted in text.lower() for text in texts)


def _card(group: RuleGroup, rows: Sequence[RuleRow], count: int, now: float) -> GroupCard:
    last_at = (group.evaluated_at_ms or 0) / 1000
    next_at = _next_ms(group, round(now * 1000)) / 1000
    return GroupCard(
        name=group.spec.key.name,
        file=group.spec.key.file,
        interval=format_duration(group.interval_ms),
        last_at=last_at,
        last=moment_text(last_at, now, seconds=True) if last_at else "",
        took=format_seconds(group.evaluation_seconds),
        next_at=next_at,
        next=moment_text(next_at, now, seconds=True),
        missed=group.missed_total,
        rows=rows,
        count=count,
    )


def _next_ms(group: RuleGroup, now_ms: int) -> int:
    """The next slot of a group; its alerts may be looked at before, where a server has gone."""
    phase_ms = offset_ms(str(group.spec.key), group.interval_ms)
    return now_ms + group.interval_ms - (now_ms - phase_ms) % group.interval_ms
