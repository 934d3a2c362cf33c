"""All that is kept over a restart, behind one object: in a database, or nowhere."""

from pathlib import Path
from typing import Protocol

from prometheus_client import CollectorRegistry

from exporter.alerting.journal import Journal, MemoryJournal
from exporter.clock import Clock
from exporter.discovery.records import DiscoveryRecords
from exporter.notify.slack_messages import MemoryMessages, Messages
from exporter.rules.saved import AlertStateStore, MemoryAlertState
from exporter.samplers.keyspace import KeyspaceRecords
from exporter.samplers.queues import QueueRecords
from exporter.state.database import Database
from exporter.state.discovery import SqliteDiscoveryRecords
from exporter.state.history import NoHistory, SampleHistory, SqliteHistory
from exporter.state.journal import SqliteJournal
from exporter.state.keyspace import SqliteKeyspaceRecords
from exporter.state.metrics import StateCollector
from exporter.state.queues import SqliteQueueRecords
from exporter.state.rules import SqliteAlertState
from exporter.state.slack import SqliteMessages

FILE_NAME = "state.db"


class Keeper(Protocol):
    """Keeps the state of alerting and of the rules, and what samplers remember."""

    @property
    def journal(self) -> Journal: ...

    @property
    def alerts(self) -> AlertStateStore: ...

    @property
    def queues(self) -> QueueRecords | None: ...

    @property
    def keyspaces(self) -> KeyspaceRecords | None: ...

    @property
    def discovery(self) -> DiscoveryRecords | None: ...

    @property
    def samples(self) -> SampleHistory:
        """The samples that rules need."""
        ...

    @property
    def messages(self) -> Messages:
        """Which messages stand in Slack."""
        ...

    async def load(self) -> None:
        """Take up what is asked for without waiting; never fails."""
        ...

    async def close(self) -> None:
        """Write what is left, and let go of the file."""
        ...


class MemoryKeeper:
    """Keeps nothing over a restart."""

    def __init__(self) -> None:
        self.journal: Journal = MemoryJournal()
        self.alerts: AlertStateStore = MemoryAlertState()
        self.queues: QueueRecords | None = None
        self.keyspaces: KeyspaceRecords | None = None
        self.discovery: DiscoveryRecords | None = None
        self.samples: SampleHistory = NoHistory()
        self.messages: Messages = MemoryMessages()

    async def load(self) -> None:
        """Nothing to take up."""

    async def close(self) -> None:
        """Nothing to let go of."""


class DatabaseKeeper:
    """Keeps everything in one SQLite file in a directory."""

    def __init__(self, directory: Path, registry: CollectorRegistry, clock: Clock) -> None:
        self._database = Database(directory / FILE_NAME)
        self._journal = SqliteJournal(self._database)
        self.alerts: AlertStateStore = SqliteAlertState(self._database)
        self.queues: QueueRecords | None = SqliteQueueRecords(self._database)
        self.keyspaces: KeyspaceRecords | None = SqliteKeyspaceRecords(self._database)
        self.discovery: DiscoveryRecords | None = SqliteDiscoveryRecords(self._database)
        self._messages = SqliteMessages(self._database)
        self._samples = SqliteHistory(self._database, clock)
        StateCollector(registry, self._database, self._journal, self._samples)

    @property
    def journal(self) -> Journal:
        """The state of alerting."""
        return self._journal

    @property
    def samples(self) -> SampleHistory:
        """The samples that rules need."""
        return self._samples

    @property
    def messages(self) -> Messages:
        """Which messages stand in Slack."""
        return self._messages

    async def load(self) -> None:
        """Take up what is asked for without waiting."""
        await self._messages.load()

    async def close(self) -> None:
        """Write what is left, and close the file."""
        await self._messages.close()
        await self._journal.close()
        await self._samples.close()
        await self._database.close()


def open_keeper(directory: Path | None, registry: CollectorRegistry, clock: Clock) -> Keeper:
    """A keeper in this directory; without one, a keeper of nothing."""
    return MemoryKeeper() if directory is None else DatabaseKeeper(directory, registry, clock)
