"""The composition root: puts the parts together from a plan, starts and stops them in order, and reloads."""

import socket
from collections.abc import Callable, Sequence

from exporter.assembly import (
    Alerting,
    Core,
    Watching,
    build_alerting,
    build_core,
    build_housekeeping,
    build_jobs,
    build_otlp,
    build_reloader,
    build_settings,
    build_watching,
)
from exporter.clock import Clock
from exporter.clock_followers import ClockFollowers
from exporter.clock_watch import ClockWatch
from exporter.history.metrics import HistoryCacheCollector
from exporter.housekeeping import Housekeeping
from exporter.http_routes import build_routes, build_site
from exporter.lifecycle import Lifecycle
from exporter.log import get_logger
from exporter.loop_watch import LoopWatch
from exporter.readiness import Readiness
from exporter.reload import Plan
from exporter.reloader import Reloader
from exporter.self_metrics import PartsCollector
from exporter.stages import STOPPING, stages_of
from exporter.web.server import WebServer

log = get_logger(__name__)


class App:
    """The daemon.

    `load` reads the files again for a reload. Build it inside the event loop, `start` it, `stop` it.
    """

    def __init__(
        self,
        plan: Plan,
        load: Callable[[], Plan],
        listener: socket.socket,
        *,
        clock: Clock | None = None,
    ) -> None:
        core = self.core = build_core(plan, listener, clock)
        alerting = self.alerting = build_alerting(core)
        watching = self.watching = build_watching(core, alerting.rules)
        self.settings = build_settings(core, alerting, watching.target_manager)
        self.otlp = build_otlp(core, watching.target_manager)
        self.reloader = build_reloader(core, alerting, watching, self.settings, self.otlp, load)
        self.readiness = Readiness(watching.target_manager, alerting.rules)
        house = build_housekeeping(core, watching)
        self.jobs = build_jobs(core, alerting, house, self.otlp)
        self.routes = build_routes(
            core, alerting, watching, self.settings, self.reloader, self.readiness, self.jobs
        )
        self.web = WebServer(build_site(core, watching, self.routes), listener, core.access.context)
        core.access.on_clients = self.web.renew_connections
        # Started by whoever has a process of its own.
        self.loop_watch = LoopWatch(core.own.registry)
        clock_watch = _watch_clock(core, alerting, watching, house)
        _collect(core, alerting, watching, self.reloader, self.web)
        self.lifecycle = Lifecycle(
            stages_of(core, alerting, watching, self.reloader, clock_watch, self.jobs, self.web, self.otlp),
            STOPPING,
        )

    async def start(self) -> None:
        """Start every part; where one cannot be started, stop those that have been, and raise its error."""
        core = self.core
        core.clock.begin()
        # Who asks for a reload by now waits until everything runs.
        async with core.changing:
            await self.lifecycle.start()
            self.reloader.note(True)
            await self.reloader.events.started(core.in_force.plan)
            self.readiness.is_started = True
        self.reloader.warn()
        host, port = self.web.address
        log.info(
            "started",
            address=f"{host}:{port}",
            targets=len(core.in_force.plan.targets),
            rules=sum(len(group.rules) for group in self.alerting.rules.groups),
        )

    async def reload(self) -> None:
        """Read all files again and go over to what they say; `restart_needed` tells what of it cannot be.

        Raises `VigilError` and changes nothing where one of them is bad.
        """
        await self.reloader.reload()

    @property
    def restart_needed(self) -> Sequence[str]:
        """The keys whose values in the files hold only after a restart."""
        return self.reloader.restart_needed

    async def stop(self) -> None:
        """Stop every part in the order in which data flows; a message under way is sent.

        A part that hangs is left behind, in time for the next.
        """
        log.info("stopping")
        self.reloader.events.stopping()
        await self.lifecycle.stop()
        self.loop_watch.stop()
        log.info("stopped")


def _watch_clock(core: Core, alerting: Alerting, watching: Watching, house: Housekeeping) -> ClockWatch:
    followers = ClockFollowers(
        core.store,
        core.state.samples,
        alerting.rules,
        alerting.manager,
        house,
        watching.target_manager,
        watching.targets,
    )
    return ClockWatch(core.clock, core.own.registry, watching.targets.hold_rules, followers.follow)


def _collect(core: Core, alerting: Alerting, watching: Watching, reloader: Reloader, web: WebServer) -> None:
    """Have the daemon's own metrics tell of its parts."""
    queries = core.queries
    core.own.prepare_by(alerting.manager.count_alerts)
    PartsCollector(
        core.own.registry,
        store=core.store,
        limiter=core.limiter,
        environment=alerting.environment,
        target_manager=watching.target_manager,
        rules=alerting.rules,
        targets=watching.targets,
        web=web,
        access=core.access,
        reloader=reloader,
        queries=(queries.executor, queries.budget),
    )
    if core.history is not None and queries.kept is not None:
        HistoryCacheCollector(core.own.registry, core.history.blocks.cache, queries.kept)
