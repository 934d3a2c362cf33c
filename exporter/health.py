"""Health says in one word how the monitored servers are, and what the firing alerts say and advise."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from exporter.errors import Reason
from exporter.rules.active import ActiveAlert
from exporter.rules.alerting import AlertingRule
from exporter.rules.group import RuleGroup
from exporter.samplers.runner import TargetRunner
from exporter.samplers.status import TargetStatus
from exporter.sampling.unavailable import Unavailable

NO_SEVERITY: Final = "none"
"""The severity of an alert that fires although nothing is wrong."""


class Health(StrEnum):
    """The worst of all checks.

    A critical alert or a server that cannot be sampled is unhealthy, other alerts are degraded.
    """

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
    labels: Mapping[str, str]
    since: float = 0.0
    """When it began to fire, in epoch seconds."""


@dataclass(frozen=True, slots=True)
class TargetProblem:
    """The reason why a server does not answer to INFO: one of a closed set, its words, and a sentence."""

    reason: Reason
    words: str
    message: str


@dataclass(frozen=True, slots=True)
class Missing:
    """Commands that a server does not have or permit, by the words of the reason.

    `grant` is the ACL line that would permit those that are not permitted.
    """

    commands: Mapping[str, Sequence[str]]
    grant: str


@dataclass(frozen=True, slots=True)
class Report:
    """All findings, the worst first, of how many checks; servers that are up, others that are down and why.

    `problems` are those of all servers that do not answer to INFO: those that are down, those that cannot be
    asked for other reasons (a wrong password), and those that are up and refuse to tell how they are.
    `not_available` are commands that servers lack or refuse: no fault, but something that nobody watches.
    """

    health: Health
    checks: int
    findings: Sequence[Finding]
    up: Sequence[str]
    down: Mapping[str, str]
    problems: Mapping[str, TargetProblem]
    not_available: Mapping[str, Missing]


def examine(groups: Iterable[RuleGroup], runners: Iterable[TargetRunner]) -> Report:
    """Return the findings of the rules, and the servers that answer."""
    rules = [rule for group in groups for rule in group.alerting_rules]
    findings = [
        _finding(rule, alert) for rule in rules for alert in rule.active.values() if _is_problem(alert)
    ]
    findings.sort(
        key=lambda finding: (finding.health is not Health.UNHEALTHY, finding.name, finding.instance)
    )
    runners = list(runners)
    states = {runner.target.instance: runner.status for runner in runners}
    problems = {
        name: found for name, status in states.items() if (found := _target_problem(status)) is not None
    }
    return Report(
        health=_worst(findings, states.values()),
        checks=len(rules),
        findings=findings,
        up=[name for name, status in states.items() if status.up],
        down={name: found.message for name, found in problems.items() if found.reason.is_down},
        problems=problems,
        not_available={
            runner.target.instance: missing_of(runner.unavailable)
            for runner in runners
            if runner.unavailable.commands
        },
    )


def missing_of(unavailable: Unavailable) -> Missing:
    """Return the commands that are not available on one server, put together for people."""
    commands: dict[str, list[str]] = {}
    for one in unavailable.commands:
        commands.setdefault(one.reason.words, []).append(" ".join(one.command.split(" ")[:2]))
    return Missing(
        {words: list(dict.fromkeys(names)) for words, names in commands.items()}, unavailable.grant
    )


def _target_problem(status: TargetStatus) -> TargetProblem | None:
    problem = status.problem
    return None if problem is None else TargetProblem(problem, problem.words, status.message)


def _is_problem(alert: ActiveAlert) -> bool:
    """Whether an alert fires because something is wrong; a dead man's switch always fires."""
    return alert.is_firing and alert.labels.get("severity") != NO_SEVERITY


def _worst(findings: Sequence[Finding], states: Iterable[TargetStatus]) -> Health:
    states = list(states)
    if any(status.up is False for status in states):
        return Health.UNHEALTHY
    if any(finding.health is Health.UNHEALTHY for finding in findings):
        return Health.UNHEALTHY
    is_well = not findings and all(status.problem is None for status in states)
    return Health.HEALTHY if is_well else Health.DEGRADED


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
        labels=alert.labels.as_dict(),
        since=(alert.fired_at_ms or alert.active_at_ms) / 1000,
    )
