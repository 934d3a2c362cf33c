"""Alertmanager state: what outlives a configuration."""

import asyncio
import random
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

from exporter.alerting.alert_provider import AlertProvider
from exporter.alerting.alert_store import AlertStore
from exporter.alerting.metrics import Metrics
from exporter.alerting.nflog import LogKey, NotificationLog
from exporter.alerting.silences import Silences
from exporter.clock import Clock


@dataclass(slots=True)
class AlertmanagerState:
    """Alerts, silences and notification log, with clock, counters and limits.

    `concurrency` is how many notifications one integration sends at a time.
    """

    clock: Clock
    metrics: Metrics
    alert_store: AlertStore
    alerts: AlertProvider
    silences: Silences
    log: NotificationLog
    external_url: str
    max_groups: int
    concurrency: int
    rng: random.Random
    locks: WeakValueDictionary[LogKey, asyncio.Lock] = field(default_factory=WeakValueDictionary)

    def lock(self, key: LogKey) -> asyncio.Lock:
        """Return the lock to hold while notifying under a key: one notification of it at a time."""
        lock = self.locks.get(key)
        if lock is None:
            self.locks[key] = lock = asyncio.Lock()
        return lock
