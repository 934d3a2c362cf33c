"""What is wrong: alerts that fire, and servers that cannot be sampled, each under what explains it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from exporter.health import NO_SEVERITY
from exporter.model.alert import Alert
from exporter.model.labels import Labels
from exporter.model.target import INSTANCE_LABEL
from exporter.rules.active import ActiveAlert
from exporter.rules.alerting import ALERT_NAME, AlertingRule
from exporter.samplers.runner import TargetRunner
from exporter.samplers.status import PROBLEM, UP
from exporter.time_slice import TimeSlice
from exporter.web.pages.context import PageContext

SEVERITIES: Final = ("critical", "warning", "info")
"""The worst first; any other severity counts as the last."""

# A rule about one of these says itself that a server cannot be sampled.
_ABOUT_SAMPLING: Final = (UP.name, PROBLEM.name)
_LONGEST_MATCHERS: Final = 2_000
_LEAST_FOLDED: Final = 3


@dataclass(slots=True)
class Finding:
    """Something that is wrong: an alert, or a server that no alert tells of.

    `fingerprint` is empty without an alert; `since` in epoch seconds, 0: not known. `quiet` says why nobody
    is told. `follows` are findings that this one explains, `alike` the same alert of other servers.
    `query` is the expression of the rule; `is_held`: what it is about cannot be sampled.
    """

    severity: str
    name: str
    instance: str
    title: str
    text: str = ""
    advice: str = ""
    runbook: str = ""
    since: float = 0.0
    fingerprint: str = ""
    quiet: str = ""
    query: str = ""
    is_held: bool = False
    labels: Labels | None = None
    causes: Sequence[str] = ()
    follows: list["Finding"] = field(default_factory=list)
    alike: list["Finding"] = field(default_factory=list)

    @property
    def key(self) -> str:
        """What tells it from all others, fit for the id of an element."""
        return self.fingerprint or f"{Labels({INSTANCE_LABEL: self.instance}).fingerprint():016x}"

    @property
    def matchers(self) -> str:
        """What a silence of just this alert says; empty without an alert."""
        text = "" if self.labels is None else str(self.labels)
        return text if len(text) <= _LONGEST_MATCHERS else ""

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return SEVERITIES.index(self.severity)

    @property
    def order(self) -> tuple[object, ...]:
        """The worst first, then what explains most, then the oldest."""
        return (self.rank, -len(self.follows), self.since or float("inf"), self.name, self.instance)


@dataclass(frozen=True, slots=True)
class Findings:
    """All of them. `open` need somebody, `notes` are good to know, `quiet` ones nobody is told of.

    `folded` are the open ones, those of one alert under the first where they are several. `by_instance` has
    them by the server that they are about, whatever explains them.
    """

    open: Sequence[Finding]
    folded: Sequence[Finding]
    notes: Sequence[Finding]
    quiet: Sequence[Finding]
    by_instance: Mapping[str, Sequence[Finding]]
    pending: int
    servers_in_need: frozenset[str]


async def read_findings(context: PageContext, runners: Sequence[TargetRunner], turn: TimeSlice) -> Findings:
    """Return what is wrong now."""
    found = [finding async for finding in turn.each(_of_alerts(context))]
    told = {one.instance for one in found if _is_about_sampling(one)}
    for runner in runners:
        problem = runner.status.problem
        if problem is not None and runner.target.instance not in told:
            found.append(_of_server(runner))
    await turn.yield_control()
    by_instance: dict[str, list[Finding]] = {}
    for one in found:
        by_instance.setdefault(one.instance, []).append(one)
    roots = _under_causes(found)
    loud = sorted((one for one in roots if not one.quiet and one.severity != "info"), key=_order)
    needed = [one for root in loud for one in (root, *root.follows)]
    watched = {runner.target.instance for runner in runners}
    return Findings(
        open=loud,
        folded=_fold(loud),
        notes=sorted((one for one in roots if not one.quiet and one.severity == "info"), key=_order),
        quiet=sorted((one for one in roots if one.quiet), key=_order),
        by_instance=by_instance,
        pending=sum(_pending(rule) for group in context.rules.groups for rule in group.alerting_rules),
        servers_in_need=frozenset(one.instance for one in needed if one.severity != "info") & watched,
    )


def _order(finding: Finding) -> tuple[object, ...]:
    return finding.order


def _of_alerts(context: PageContext) -> Iterator[Finding]:
    """Every alert that fires because something is wrong, of the rules and posted by others."""
    of_rules = set()
    for group in context.rules.groups:
        for rule in group.alerting_rules:
            for alert in rule.active_alerts:
                if alert.is_firing and alert.labels.get("severity") != NO_SEVERITY:
                    labels = context.alerts.outgoing_labels(alert.labels) or alert.labels
                    of_rules.add(labels)
                    yield _of_rule(context, rule, alert, labels)
    now = context.clock.now()
    for posted in list(context.alerting.alerts):
        is_known = posted.labels in of_rules or posted.is_resolved(now)
        if not is_known and posted.labels.get("severity") != NO_SEVERITY:
            yield _posted(context, posted)


def _of_rule(context: PageContext, rule: AlertingRule, alert: ActiveAlert, labels: Labels) -> Finding:
    since = (alert.fired_at_ms or alert.active_at_ms) / 1000
    finding = _of_labels(context, labels, dict(alert.annotations), since)
    finding.query, finding.is_held = rule.spec.query, alert.frozen
    return finding


def _posted(context: PageContext, alert: Alert) -> Finding:
    return _of_labels(context, alert.labels, alert.annotations.as_dict(), alert.starts_at)


def _of_labels(context: PageContext, labels: Labels, annotations: Mapping[str, str], since: float) -> Finding:
    severity = labels.get("severity")
    status = context.alerting.status(labels)
    quiet = "silenced" if status.silenced_by else "muted" if context.alerting.is_muted(labels) else ""
    return Finding(
        severity=severity if severity in SEVERITIES else "info",
        name=labels.get(ALERT_NAME),
        instance=labels.get(INSTANCE_LABEL),
        title=annotations.get("summary") or annotations.get("description") or labels.get(ALERT_NAME),
        text=annotations.get("description", "") if annotations.get("summary") else "",
        advice=annotations.get("recommendation", ""),
        runbook=annotations.get("runbook_url", ""),
        since=since,
        fingerprint=f"{labels.fingerprint():016x}",
        quiet=quiet,
        labels=labels,
        causes=status.inhibited_by,
    )


def _of_server(runner: TargetRunner) -> Finding:
    """A server that no rule tells of, as there are none, or not yet."""
    status = runner.status
    problem = status.problem
    words = "" if problem is None else problem.words
    is_down = problem is not None and problem.is_down
    state = "does not answer" if is_down else "does not tell how it is" if status.up else "cannot be sampled"
    health = status.samplers[runner.health_sampler]
    return Finding(
        severity="critical" if is_down or not status.up else "warning",
        name="",
        instance=runner.target.instance,
        title=f"{runner.target.instance} {state}: {words}",
        text=status.message,
        advice=runner.unavailable.grant or ("See whether the process runs, and its log." if is_down else ""),
        since=health.succeeded_at,
    )


def _under_causes(found: Sequence[Finding]) -> Sequence[Finding]:
    """Put alerts that another one inhibits under it; returns those that nothing explains."""
    by_fingerprint = {one.fingerprint: one for one in found if one.fingerprint}
    unsampled = {one.instance: one for one in found if one.instance and _is_about_sampling(one)}
    roots = []
    for one in found:
        root = _root(one, by_fingerprint)
        if root is one and one.is_held:
            # Nobody knows whether it still holds, as its server tells nothing.
            root = _root(unsampled.get(one.instance, one), by_fingerprint)
        if root is one:
            roots.append(one)
        else:
            root.follows.append(one)
    return roots


def _is_about_sampling(finding: Finding) -> bool:
    return not finding.name or any(name in finding.query for name in _ABOUT_SAMPLING)


def _fold(findings: Sequence[Finding]) -> Sequence[Finding]:
    """Put the same alert of many servers under the first of them."""
    by_alert: dict[tuple[str, str], list[Finding]] = {}
    for one in findings:
        by_alert.setdefault((one.name, one.severity), []).append(one)
    shown = []
    for one in findings:
        same = by_alert[one.name, one.severity]
        is_folded = one.name and len(same) >= _LEAST_FOLDED
        if not is_folded or one is same[0]:
            one.alike = same[1:] if is_folded else []
            shown.append(one)
    return shown


def _root(finding: Finding, by_fingerprint: Mapping[str, Finding]) -> Finding:
    seen = {id(finding)}
    while True:
        cause = next((by_fingerprint[one] for one in finding.causes if one in by_fingerprint), None)
        if cause is None or id(cause) in seen:
            return finding
        seen.add(id(cause))
        finding = cause


def _pending(rule: AlertingRule) -> int:
    return sum(not alert.is_firing for alert in rule.active_alerts)
