"""`RecordedAlertStore`: an alert store whose records of notifications become events too."""

from collections.abc import Sequence

from exporter.alerting.alert_store import AlertSnapshot, AlertStore
from exporter.alerting.history import HistoryRecord
from exporter.alerting.nflog import LogEntry, LogKey
from exporter.alerting.silences import Silence
from exporter.events import Event, EventKind, EventSink
from exporter.model.alert import Alert
from exporter.model.labels import Labels


class RecordedAlertStore:
    """Hands everything on to another store."""

    def __init__(self, store: AlertStore, events: EventSink) -> None:
        self._store = store
        self._events = events

    async def load(self) -> AlertSnapshot:
        """See `AlertStore`."""
        return await self._store.load()

    async def save_alerts(self, alerts: Sequence[Alert]) -> None:
        """See `AlertStore`."""
        await self._store.save_alerts(alerts)

    async def delete_alerts(self, labels: Sequence[Labels]) -> None:
        """See `AlertStore`."""
        await self._store.delete_alerts(labels)

    async def save_silences(self, silences: Sequence[Silence]) -> bool:
        """See `AlertStore`."""
        return await self._store.save_silences(silences)

    async def delete_silences(self, ids: Sequence[str]) -> None:
        """See `AlertStore`."""
        await self._store.delete_silences(ids)

    async def save_entry(self, entry: LogEntry, record: HistoryRecord | None = None) -> None:
        """See `AlertStore`."""
        if record is not None:
            self._record(record)
        await self._store.save_entry(entry, record)

    async def delete_entries(self, keys: Sequence[LogKey]) -> None:
        """See `AlertStore`."""
        await self._store.delete_entries(keys)

    async def add_record(self, record: HistoryRecord) -> None:
        """See `AlertStore`."""
        self._record(record)
        await self._store.add_record(record)

    async def read_history(self, since: float, limit: int, receiver: str = "") -> Sequence[HistoryRecord]:
        """See `AlertStore`."""
        return await self._store.read_history(since, limit, receiver)

    async def delete_history(self, before: float) -> None:
        """See `AlertStore`."""
        await self._store.delete_history(before)

    def _record(self, record: HistoryRecord) -> None:
        """Keep a notification; it has the instance of its alerts, where all have the same."""
        instances = {alert.labels.get("instance") for alert in record.alerts}
        names = sorted({alert.labels.get("alertname") for alert in record.alerts})
        fields = {
            "receiver": record.receiver,
            "integration": record.integration,
            "outcome": record.outcome.value,
            "alertnames": names,
            "fingerprints": [f"{alert.labels.fingerprint():016x}" for alert in record.alerts],
            "firing": record.firing,
            "resolved": record.resolved,
            "attempts": record.attempts,
            "error": record.error,
        }
        instance = instances.pop() if len(instances) == 1 else ""
        self._events.record(Event.of(record.at, instance, EventKind.NOTIFICATION, fields))
