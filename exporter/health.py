"""How the watched servers are: in one word, and what the firing alerts say and advise."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from exporter.rules.active import ActiveAlert
from exporter.rules.alerting import AlertingRule
from exporter.rules.group import Group
from exporter.samplers.runner import TargetRunner

NO_SEVERITY: Final = "none"
"""The severity of an alert that fires although nothing is wrong."""


class Health(StrEnum):
    """The worst of all checks: anything critical or a server that is down is unhealthy, the rest degraded."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with one server; the texts are those of the alert's annotations."""

    name: str
    health: Health
    severity: str
    instance: str
    summary: str
    description: str
    recommendation: str


@dataclass(frozen=True, slots=True)
class Report:
    """All findings, the worst first, of how many checks; servers that are up, and why others are down."""

    health: Health
    checks: int
    findings: Sequence[Finding]
    up: Sequence[str]
    down: Mapping[str, str]


def examine(groups: Iterable[Group], runners: Iterable[TargetRunner]) -> Report:
    """What the rules have found, and which servers answer."""
    rules = [rule for group in groups for rule in group.alerting_rules]
    findings = [
        _finding(rule, alert) for rule in rules for alert in rule.active.values() if _is_trouble(alert)
    ]
    findings.sort(
        key=lambda finding: (finding.health is not Health.UNHEALTHY, finding.name, finding.instance)
    )
    states = {runner.target.instance: (runner.status.up, runner.why_down) for runner in runners}
    down = {name: reason for name, (is_up, reason) in states.items() if is_up is False}
    return Report(
        health=_worst(findings, down),
        checks=len(rules),
        findings=findings,
        up=[name for name, (is_up, _) in states.items() if is_up],
        down=down,
    )


def _is_trouble(alert: ActiveAlert) -> bool:
    """Whether an alert fires because something is wrong; a dead man's switch always fires."""
    return alert.is_firing and alert.labels.get("severity") != NO_SEVERITY


def _worst(findings: Sequence[Finding], down: Mapping[str, str]) -> Health:
    if down or any(finding.health is Health.UNHEALTHY for finding in findings):
        return Health.UNHEALTHY
    return Health.DEGRADED if findings else Health.HEALTHY


def _finding(rule: AlertingRule, alert: ActiveAlert) -> Finding:
    severity = alert.labels.get("severity")
    texts = dict(alert.annotations)
    return Finding(
        name=rule.spec.name,
        health=Health.UNHEALTHY if severity == "critical" else Health.DEGRADED,
        severity=severity,
        instance=alert.labels.get("instance"),
        summary=texts.get("summary", ""),
        description=texts.get("description", ""),
        recommendation=texts.get("recommendation", ""),
    )
