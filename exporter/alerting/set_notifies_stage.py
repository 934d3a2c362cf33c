"""Recording: what a receiver was notified of goes into the notification log.

Source: `SetNotifiesStage` of github.com/prometheus/alertmanager, notify/set_notifies_stage.go.
"""

from collections.abc import Sequence

from exporter.alerting.alert_store import AlertStore
from exporter.alerting.history import NotificationOutcome, record_of
from exporter.alerting.nflog import LogEntry, NotificationLog, expiry
from exporter.alerting.pipeline import NotifyContext
from exporter.clock import Clock
from exporter.model.alert import Alert


class SetNotifiesStage:
    """Writes the notification log's entry, and the history's record, before anything else happens."""

    def __init__(self, log: NotificationLog, alert_store: AlertStore, clock: Clock) -> None:
        self._log = log
        self._alert_store = alert_store
        self._clock = clock

    async def exec(self, context: NotifyContext, alerts: Sequence[Alert]) -> Sequence[Alert]:
        """Return the alerts as they are; what was sent of them is saved."""
        now = self._clock.now()
        entry = LogEntry(
            key=context.log_key,
            at=now,
            expires_at=expiry(now, context.options.repeat_interval),
            firing=context.firing,
            resolved=context.resolved,
            muted_firing=_muted_firing(context),
        )
        self._log.put(entry)
        record = record_of(context, now, NotificationOutcome.SENT) if context.sent_alerts else None
        await self._alert_store.save_entry(entry, record)
        return alerts


def _muted_firing(context: NotifyContext) -> frozenset[int]:
    """Return the fingerprints of the muted alerts that the receiver was once notified of as firing."""
    return frozenset(
        alert.labels.fingerprint() for alert in context.muted if context.was_notified_firing(alert)
    )
