"""Subjects: the alerts that pages are about, whether a rule has them or somebody has posted them."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from exporter.alert_charts import tone_of
from exporter.health import NO_SEVERITY
from exporter.model.alert import Alert
from exporter.model.labels import Labels
from exporter.rules.active import ActiveAlert
from exporter.rules.alerting import ALERT_NAME, AlertingRule
from exporter.time_slice import TimeSlice
from exporter.web.pages.context import PageContext

PENDING: Final = "pending"
FIRING: Final = "firing"
RESOLVED: Final = "resolved"


@dataclass(frozen=True, slots=True)
class Subject:
    """One alert. Moments are in epoch seconds, 0: never.

    `labels` are those that it is sent with, `own_labels` those that its rule gives it. `is_dropped`: it is
    not sent, since relabelling drops it. `group` is the key of its rule's group.
    """

    labels: Labels
    own_labels: Labels
    state: str
    annotations: Mapping[str, str] = field(default_factory=dict)
    active_at: float = 0.0
    fired_at: float = 0.0
    resolved_at: float = 0.0
    value: float | None = None
    rule: AlertingRule | None = None
    group: str = ""
    is_frozen: bool = False
    is_posted: bool = False
    is_dropped: bool = False
    generator_url: str = ""

    @property
    def fingerprint(self) -> str:
        """The 16 digits that messages link to."""
        return f"{self.labels.fingerprint():016x}"

    @property
    def name(self) -> str:
        """The label `alertname`."""
        return self.labels.get(ALERT_NAME)

    @property
    def severity(self) -> str:
        """The label `severity`."""
        return self.labels.get("severity")

    @property
    def tone(self) -> str:
        """The severity as the pages colour it."""
        return tone_of(self.severity)

    @property
    def instance(self) -> str:
        """The label `instance`; empty where it is about no single server."""
        return self.labels.get("instance")

    @property
    def summary(self) -> str:
        """What is wrong, in a sentence; else the name."""
        return self.annotations.get("summary") or self.annotations.get("description") or self.name

    @property
    def since(self) -> float:
        """The moment at which it began to fire, or to be pending."""
        return self.fired_at or self.active_at

    @property
    def is_watchdog(self) -> bool:
        """Whether it fires although nothing is wrong."""
        return self.severity == NO_SEVERITY

    @property
    def order(self) -> tuple[object, ...]:
        """The sort key: what fires first, the critical ones first among that, a watchdog last."""
        tones = ("critical", "warning", "info")
        return self.is_watchdog, self.state != FIRING, tones.index(self.tone), self.name, self.instance


async def active_subjects(context: PageContext) -> list[Subject]:
    """Everything that is pending or firing."""
    return [one async for one in _subjects(context) if one.state != RESOLVED]


async def by_fingerprint(subjects: Sequence[Subject]) -> Mapping[str, Subject]:
    """The same by their fingerprints, each of which is a computation."""
    return {one.fingerprint: one async for one in TimeSlice().each(subjects)}


async def find_subject(context: PageContext, fingerprint: str) -> Subject | None:
    """Find an alert that is in memory; one that was resolved is so for some minutes more."""
    found = None
    async for one in _subjects(context):
        if one.fingerprint == fingerprint and (found is None or one.state != RESOLVED):
            found = one
    return found


def find_rule(context: PageContext, labels: Labels) -> tuple[AlertingRule | None, str]:
    """Find the rule that makes alerts with these labels, and the key of its group, for one that is over."""
    for group in context.rules.groups:
        for rule in group.alerting_rules:
            if rule.spec.name != labels.get(ALERT_NAME) or not rule.spec.condition.matches(labels):
                continue
            if all("{{" in text or labels.get(name) == text for name, text in rule.spec.label_texts):
                return rule, group.spec.key.words
    return None, ""


async def _subjects(context: PageContext) -> AsyncIterator[Subject]:
    turn, of_rules = TimeSlice(), set()
    async for one in turn.each(_of_rules(context)):
        of_rules.add(one.labels)
        yield one
    now = context.clock.now()
    async for alert in turn.each(list(context.alerting.alerts)):
        if alert.labels not in of_rules:
            yield _posted(alert, now)


def _of_rules(context: PageContext) -> Iterator[Subject]:
    for group in context.rules.groups:
        for rule in group.alerting_rules:
            for alert in list(rule.active.values()):
                outgoing = context.alerts.outgoing_labels(alert.labels)
                yield replace(
                    _of_rule(alert, outgoing or alert.labels, rule),
                    group=group.spec.key.words,
                    is_dropped=outgoing is None,
                )


def _of_rule(alert: ActiveAlert, labels: Labels, rule: AlertingRule) -> Subject:
    return Subject(
        labels,
        alert.labels,
        alert.state.value if alert.is_active else RESOLVED,
        dict(alert.annotations),
        alert.active_at_ms / 1000,
        alert.fired_at_ms / 1000,
        alert.resolved_at_ms / 1000,
        alert.value,
        rule,
        is_frozen=alert.frozen,
    )


def _posted(alert: Alert, now: float) -> Subject:
    is_over = alert.is_resolved(now)
    return Subject(
        alert.labels,
        alert.labels,
        RESOLVED if is_over else FIRING,
        alert.annotations.as_dict(),
        alert.starts_at,
        alert.starts_at,
        alert.ends_at if is_over else 0.0,
        is_posted=True,
        generator_url=alert.generator_url,
    )
