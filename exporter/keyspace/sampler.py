"""The keyspace sampler: a scan that goes on in the background, and its last results at every pass."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from exporter.config.samplers.keyspace import KeyspaceSection
from exporter.connection import Client, Connection
from exporter.errors import ReplyError, StateError, TargetError
from exporter.events import EventKind, EventRecorder
from exporter.keyspace import families
from exporter.keyspace.configured import ConfiguredPatterns
from exporter.keyspace.forecast import HOLD_UPS, Forecast
from exporter.keyspace.guard import WrongRoleError
from exporter.keyspace.history import History, KeyspaceRecords, NoRecords
from exporter.keyspace.owners import note_owners
from exporter.keyspace.publish import publish, publish_partial
from exporter.keyspace.redaction import Redactor
from exporter.keyspace.replica import REPLICA_PATIENCE_SECONDS, ReplicaChoice
from exporter.keyspace.report import OTHER, PassReport
from exporter.keyspace.scan import Scan
from exporter.keyspace.threads import to_thread
from exporter.log import get_logger
from exporter.metrics import SeriesTable
from exporter.sampling.base import SamplerContext, SamplerSpec
from exporter.sampling.queue_keys import QueueKeys
from exporter.sampling.server_info import ServerInfo

log = get_logger(__name__)

CLIENT_NAME: Final = "redis-vigil-keyspace"
_DEFAULT_INTERVAL_SECONDS: Final = 600.0
# A scan that failed for reasons of ours is tried again after this.
_FAILED_SECONDS: Final = 60.0


class KeyspaceSampler:
    """Scans the keyspace of one server, again and again.

    `sample` never waits for a scan: it starts one when it is time, and writes what the last finished one has
    found. With `run_on: prefer_replica` a replica is asked in the server's place while there is a healthy
    one. `report` is for pages and the HTTP interface.
    """

    def __init__(self, context: SamplerContext[KeyspaceSection]) -> None:
        settings = context.settings
        self._context = context
        self._settings = settings
        self._records: KeyspaceRecords = context.records.get("keyspace") or NoRecords()
        self._connection: Connection | None = None
        self._replicas = ReplicaChoice(context)
        self._history: History | None = None
        self._saved: bytes | None = None
        self._is_loaded = False
        self._scan: Scan | None = None
        self._task: asyncio.Task[History] | None = None
        self._due = 0.0
        self._incomplete = 0
        self._written: PassReport | None = None
        self._is_late_told = False
        self._generation = -1
        self._owners = self._job_prefixes

    async def sample(self, connection: Client, at: float) -> None:
        """One pass (see `Sampler`): raises where the server is down, or refuses to be scanned."""
        if not self._context.facts.server.run_id:
            # No INFO has told that the server is there.
            await connection.execute("PING")
        if not self._is_loaded:
            await self._load(at)
        if self._task is not None and self._task.done():
            await self._take_result(self._task, at)
        if self._task is None and at >= self._due and not self._replicas.is_expected:
            self._start(at)
        self._publish()

    def is_idle(self, at: float) -> bool:
        """See `IdleSampler`: between two scans."""
        is_told = not self._must_write
        is_known = self._is_loaded and self._context.facts.server.run_id != ""
        return is_known and is_told and self._task is None and at < self._due

    def follow_clock(self, seconds: float) -> None:
        """See `PunctualSampler`."""
        self._due = self._due and self._due + seconds

    async def close(self) -> None:
        """End the scan under way; how far it has come is kept."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, TargetError, WrongRoleError):
                await task
            if self._scan is not None:
                await self._scan.save()
        await self._disconnect()

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    @property
    def _job_prefixes(self) -> Mapping[int, Mapping[str, str]]:
        return self._context.facts.get(QueueKeys).job_prefixes

    @property
    def _must_write(self) -> bool:
        """Whether there is something new: a scan has ended, queues have become known, the table is new."""
        is_told = self._written is self._shown and self._owners is self._job_prefixes
        return not (is_told and self._generation == self._context.table.generation)

    @property
    def report(self) -> PassReport | None:
        """The report of the last finished pass."""
        return self._history.report if self._history is not None else None

    @property
    def partial(self) -> PassReport | None:
        """The report of the pass under way by now; None between passes, and at first."""
        return self._scan.partial if self._task is not None and self._scan is not None else None

    @property
    def forecast(self) -> Forecast | None:
        """The forecast of the pass under way; None between passes."""
        return self._scan.forecast if self._task is not None and self._scan is not None else None

    @property
    def progress_ratio(self) -> float:
        """How much of the pass under way is done, 0 to 1; 1 between passes."""
        return 1.0 if self._task is None or self._scan is None else self._scan.progress_ratio

    @property
    def keys_scanned(self) -> int:
        """How many keys the pass under way has seen."""
        return 0 if self._task is None or self._scan is None else self._scan.keys_scanned

    async def _load(self, at: float) -> None:
        """Load what was known before a restart."""
        self._is_loaded = True
        instance = self._context.target.instance
        try:
            history, self._saved = await self._records.load(instance)
            if history is not None:
                self._history = await to_thread(partial(History.from_json, history))
        except (StateError, ValueError) as error:
            log.warning("saved keyspace report cannot be used", instance=instance, error=error)
        if self._history is not None and self._settings.key_names == "hide" and not self._is_hidden():
            self._history = None
        if self._history is not None and self._saved is None:
            # Not later than if it had begun now: the clock may have been ahead then.
            self._due = min(self._history.report.started_at, at) + self._interval_seconds

    def _is_hidden(self) -> bool:
        """Whether the saved report tells nothing that is to be hidden by now."""
        if self._history is None or any(self._history.tracked.values()):
            return self._history is None
        redactor, own = Redactor(), {OTHER, *ConfiguredPatterns(self._settings.patterns).names}
        names = {one.pattern for one in self._history.report.patterns} - own
        return all(redactor.is_plain(name.encode("utf-8", "surrogateescape")) for name in names)

    @property
    def _interval_seconds(self) -> float:
        interval = self._settings.interval
        return interval.seconds if interval is not None else _DEFAULT_INTERVAL_SECONDS

    def _start(self, at: float) -> None:
        context, replica = self._context, self._replicas.choose()
        asked = context.facts if replica is None else replica.facts
        self._connection = (context.connect if replica is None else replica.connect)(CLIENT_NAME)
        self._scan = Scan(
            self._connection,
            self._settings,
            clock=context.clock,
            lookups=asked.keyspace_stats,
            history=self._history,
            queues=lambda: context.facts.get(QueueKeys).prefixes,
            turns=asked.turns,
            on_names=self._tell_names,
            patience_seconds=None if replica is None else REPLICA_PATIENCE_SECONDS,
            save=self._save_progress,
            instance=context.target.instance,
        )
        self._due = at + self._interval_seconds
        context.events.record(
            EventKind.SCAN,
            {
                "state": "begin",
                "resumed": self._saved is not None,
                "on": "" if replica is None else replica.instance,
            },
        )
        saved, self._saved = self._saved, None
        self._task = asyncio.create_task(self._scan.run(saved))

    def _tell_names(self, database: int, names: Sequence[bytes]) -> None:
        on_names = self._context.facts.on_names
        if on_names is not None:
            on_names(database, names)

    async def _take_result(self, task: "asyncio.Task[History]", at: float) -> None:
        """The scan has ended, in one way or another."""
        self._task = None
        await self._disconnect()
        try:
            history = task.result()
        except (WrongRoleError, TargetError) as error:
            if self._replicas.give_up(error):
                self._due = at
                return
            if isinstance(error, WrongRoleError):
                self._history = None
                return
            if isinstance(error, ReplyError):
                # The server refuses SCAN: the runner asks again when that may have changed.
                self._due = 0.0
            else:
                self._due = at + min(self._interval_seconds, _FAILED_SECONDS)
            raise
        except Exception:
            self._due = at + min(self._interval_seconds, _FAILED_SECONDS)
            raise
        _record_end(self._context.events, history.report)
        if at < self._due:
            self._is_late_told = False
        if not history.report.complete:
            self._incomplete += 1
            # Of two passes the one that has seen everything says more.
            if self._history is not None and self._history.report.complete:
                return
        self._history = history
        try:
            await self._records.save_history(self._context.target.instance, await to_thread(history.to_json))
        except StateError as error:
            log.warning("keyspace report cannot be saved", error=error)

    async def _save_progress(self, progress: bytes) -> None:
        await self._records.save_progress(self._context.target.instance, progress)

    def _publish(self) -> None:
        table = self._context.table
        shown = self._shown
        if not self._must_write:
            table.carry_over()
        elif shown is not None:
            note_owners(shown.patterns, self._job_prefixes)
            (publish if shown.complete else publish_partial)(shown, table)
        self._written, self._generation = shown, table.generation
        self._owners = self._job_prefixes
        if self._scan is not None:
            table.set(families.PARTIAL, float(shown is None or not shown.complete))
            table.set(families.PROGRESS, self.progress_ratio)
            table.set(families.SCANNED, float(self._scan.keys_scanned))
            table.set(families.INCOMPLETE, float(self._incomplete))
            self._publish_forecast(table)

    @property
    def _shown(self) -> PassReport | None:
        """The last complete report; without one what is known by now."""
        report = self.report
        if report is not None and report.complete:
            return report
        return self.partial or report

    def _publish_forecast(self, table: SeriesTable) -> None:
        forecast = self.forecast
        for reason in HOLD_UPS:
            is_late = forecast is not None and forecast.is_late and forecast.held_up_by == reason
            table.set(families.LATE, float(is_late), reason)
        if forecast is None:
            table.set(families.REMAINING, 0.0)
            return
        if forecast.remaining_seconds is not None:
            table.set(families.REMAINING, forecast.remaining_seconds)
        if forecast.is_late and not self._is_late_told:
            self._is_late_told = True
            log.warning(
                "keyspace scan will not end within its interval",
                instance=self._context.target.instance,
                remaining_seconds=round(forecast.remaining_seconds or 0.0),
                interval_seconds=round(self._interval_seconds),
                held_up_by=forecast.held_up_by,
            )


def _record_end(events: EventRecorder, report: PassReport) -> None:
    events.record(
        EventKind.SCAN,
        {
            "state": "end",
            "keys": report.keys,
            "memory_bytes": report.memory_bytes,
            "duration_seconds": round(report.duration_seconds, 3),
            "complete": report.complete,
            "on": report.scanned_on,
        },
        at=report.finished_at,
    )


SPEC: Final = SamplerSpec(
    "keyspace",
    KeyspaceSection,
    families.FAMILIES,
    KeyspaceSampler,
    own_connection=True,
    own_deadline=True,
    self_paced=True,
    needs=(ServerInfo, QueueKeys),
    command="SCAN",
)
