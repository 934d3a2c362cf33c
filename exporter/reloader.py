"""`Reloader`: brings what runs over to what the files say now, or leaves all as it is."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from exporter.alerting.manager import AlertManager
from exporter.clock import Clock
from exporter.config.main import Config
from exporter.config.restart import in_force, restart_needed
from exporter.daemon_events import DaemonEvents
from exporter.errors import ConfigError, ShuttingDownError, VigilError
from exporter.log import get_logger
from exporter.metrics.own import OwnMetrics
from exporter.notify.alertmanager import AlertForwarder
from exporter.notify.pictures import AlertPictures
from exporter.notify.slack_messages import Messages
from exporter.peers.peers import Peers
from exporter.prepared import InForce, Prepared, prepare
from exporter.reload import Plan
from exporter.remote.otlp import OtlpExporter
from exporter.remote.write.writer import RemoteWriter
from exporter.rules.manager import RuleManager
from exporter.settings import Settings
from exporter.targets import Targets

# What one reload may write to the log: a file of a thousand rules may have as many.
_MOST_WARNINGS: Final = 50
_READ_SECONDS: Final = 60.0
_TLS_KEY: Final = "web.config_file (tls_server_config)"

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Reloadable:
    """The parts that a reload changes."""

    settings: Settings
    alerting: AlertManager
    targets: Targets
    forwarder: AlertForwarder
    remote_writer: RemoteWriter
    rules: RuleManager
    messages: Messages
    pictures: AlertPictures
    otlp: OtlpExporter
    peers: Peers


class Reloader:
    """Reads the files again when asked, one reload at a time; who asks while one goes on shares the next.

    `plan` is what is in force: of keys that need a restart, the values that run. `lock` is held by a reload,
    and by whoever must not be disturbed by one. `on_end` is called after each. `loaded_at` is when the files
    in force were read (epoch seconds).
    """

    def __init__(
        self,
        in_force: InForce,
        load: Callable[[], Plan],
        parts: Reloadable,
        *,
        lock: asyncio.Lock,
        clock: Clock,
        own: OwnMetrics,
        on_end: Callable[[], None],
        events: DaemonEvents,
    ) -> None:
        self.lock = lock
        # The files that all this is built from were read.
        self.succeeded = True
        self.loaded_at = clock.now()
        own.note_reload(True, self.loaded_at)
        self._in_force = in_force
        self._load = load
        self._parts = parts
        self._clock = clock
        self._own = own
        self._on_end = on_end
        self.events = events
        self._keys: tuple[str, ...] = ()
        self._next: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._reading: asyncio.Task[Prepared] | None = None
        self._is_closed = False

    @property
    def plan(self) -> Plan:
        """The plan in force."""
        return self._in_force.plan

    @property
    def restart_needed(self) -> Sequence[str]:
        """The keys whose values in the files hold only after a restart."""
        tls = (_TLS_KEY,) if self._parts.settings.access.restart_needed else ()
        return (*self._keys, *tls)

    @property
    def warnings(self) -> Sequence[str]:
        """The warnings of `check config` about the files in force."""
        return self._in_force.prepared.warnings

    def warn(self) -> None:
        """Write the warnings to the log, a line each."""
        for warning in self.warnings[:_MOST_WARNINGS]:
            log.warning(warning)
        if (more := len(self.warnings) - _MOST_WARNINGS) > 0:
            log.warning("more warnings are in /api/v1/status/runtimeinfo", warnings=more)

    async def reload(self) -> None:
        """Go over to what the files say. `restart_needed` tells what of it needs more.

        Raises `VigilError` and changes nothing where one of them is bad.
        """
        if self._is_closed:
            raise ShuttingDownError
        if self._next is None:
            self._next = asyncio.create_task(self._take_turn(), name="reload")
            self._tasks.add(self._next)
            self._parts.settings.access.is_reloading = True
            self._next.add_done_callback(self._done)
        task = self._next
        try:
            # Whoever asked may give up; the reload, on which others may wait too, goes on.
            await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled():
                raise ShuttingDownError from None
            raise

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._parts.settings.access.is_reloading = bool(self._tasks)
        if not task.cancelled():
            task.exception()

    async def _take_turn(self) -> None:
        async with self.lock:
            # From here on files may have been read: who asks now means later ones.
            self._next = None
            if self._is_closed:
                raise ShuttingDownError
            try:
                await self._reload()
            except VigilError as error:
                if isinstance(error, ConfigError):
                    self._parts.settings.access.note_refused(error.problems)
                self.note(False)
                self.events.refused(error)
                log.error("the configuration was not reloaded", error=error)
                raise
        self.note(True)
        await self.events.reloaded(self.plan)
        self._tell()

    async def _reload(self) -> None:
        before = self._in_force.prepared
        prepared = await self._read()
        running, wanted = before.plan.config, prepared.plan.config
        prepared = replace(prepared, plan=self._with_running_values(running, prepared.plan))
        try:
            await self._bring_over(prepared)
        except Exception as error:
            if not isinstance(error, VigilError):
                log.exception("a reload broke, going back to the configuration before")
            await self._bring_over(before)
            if isinstance(error, VigilError):
                raise
            raise VigilError(
                f"{type(error).__name__} in the reload, which is a bug: nothing was changed"
            ) from error
        self._in_force.prepared = prepared
        self._keys = restart_needed(running, wanted)

    def _with_running_values(self, running: Config, plan: Plan) -> Plan:
        """Return a plan with the running values of keys that need a restart.

        Where it names no web configuration any more, it keeps the one in force.
        """
        config, access = in_force(running, plan.config), plan.access
        if config.web.config_file != plan.config.web.config_file:
            access = replace(self._parts.settings.access.now, section=config.web)
        return replace(plan, config=config, access=access)

    async def _read(self) -> Prepared:
        """Read the files, in a thread, which a file system that hangs may keep: one, and no more."""
        if self._reading is not None and not self._reading.done():
            raise VigilError("the files are still being read since an earlier reload")
        self._reading = asyncio.create_task(asyncio.to_thread(self._prepare))
        self._reading.add_done_callback(lambda task: task.cancelled() or task.exception())
        try:
            async with asyncio.timeout(_READ_SECONDS):
                return await asyncio.shield(self._reading)
        except TimeoutError:
            raise VigilError(f"the files could not be read within {_READ_SECONDS:.0f} s") from None

    def _prepare(self) -> Prepared:
        return prepare(self._load(), self._parts.messages, self._parts.pictures)

    async def _bring_over(self, prepared: Prepared) -> None:
        """Have every part run what was prepared; what has most to lose comes last."""
        parts, plan = self._parts, prepared.plan
        await parts.alerting.reload(
            plan.routing.config,
            prepared.integrations_of,
            parts.settings.external_url_of(plan),
        )
        await parts.settings.apply(plan)
        await parts.targets.apply(prepared)
        parts.forwarder.apply(plan.config.alerting.alertmanagers)
        await parts.otlp.apply(plan.config)
        await parts.peers.apply(plan.config.peers)
        parts.remote_writer.apply(plan.config.remote_write, plan.config.global_.external_labels)
        await parts.rules.apply(plan.rule_files)

    def note(self, succeeded: bool) -> None:
        """Note for metrics and status how the last reload, or the start, went."""
        self.succeeded = succeeded
        if succeeded:
            self.loaded_at = self._clock.now()
        self._own.note_reload(succeeded, self.loaded_at)
        self._on_end()

    def _tell(self) -> None:
        self.warn()
        needed = self.restart_needed
        if needed:
            log.warning(
                "the configuration was reloaded, but for what needs a restart",
                targets=len(self.plan.targets),
                restart_needed=", ".join(needed),
            )
        else:
            log.info("the configuration was reloaded", targets=len(self.plan.targets))

    async def stop(self) -> None:
        """Reload nothing more; ends what is under way."""
        self._is_closed = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
