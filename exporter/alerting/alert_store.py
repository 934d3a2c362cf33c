"""Alert store: what of alerting outlives the process, and an implementation in memory."""

from collections.abc import Callable, Reversible, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Protocol

from exporter.alerting.history import HistoryRecord
from exporter.alerting.nflog import LogEntry, LogKey
from exporter.alerting.silences import Silence
from exporter.model.alert import Alert
from exporter.model.labels import Labels


@dataclass(frozen=True, slots=True)
class AlertSnapshot:
    """Alerts, silences and log entries as they were saved."""

    alerts: tuple[Alert, ...] = ()
    silences: tuple[Silence, ...] = ()
    entries: tuple[LogEntry, ...] = ()

    def relabelled(self, relabel: Callable[[Labels], Labels]) -> "AlertSnapshot":
        """Return the snapshot with other labels of alerts, in the notification log too."""
        alerts = [replace(alert, labels=relabel(alert.labels)) for alert in self.alerts]
        names = {
            before.labels.fingerprint(): after.labels.fingerprint()
            for before, after in zip(self.alerts, alerts, strict=True)
            if before.labels != after.labels
        }
        if not names:
            return self
        return AlertSnapshot(
            tuple(alerts), self.silences, tuple(entry.renamed(names) for entry in self.entries)
        )


class AlertStore(Protocol):
    """Stores alerts, silences, the notification log and the history.

    When a call returns, the change survives a crash of the process; or the store has failed, which it logs
    and counts: no call but `load` raises, alerting goes on from memory.
    """

    async def load(self) -> AlertSnapshot:
        """Return what was saved before; raises `exporter.errors.StateError`."""
        ...

    async def save_alerts(self, alerts: Sequence[Alert]) -> None:
        """Save alerts, in place of earlier states of them."""
        ...

    async def delete_alerts(self, labels: Sequence[Labels]) -> None:
        """Delete the alerts with these labels."""
        ...

    async def save_silences(self, silences: Sequence[Silence]) -> bool:
        """Save silences; return whether that succeeded. All other changes are saved when it works again."""
        ...

    async def delete_silences(self, ids: Sequence[str]) -> None:
        """Delete the silences with these ids."""
        ...

    async def save_entry(self, entry: LogEntry, record: HistoryRecord | None = None) -> None:
        """Save a log entry, and with it the record of its notification: both or none."""
        ...

    async def delete_entries(self, keys: Sequence[LogKey]) -> None:
        """Delete the log entries with these keys."""
        ...

    async def add_record(self, record: HistoryRecord) -> None:
        """Add a record to the history."""
        ...

    async def read_history(self, since: float, limit: int, receiver: str = "") -> Sequence[HistoryRecord]:
        """Return at most `limit` records since epoch seconds, the newest first; of one receiver if given."""
        ...

    async def delete_history(self, before: float) -> None:
        """Delete the records before a time (epoch seconds)."""
        ...


class MemoryAlertStore:
    """A store that lives as long as the object; the history is capped at `max_records`."""

    def __init__(self, max_records: int = 10_000) -> None:
        self._alerts: dict[Labels, Alert] = {}
        self._silences: dict[str, Silence] = {}
        self._entries: dict[LogKey, LogEntry] = {}
        self._history: list[HistoryRecord] = []
        self._max_records = max_records

    async def load(self) -> AlertSnapshot:
        """Return everything but the history."""
        return self.saved()

    def saved(self) -> AlertSnapshot:
        """Return everything but the history; may be called from another thread."""
        return AlertSnapshot(
            tuple(self._alerts.values()), tuple(self._silences.values()), tuple(self._entries.values())
        )

    def restore(self, saved: AlertSnapshot) -> None:
        """Add what was saved elsewhere, where nothing newer is known."""
        self._alerts = {one.labels: one for one in saved.alerts} | self._alerts
        self._silences = {one.id: one for one in saved.silences} | self._silences
        self._entries = {one.key: one for one in saved.entries} | self._entries

    async def save_alerts(self, alerts: Sequence[Alert]) -> None:
        """Save alerts, in place of earlier states of them."""
        self._alerts.update((alert.labels, alert) for alert in alerts)

    async def delete_alerts(self, labels: Sequence[Labels]) -> None:
        """Delete the alerts with these labels."""
        for one in labels:
            self._alerts.pop(one, None)

    async def save_silences(self, silences: Sequence[Silence]) -> bool:
        """Save silences, in place of earlier states of them."""
        self._silences.update((silence.id, silence) for silence in silences)
        return True

    async def delete_silences(self, ids: Sequence[str]) -> None:
        """Delete the silences with these ids."""
        for one in ids:
            self._silences.pop(one, None)

    async def save_entry(self, entry: LogEntry, record: HistoryRecord | None = None) -> None:
        """Save a log entry, and the record of its notification."""
        self._entries[entry.key] = entry
        if record is not None:
            await self.add_record(record)

    async def delete_entries(self, keys: Sequence[LogKey]) -> None:
        """Delete the log entries with these keys."""
        for key in keys:
            self._entries.pop(key, None)

    async def add_record(self, record: HistoryRecord) -> None:
        """Add a record to the history."""
        self._history.append(record)
        del self._history[: max(0, len(self._history) - self._max_records)]

    async def read_history(self, since: float, limit: int, receiver: str = "") -> Sequence[HistoryRecord]:
        """Return records, the newest first."""
        return latest(self._history, since, limit, receiver)

    async def delete_history(self, before: float) -> None:
        """Delete the records before a time (epoch seconds)."""
        self._history = [record for record in self._history if record.at >= before]


def latest(
    history: Reversible[HistoryRecord], since: float, limit: int, receiver: str
) -> Sequence[HistoryRecord]:
    """Return what `AlertStore.read_history` does, of records in the order in which they came."""
    wanted = (
        record for record in reversed(history) if record.at >= since and receiver in ("", record.receiver)
    )
    return list(islice(wanted, limit))
