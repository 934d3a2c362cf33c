"""History of notifications: records of what was sent, or failed."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from exporter.alerting.pipeline import NotifyContext
from exporter.model.labels import Labels

RETENTION_SECONDS: Final = 30 * 24 * 3600.0
"""How long the history is kept."""

MAX_ALERTS: Final = 50
"""How many alerts of one notification are listed; the rest is only counted."""


class NotificationOutcome(StrEnum):
    """Outcome of a notification."""

    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class NotifiedAlert:
    """One alert of a notification."""

    labels: Labels
    status: str


@dataclass(frozen=True, slots=True)
class HistoryRecord:
    """Record of one notification: time (seconds since the epoch), receiver, group, alerts and outcome.

    `attempts` counts attempts; `error` is the last failure's text, empty where it was sent.
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
    resolved = sum(alert.is_resolved(context.now) for alert in context.sent_alerts)
    return HistoryRecord(
        at=at,
        receiver=context.log_key.receiver,
        integration=context.log_key.integration,
        group_key=context.group_key,
        group_labels=context.group_labels,
        outcome=outcome,
        attempts=context.attempt,
        firing=len(context.sent_alerts) - resolved,
        resolved=resolved,
        alerts=tuple(
            NotifiedAlert(alert.labels, "resolved" if alert.is_resolved(context.now) else "firing")
            for alert in context.sent_alerts[:MAX_ALERTS]
        ),
        error=error,
    )
