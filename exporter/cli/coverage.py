"""Coverage tells which rules one look at a server can check: most of them compare minutes."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from exporter.rules.check import catalogue_of
from exporter.rules.group import RuleGroup
from exporter.rules.model import AlertSpec, RecordSpec, RuleSpec
from exporter.samplers.registry import SAMPLERS
from exporter.samplers.runner import TargetRunner
from exporter.samplers.status import PROBLEM


class Obstacle(StrEnum):
    """Reason why a rule was not checked: a closed set, in words that follow a number of rules."""

    DOWN = "need answers of the server"
    REFUSED = "need commands that the server does not have or permit"
    TIME = "compare minutes of samples: the daemon has them, a look has not"
    SCAN = "need the keyspace scan: the daemon does it, and redis-vigil scan"
    NOTHING = "are about things that are not on this server"
    DAEMON = "are about the daemon itself"


@dataclass(frozen=True, slots=True)
class Coverage:
    """The names of the rules that could be checked, and of the others by what stood in the way."""

    checked: list[str] = field(default_factory=list)
    not_checked: dict[Obstacle, list[str]] = field(default_factory=dict)

    @property
    def rules(self) -> int:
        """The number of rules."""
        return len(self.checked) + sum(len(names) for names in self.not_checked.values())


# What is about the server, although the daemon says it, has no sampler; of the rest nothing is there.
_OWN_PREFIXES = ("redis_vigil_", "redis_exporter_", "alertmanager_", "process_", "python_")


def coverage_of(
    groups: Iterable[RuleGroup], runner: TargetRunner, present: Collection[str], seconds: float
) -> Coverage:
    """Return the rules that a look of so many seconds could check, at a server with these metrics.

    A rule that fires was checked, whatever it would need besides.
    """
    coverage = Coverage()
    rules = [(rule, rule.spec) for group in groups for rule in group.alerting_rules]
    windows = _windows(group.spec.rules for group in groups)
    # That it has no series says that there is no problem.
    look = _Look(runner, {*present, PROBLEM.name}, windows, seconds * 1000)
    for rule, spec in rules:
        obstacle = None if rule.active else look.obstacle(spec)
        if obstacle is None:
            coverage.checked.append(spec.name)
        else:
            coverage.not_checked.setdefault(obstacle, []).append(spec.name)
    return coverage


def _windows(rules: Iterable[Iterable[RuleSpec]]) -> Mapping[str, int]:
    """Return how far back recording rules look, in milliseconds, by the name that they record."""
    return {
        rule.name: rule.expression.longest_range_ms
        for of in rules
        for rule in of
        if isinstance(rule, RecordSpec)
    }


@dataclass(frozen=True, slots=True)
class _Look:
    """The circumstances of a look."""

    runner: TargetRunner
    present: Collection[str]
    windows: Mapping[str, int]
    longest_ms: float

    def obstacle(self, rule: AlertSpec) -> Obstacle | None:
        names = rule.expression.metric_names
        absent = {name for name in names if name not in self.present and name not in self.windows}
        samplers = {sampler for name in absent if (sampler := _SAMPLER_OF.get(name))}
        if any(not self._has_answered(name) for name in samplers):
            return self._silence()
        if any(name not in self.runner.status.samplers for name in samplers):
            return Obstacle.SCAN
        if names and not names - absent:
            return self._absence(names, samplers)
        window = max([rule.expression.longest_range_ms, *(self.windows.get(name, 0) for name in names)])
        return Obstacle.TIME if window > self.longest_ms else None

    def _has_answered(self, sampler: str) -> bool:
        status = self.runner.status.samplers.get(sampler)
        return status is None or status.success or status.reason is None

    def _silence(self) -> Obstacle:
        return Obstacle.REFUSED if self.runner.status.up else Obstacle.DOWN

    def _absence(self, names: Collection[str], samplers: Collection[str]) -> Obstacle:
        if not samplers and all(name.startswith(_OWN_PREFIXES) for name in names):
            return Obstacle.DAEMON
        return Obstacle.NOTHING if self.runner.status.up else Obstacle.DOWN


_SAMPLER_OF: Mapping[str, str] = {
    name: spec.name for spec in SAMPLERS for name in catalogue_of(spec.families)
}
