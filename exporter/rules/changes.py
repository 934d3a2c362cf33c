"""Changes of alerts as events: pending, firing, resolved."""

from typing import Final

from exporter.events import Event, EventKind, FieldValue
from exporter.rules.active import ActiveAlert
from exporter.rules.environment import Environment
from exporter.rules.model import AlertSpec

PENDING: Final = "pending"
FIRING: Final = "firing"
RESOLVED: Final = "resolved"
INACTIVE: Final = "inactive"
"""It was pending, and is no more."""

_INSTANCE: Final = "instance"
_SUMMARY: Final = "summary"


def record_change(
    environment: Environment, alert: ActiveAlert, spec: AlertSpec, state: str, at_ms: int
) -> None:
    """Keep that an alert changes to a state at a time (epoch milliseconds).

    Its fingerprint is the one that messages link to: that of the labels with which it is sent.
    """
    labels = alert.labels.as_dict()
    outgoing = environment.outgoing_labels(alert.labels) or alert.labels
    since_ms = alert.fired_at_ms if state == RESOLVED else alert.active_at_ms
    fields: dict[str, FieldValue] = {
        "alertname": spec.name,
        "state": state,
        "severity": labels.get("severity", ""),
        "fingerprint": f"{outgoing.fingerprint():016x}",
        "value": alert.value,
        "summary": dict(alert.annotations).get(_SUMMARY, ""),
        "labels": [f"{name}={value}" for name, value in sorted(labels.items())],
    }
    if state != PENDING:
        fields["after_seconds"] = max(0, at_ms - since_ms) / 1000
    environment.events.record(Event.of(at_ms / 1000, labels.get(_INSTANCE, ""), EventKind.ALERT, fields))
