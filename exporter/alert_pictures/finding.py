"""Which rule an alert of a message comes from, and what that knows of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from exporter.model.alert import Alert
from exporter.model.labels import Labels
from exporter.rules.active import ActiveAlert
from exporter.rules.alerting import AlertingRule
from exporter.rules.manager import RuleManager
from exporter.time_slice import TimeSlice


@dataclass(frozen=True, slots=True)
class FoundAlert:
    """An alert as it is sent, its rule, and its state there."""

    alert: Alert
    rule: AlertingRule
    active: ActiveAlert


async def find_alert(rules: RuleManager, alerts: Sequence[Alert]) -> FoundAlert | None:
    """Return the first of the alerts that a rule has made which looks at samples; gives way to others."""
    places = {alert.labels: place for place, alert in enumerate(alerts)}
    best: tuple[int, AlertingRule, ActiveAlert] | None = None
    async for rule, active in TimeSlice().each(_fired(rules, {alert.name for alert in alerts})):
        place = places.get(_sent_labels(rules, active))
        if place is not None and (best is None or place < best[0]):
            best = place, rule, active
            if place == 0:
                break
    return None if best is None else FoundAlert(alerts[best[0]], best[1], best[2])


def _fired(rules: RuleManager, names: set[str]) -> Iterator[tuple[AlertingRule, ActiveAlert]]:
    """What fires, or did so some minutes ago; relabelling may have given it any other name."""
    has_own_names = not rules.environment.alert_relabeling.sections
    for group in rules.groups:
        for rule in group.alerting_rules:
            if rule.spec.expression.selectors and (not has_own_names or rule.spec.name in names):
                yield from ((rule, one) for one in list(rule.active.values()) if one.fired_at_ms)


def _sent_labels(rules: RuleManager, active: ActiveAlert) -> Labels:
    labels = rules.environment.outgoing_labels(active.labels, active.sent_external_labels)
    return labels or active.labels
