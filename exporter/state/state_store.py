"""The state that outlives a restart, behind one object: in a database, or nowhere."""

import contextlib
import os
import socket
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

from prometheus_client import CollectorRegistry

from exporter.alerting.alert_store import AlertStore, MemoryAlertStore
from exporter.clock import Clock
from exporter.discovery.records import DiscoveryRecords
from exporter.keyspace import KeyspaceRecords
from exporter.notify.slack_messages import MemoryMessages, Messages
from exporter.queues import QueueRecords
from exporter.rules.saved import AlertStateStore, MemoryAlertState
from exporter.state.alert_store import SqliteAlertStore
from exporter.state.database import Database
from exporter.state.discovery import SqliteDiscoveryRecords
from exporter.state.history import NoHistory, SampleHistory, SqliteHistory
from exporter.state.keyspace import SqliteKeyspaceRecords
from exporter.state.lock import DirectoryLock
from exporter.state.metrics import StateCollector
from exporter.state.queues import SqliteQueueRecords
from exporter.state.rules import SqliteAlertState
from exporter.state.slack import SqliteMessages
from exporter.timing.job import Job, every

FILE_NAME: Final = "state.db"
CHECK_SECONDS: Final = 5.0
"""How often the file is looked after."""
_CHECK_DEADLINE_SECONDS: Final = 60.0


class StateStore(Protocol):
    """The state of alerting and of the rules, and what samplers remember."""

    @property
    def alert_store(self) -> AlertStore:
        """Alerts, silences, the notification log and the history of notifications."""
        ...

    @property
    def alerts(self) -> AlertStateStore:
        """The alerts of the rules."""
        ...

    @property
    def queues(self) -> QueueRecords | None:
        """The queues that were found; None: they are not saved."""
        ...

    @property
    def keyspaces(self) -> KeyspaceRecords | None:
        """Results and progress of keyspace scans; None: they are not saved."""
        ...

    @property
    def discovery(self) -> DiscoveryRecords | None:
        """The servers that discovery could ask; None: they are not saved."""
        ...

    @property
    def samples(self) -> SampleHistory:
        """The samples that rules read."""
        ...

    @property
    def messages(self) -> Messages:
        """The messages in Slack."""
        ...

    @property
    def jobs(self) -> Sequence[Job]:
        """Periodic work between `load` and `close`."""
        ...

    async def load(self) -> None:
        """Load what is read without waiting; never fails."""
        ...

    async def close(self) -> None:
        """Write what is left, and close the file."""
        ...


class MemoryStateStore:
    """Saves nothing."""

    def __init__(self) -> None:
        self.alert_store: AlertStore = MemoryAlertStore()
        self.alerts: AlertStateStore = MemoryAlertState()
        self.queues: QueueRecords | None = None
        self.keyspaces: KeyspaceRecords | None = None
        self.discovery: DiscoveryRecords | None = None
        self.samples: SampleHistory = NoHistory()
        self.messages: Messages = MemoryMessages()
        self.jobs: Sequence[Job] = ()

    async def load(self) -> None:
        """Load nothing."""

    async def close(self) -> None:
        """Close nothing."""


class SqliteStateStore:
    """Saves everything in one SQLite file in a directory that no other process uses.

    `holder` tells others who uses it. Raises `exporter.state.lock.DirectoryInUseError`.
    """

    def __init__(self, directory: Path, registry: CollectorRegistry, clock: Clock, holder: str) -> None:
        self._lock = DirectoryLock(directory, holder)
        # Any other problem of the directory is reported, and retried, when it is needed.
        with contextlib.suppress(OSError):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock.wait()
        self._database = Database(directory / FILE_NAME, self._lock)
        self._alert_store = SqliteAlertStore(self._database)
        self.alerts: AlertStateStore = SqliteAlertState(self._database)
        self.queues: QueueRecords | None = SqliteQueueRecords(self._database)
        self.keyspaces: KeyspaceRecords | None = SqliteKeyspaceRecords(self._database)
        self.discovery: DiscoveryRecords | None = SqliteDiscoveryRecords(self._database)
        self._messages = SqliteMessages(self._database)
        self._samples = SqliteHistory(self._database, clock)
        StateCollector(registry, self._database, self._alert_store, self._samples)

    @property
    def alert_store(self) -> AlertStore:
        """The state of alerting."""
        return self._alert_store

    @property
    def samples(self) -> SampleHistory:
        """The samples that rules read."""
        return self._samples

    @property
    def messages(self) -> Messages:
        """The messages in Slack."""
        return self._messages

    async def load(self) -> None:
        """Load the messages."""
        await self._messages.load()

    async def close(self) -> None:
        """Write what is left, close the file, and release the directory."""
        await self._messages.close()
        await self._alert_store.close()
        await self._samples.close()
        await self._database.close()
        self._lock.release()

    @property
    def jobs(self) -> Sequence[Job]:
        """Checks of the files, also while nothing is written, and the saving of samples."""
        check = Job("state_files", self._database.check_files, every(CHECK_SECONDS), _CHECK_DEADLINE_SECONDS)
        return [check, self._samples.job]


def open_state(
    directory: Path | None, registry: CollectorRegistry, clock: Clock, *, address: str = ""
) -> StateStore:
    """Open the state in this directory; without one nothing is kept. `address` is where the daemon listens.

    Raises `exporter.state.lock.DirectoryInUseError` where another process keeps something in the directory.
    """
    if directory is None:
        return MemoryStateStore()
    since = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    listening = f", listening on {address}" if address else ""
    holder = f"pid {os.getpid()} on {socket.gethostname()}{listening}, since {since}"
    return SqliteStateStore(directory, registry, clock, holder)
