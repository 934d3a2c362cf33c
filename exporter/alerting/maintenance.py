"""Maintenance of alerting's state: dropping what is over, saving everything anew."""

from typing import Final

from exporter.alerting.alertmanager_state import AlertmanagerState
from exporter.alerting.dispatcher import Dispatcher
from exporter.alerting.history import RETENTION_SECONDS
from exporter.alerting.inhibition import Inhibitor

MAINTENANCE_SECONDS: Final = 60.0
"""The interval of the maintenance."""


async def collect_garbage(
    state: AlertmanagerState,
    dispatcher: Dispatcher,
    inhibitor: Inhibitor,
    *,
    max_log_entries: int,
    now: float,
) -> None:
    """Drop alerts, silences, log entries and history that are over at `now` (epoch seconds)."""
    store = state.alert_store
    dropped = state.alerts.collect_garbage(now, dispatcher.is_pending)
    for labels in dropped:
        inhibitor.remove(labels)
        state.silences.drop_alert(labels)
    await store.delete_alerts(dropped)
    await store.delete_silences(state.silences.collect_garbage(now))
    evicted = state.log.shrink(max_log_entries)
    state.metrics.log_evicted.inc(len(evicted))
    await store.delete_entries([*state.log.collect_garbage(now), *evicted])
    await store.delete_history(now - RETENTION_SECONDS)


async def save_everything(state: AlertmanagerState) -> None:
    """Save all alerts, silences and log entries, after their times were changed."""
    store = state.alert_store
    await store.save_alerts(list(state.alerts))
    await store.save_silences(list(state.silences))
    for entry in state.log:
        await store.save_entry(entry)
