"""Deduplication: a receiver is notified of what is new to it, and reminded after the repeat interval.

Source: `DedupStage` of github.com/prometheus/alertmanager, notify/dedup_stage.go.
"""

from collections.abc import Sequence
from enum import StrEnum

from exporter.alerting.alert_store import AlertStore
from exporter.alerting.nflog import LogEntry, NotificationLog
from exporter.alerting.pipeline import NotifyContext
from exporter.model.alert import Alert
from exporter.notify.integration import Integration, notifies_end


class LookupStage:
    """Looks up the notification log's entry. In Alertmanager `DedupStage` does; here mute stages need it."""

    def __init__(self, log: NotificationLog) -> None:
        self._log = log

    async def exec(self, context: NotifyContext, alerts: Sequence[Alert]) -> Sequence[Alert]:
        """Return the alerts as they are."""
        context.entry = self._log.get(context.log_key, context.now)
        return alerts


class DedupStage:
    """Lets the alerts of a group pass if the receiver needs to be notified of them."""

    def __init__(self, integration: Integration, log: NotificationLog, alert_store: AlertStore) -> None:
        self._integration = integration
        self._log = log
        self._alert_store = alert_store

    async def exec(self, context: NotifyContext, alerts: Sequence[Alert]) -> Sequence[Alert]:
        """Return all alerts or none."""
        context.firing, context.resolved = partition(alerts, context.now)
        entry = context.entry
        reason = needs_update(
            entry,
            context.firing,
            context.resolved,
            notified_ends=self._notified_ends(alerts, context.now),
            repeats_before=context.now - context.options.repeat_interval,
        )
        if reason is not None:
            context.reason = reason
            return alerts
        if entry is not None and (ended := context.resolved & entry.notified_firing):
            # An alert whose end is not sent must be sent again when it fires again (Alertmanager does not:
            # issue 1063). The time stays, so that reminders come when they would have come.
            await self._save(entry.with_resolved(ended))
        return []

    def _notified_ends(self, alerts: Sequence[Alert], now: float) -> frozenset[int]:
        """Return the fingerprints of the resolved alerts whose end is sent."""
        return frozenset(
            alert.labels.fingerprint()
            for alert in alerts
            if alert.is_resolved(now) and notifies_end(self._integration, alert)
        )

    async def _save(self, entry: LogEntry) -> None:
        self._log.put(entry)
        await self._alert_store.save_entry(entry)


class NotifyReason(StrEnum):
    """Reasons to notify a receiver; the texts are Alertmanager's."""

    FIRST = "first notification"
    NEW_ALERTS = "new alerts added"
    SOME_RESOLVED = "some alerts resolved"
    ALL_RESOLVED = "all alerts resolved"
    REPEAT = "repeat interval elapsed"


def needs_update(
    entry: LogEntry | None,
    firing: frozenset[int],
    resolved: frozenset[int],
    *,
    notified_ends: frozenset[int],
    repeats_before: float,
) -> NotifyReason | None:
    """Return why a receiver that was last notified of `entry` needs a notification; None where it does not.

    The sets hold fingerprints of alerts; of the resolved ones the end of `notified_ends` only is sent. An
    entry older than `repeats_before` (epoch seconds) is repeated.

    Source: `needsUpdate` of github.com/prometheus/alertmanager, notify/dedup_stage.go; the order counts.
    """
    if entry is None:
        return NotifyReason.FIRST if firing else None
    if not firing <= entry.firing:
        return NotifyReason.NEW_ALERTS if entry.firing else NotifyReason.FIRST
    if not firing:
        # Also where resolved alerts are not sent: the log has to say that nothing fires any more. An alert
        # that ended without any notification is no reason.
        return NotifyReason.ALL_RESOLVED if resolved & entry.notified_firing else None
    if not notified_ends <= entry.resolved:
        return NotifyReason.SOME_RESOLVED
    return NotifyReason.REPEAT if entry.at < repeats_before else None


def partition(alerts: Sequence[Alert], now: float) -> tuple[frozenset[int], frozenset[int]]:
    """Return the fingerprints of the alerts that fire, and of those that are resolved."""
    firing = frozenset(alert.labels.fingerprint() for alert in alerts if not alert.is_resolved(now))
    resolved = frozenset(alert.labels.fingerprint() for alert in alerts if alert.is_resolved(now))
    return firing, resolved
