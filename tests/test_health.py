"""What makes servers unhealthy, and what does not."""

from types import SimpleNamespace
from typing import Any

from exporter.health import Health, examine
from exporter.model.labels import Labels
from exporter.rules.active import ActiveAlert, AlertState
from exporter.rules.texts import Texts


def group(name: str, severity: str, state: AlertState = AlertState.FIRING) -> Any:
    """A group of one rule with one alert."""
    labels = Labels({"alertname": name, "severity": severity, "instance": "a:6379"})
    active = ActiveAlert(labels, texts(), 1.0, 0, state)
    rule = SimpleNamespace(spec=SimpleNamespace(name=name), active={labels: active})
    return SimpleNamespace(alerting_rules=[rule])


def texts() -> Texts:
    return (("summary", "It happened"),)


def test_the_worst_alert_counts() -> None:
    report = examine([group("Full", "warning"), group("Down", "critical")], [])
    assert report.health is Health.UNHEALTHY
    assert [finding.name for finding in report.findings] == ["Down", "Full"]
    assert examine([group("Full", "info")], []).health is Health.DEGRADED


def test_what_is_pending_does_not_count_yet() -> None:
    report = examine([group("Full", "critical", AlertState.PENDING)], [])
    assert (report.health, report.checks) == (Health.HEALTHY, 1)


def test_a_dead_mans_switch_is_no_trouble() -> None:
    report = examine([group("Alive", "none")], [])
    assert (report.health, report.findings) == (Health.HEALTHY, [])
