"""Changes of alerts as events: pending, firing, resolved."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from exporter.events import Event, EventKind, FieldValue
from exporter.rules.active import ActiveAlert
from exporter.rules.environment import Environment
from exporter.rules.model import AlertSpec
from exporter.time_slice import TimeSlice

PENDING: Final = "pending"
FIRING: Final = "firing"
RESOLVED: Final = "resolved"
INACTIVE: Final = "inactive"
"""It was pending, and is no more."""

_INSTANCE: Final = "instance"
_SUMMARY: Final = "summary"


@dataclass(frozen=True, slots=True)
class Change:
    """An alert that an evaluation has brought into another state."""

    alert: ActiveAlert
    state: str


async def record_changes(
    environment: Environment, spec: AlertSpec, changes: Sequence[Change], at_ms: int
) -> None:
    """Keep what has changed at a time (epoch milliseconds), in order.

    Gives way in between: when a network fails, a thousand alerts change at once.
    """
    turn = TimeSlice()
    for change in changes:
        environment.events.record(_event_of(environment, change.alert, spec, change.state, at_ms))
        await turn.yield_control()


def _event_of(environment: Environment, alert: ActiveAlert, spec: AlertSpec, state: str, at_ms: int) -> Event:
    # The fingerprint is the one that messages link to: that of the labels with which the alert is sent.
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
    return Event.of(at_ms / 1000, labels.get(_INSTANCE, ""), EventKind.ALERT, fields)
