"""History of notifications: records of what was sent, failed, or was kept back."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from exporter.alerting.pipeline import NotifyContext
from exporter.model.alert import Alert
from exporter.model.labels import Labels

RETENTION_SECONDS: Final = 30 * 24 * 3600.0
"""How long the history is kept."""

MAX_ALERTS: Final = 50
"""How many alerts of one notification are listed; the rest is only counted."""


class NotificationOutcome(StrEnum):
    """Outcome of a notification."""

    SENT = "sent"
    FAILED = "failed"
    SUPPRESSED = "suppressed"


@dataclass(frozen=True, slots=True)
class NotifiedAlert:
    """One alert of a notification."""

    labels: Labels
    status: str


@dataclass(frozen=True, slots=True)
class HistoryRecord:
    """Record of one notification: time (seconds since the epoch), receiver, group, alerts and outcome.

    `attempts` counts attempts; `error` is the last failure's text, empty where it was sent. Of what was
    suppressed it is the reason, as the metric of suppressed alerts has it, such as `silence`.
    """

    at: float
    receiver: str
    integration: str
    group_key: str
    group_labels: Labels
    outcome: NotificationOutcome
    attempts: int
    firing: int
    resolved: int
    alerts: tuple[NotifiedAlert, ...]
    error: str = ""


def record_of(
    context: NotifyContext, at: float, outcome: NotificationOutcome, error: str = ""
) -> HistoryRecord:
    """Return the record of a notification that was attempted."""
    return _record(context, at, outcome, context.sent_alerts, error)


def suppressed_record(
    context: NotifyContext, at: float, reason: str, alerts: Sequence[Alert]
) -> HistoryRecord:
    """Return the record of alerts of which the receiver is not notified, for one reason."""
    return _record(context, at, NotificationOutcome.SUPPRESSED, alerts, reason)


def _record(
    context: NotifyContext, at: float, outcome: NotificationOutcome, alerts: Sequence[Alert], error: str
) -> HistoryRecord:
    resolved = sum(alert.is_resolved(context.now) for alert in alerts)
    return HistoryRecord(
        at=at,
        receiver=context.log_key.receiver,
        integration=context.log_key.integration,
        group_key=context.group_key,
        group_labels=context.group_labels,
        outcome=outcome,
        attempts=context.attempt,
        firing=len(alerts) - resolved,
        resolved=resolved,
        alerts=tuple(
            NotifiedAlert(alert.labels, "resolved" if alert.is_resolved(context.now) else "firing")
            for alert in alerts[:MAX_ALERTS]
        ),
        error=error,
    )
