"""Inhibition: alerts that are muted because a more important one fires.

Source: github.com/prometheus/alertmanager, inhibit/inhibit.go.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from exporter.alerting.alert_provider import AlertProvider
from exporter.config.alertmanager.inhibition import InhibitRule
from exporter.model.alert import Alert
from exporter.model.labels import Labels
from exporter.model.matcher import Matcher

HELD: Final = "starting"
"""Stands for a source while the real ones have not been evaluated since the start."""


class Rule:
    """One rule and the sources that are known, by their values of the labels that must be equal."""

    def __init__(self, written: InhibitRule) -> None:
        self._source: Sequence[Matcher] = written.source_conditions
        self._target: Sequence[Matcher] = written.target_conditions
        self._equal = tuple(sorted(set(written.equal)))
        # A dictionary for its order: the first source in order of arrival is reported, not a random one.
        self._sources: dict[tuple[str, ...], dict[Labels, None]] = {}
        self._is_target: dict[Labels, bool] = {}

    def add(self, labels: Labels) -> None:
        """Add an alert to the index of sources and targets."""
        if labels in self._is_target:
            return
        self._is_target[labels] = _all_match(self._target, labels)
        if _all_match(self._source, labels):
            self._sources.setdefault(self._values(labels), {})[labels] = None

    def remove(self, labels: Labels) -> None:
        """Remove an alert from the index."""
        self._is_target.pop(labels, None)
        values = self._values(labels)
        known = self._sources.get(values)
        if known is not None:
            known.pop(labels, None)
            if not known:
                del self._sources[values]

    def has_target(self, labels: Labels) -> bool:
        """Whether an alert is of the kind that the rule can inhibit."""
        known = self._is_target.get(labels)
        return _all_match(self._target, labels) if known is None else known

    def inhibitor_of(self, labels: Labels, alerts: AlertProvider, now: float) -> Labels | None:
        """Return the labels of a firing source that inhibits this target.

        An alert that matches both sides is not inhibited by others that do, itself included.
        """
        known = self._sources.get(self._values(labels))
        if not known:
            return None
        is_source = _all_match(self._source, labels)
        for source in known:
            alert = alerts.get(source)
            if alert is None or alert.is_resolved(now):
                continue
            if not (is_source and self.has_target(source)):
                return source
        return None

    def _values(self, labels: Labels) -> tuple[str, ...]:
        # A missing label is the empty string, so that missing on both sides is equal.
        return tuple(labels.get(name) for name in self._equal)


class Inhibitor:
    """All rules. Until `hold_until` (seconds since the epoch) every possible target counts as inhibited.

    After a start its source may just not have been evaluated yet.
    """

    def __init__(self, rules: Iterable[InhibitRule], alerts: AlertProvider, hold_until: float = 0.0) -> None:
        self._rules = [Rule(rule) for rule in rules]
        self._alerts = alerts
        self.hold_until = hold_until
        for alert in alerts:
            self.add(alert)

    def add(self, alert: Alert) -> None:
        """Add an alert that was received; the provider must hold it too."""
        for rule in self._rules:
            rule.add(alert.labels)

    def remove(self, labels: Labels) -> None:
        """Remove an alert that the provider has dropped."""
        for rule in self._rules:
            rule.remove(labels)

    def inhibitor_of(self, labels: Labels, now: float) -> str | None:
        """Return the fingerprint of a source that inhibits an alert, or `HELD`; None where nothing does."""
        for rule in self._rules:
            if rule.has_target(labels):
                if now < self.hold_until:
                    return HELD
                source = rule.inhibitor_of(labels, self._alerts, now)
                if source is not None:
                    return f"{source.fingerprint():016x}"
        return None


def _all_match(matchers: Sequence[Matcher], labels: Labels) -> bool:
    return all(matcher.matches(labels) for matcher in matchers)
