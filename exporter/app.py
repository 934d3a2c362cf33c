"""The composition root: builds every part from a plan, starts and stops them in order, and reloads."""

import asyncio
import socket
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

from starlette.middleware import Middleware
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from exporter.alerting.fanout_sink import FanoutSink
from exporter.alerting.manager import AlertManager
from exporter.alerting.metrics import Metrics as AlertingMetrics
from exporter.alerting.options import Options
from exporter.clock import Clock, Leap, SteadyClock, SystemClock
from exporter.clock_followers import ClockFollowers
from exporter.clock_watch import ClockWatch
from exporter.errors import StateError
from exporter.housekeeping import Housekeeping
from exporter.log import get_logger
from exporter.loop_watch import LoopWatch
from exporter.metrics.own import OwnMetrics
from exporter.notify.alertmanager import AlertForwarder, ForwardMetrics
from exporter.prepared import prepare
from exporter.reload import Plan, plan_samplers
from exporter.reloader import Parts, Reloader
from exporter.rules.environment import Environment
from exporter.rules.job_labels import JobLabels
from exporter.rules.manager import RuleManager
from exporter.rules.saved import MemoryAlertState
from exporter.samplers.fleet import Fleet
from exporter.samplers.runner import TargetRunner
from exporter.samplers.scheduler import SampleScheduler
from exporter.self_metrics import PartsCollector
from exporter.settings import Settings, external_url_of
from exporter.state.state_store import open_state
from exporter.store import MemoryLimiter, Store
from exporter.targets import Targets, patience_seconds
from exporter.web import api_v2, health, keyspace, lifecycle, queues, sd, slowlog, unavailable
from exporter.web.access import CurrentAccess
from exporter.web.alert_rows import AlertRows
from exporter.web.api_v1 import (
    cardinality,
    configuration,
    expressions,
    features,
    query,
    rules,
    series,
    status,
    targets,
)
from exporter.web.api_v1.queries import Queries
from exporter.web.app import build_web_app
from exporter.web.metrics import MetricsEndpoint, groups_of
from exporter.web.middleware import Entrance
from exporter.web.pages import Pages
from exporter.web.probe import Probes, ProbeSettings
from exporter.web.server import WebServer

log = get_logger(__name__)

# The parts stop one after the other; together they stay below the ten seconds that SIGTERM is given.
_SEND_DEADLINE_SECONDS: Final = 4.0
# What they find takes more than the one pass that a probe has.
_BACKGROUND_SAMPLERS: Final = frozenset({"queues", "keyspace"})


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
        self._clock = SteadyClock(clock or SystemClock())
        self._changing = asyncio.Lock()
        self._chores: list[asyncio.Task[None]] = []
        self._is_started = False
        config, settings = plan.config, plan.config.global_
        job_labels = JobLabels(plan.rule_files, plan.jobs, settings.job)
        self._relabel_series = job_labels.of_series
        self.own = OwnMetrics()
        self._clock_watch = ClockWatch(self._clock, self.own.registry, self._hold_rules, self._follow_clock)
        # Started by whoever has a process of its own.
        self.loop_watch = LoopWatch(self.own.registry)
        self.store = Store(retention_ms=config.storage.retention.milliseconds)
        self._cap = MemoryLimiter(self.store, config.storage.memory_limit)
        queries = self._queries = Queries(self.store, config.query)
        host, port = listener.getsockname()[:2]
        self.state = open_state(config.storage.path, self.own.registry, self._clock, address=f"{host}:{port}")
        prepared = prepare(plan, self.state.messages)
        self.access = CurrentAccess(plan.access)
        self.forwarder = AlertForwarder(ForwardMetrics(self.own.registry), self._clock)
        self.schedule = SampleScheduler(self._clock)
        self.fleet = Fleet(
            self.store,
            self._clock,
            self.schedule,
            on_news=lambda: self.rules.evaluate_now(),
            on_sampled=self._sampled,
            on_reported=lambda: self.targets.open_gate(),
            before_change=self._hold_rules,
            records={"queues": self.state.queues, "keyspace": self.state.keyspaces},
        )
        self.alerting = AlertManager(
            plan.routing.config,
            prepared.integrations_of,
            clock=self._clock,
            alert_store=self.state.alert_store,
            metrics=AlertingMetrics(self.own.registry),
            external_url=external_url_of(plan, listener, plan.access.config),
            # Every target has been sampled and every rule evaluated once by then.
            options=Options(hold_seconds=patience_seconds(plan) + settings.evaluation_interval.seconds),
            relabel=job_labels.of_alert,
        )
        self.environment = Environment(
            engine=queries.rule_engine,
            store=self.store,
            sink=FanoutSink(self.alerting, self.forwarder),
            state=self.state.alerts,
            relabel=job_labels.of_alert,
            executor=queries.rule_executor,
            takes_long=queries.rules_take_long,
        )
        self.rules = RuleManager(self.environment, self._clock)
        self.targets = Targets(
            prepared,
            fleet=self.fleet,
            rules=self.rules,
            state_store=self.state,
            lock=self._changing,
        )
        self._settings = Settings(
            store=self.store,
            cap=self._cap,
            query_budget=queries.budget,
            engines=(queries.rule_engine, queries.engine),
            environment=self.environment,
            fleet=self.fleet,
            access=self.access,
            clock=self._clock,
            listener=listener,
        )
        self._settings.apply_values(plan)
        self.store.set_required(plan.needs)
        self.reloader = Reloader(
            prepared,
            load,
            Parts(
                self._settings, self.alerting, self.targets, self.forwarder, self.rules, self.state.messages
            ),
            lock=self._changing,
            clock=self._clock,
            own=self.own,
            on_end=lambda: self._metrics_page.expire(),
        )
        PartsCollector(
            self.own.registry,
            store=self.store,
            cap=self._cap,
            environment=self.environment,
            runners=lambda: self.fleet.runners,
            groups=lambda: self.rules.groups,
            discovery=lambda: self.targets.discovery,
            web=lambda: self.web,
            access=self.access,
            restart_needed=lambda: self.reloader.restart_needed,
            queries=(queries.executor, queries.budget),
        )
        self._house = Housekeeping(
            self.store, self._cap, self.own, self.fleet, self._clock, lambda: self._sample_seconds
        )
        self._followers = ClockFollowers(
            self.store, self.state.samples, self.rules, self.alerting, self._house, self.fleet
        )
        self._metrics_page = MetricsEndpoint(
            self.store,
            lambda: groups_of(self.store, self.fleet.runners),
            self.own,
            self._clock,
            lambda: self._sample_seconds,
        )
        self._probes = Probes(
            lambda: self.fleet.runners, self._probe_settings, self.store, self._clock, self.own.registry
        )
        self.web = WebServer(self._web_app(), listener, self.access.context)
        self.access.on_clients = self.web.renew_connections

    @property
    def _plan(self) -> Plan:
        """What is in force."""
        return self.reloader.plan

    @property
    def _sample_seconds(self) -> float:
        return self._plan.config.global_.sample_interval.seconds

    def _web_app(self) -> ASGIApp:
        return build_web_app(self._metrics_page, self._routes(), [Middleware(Entrance, access=self.access)])

    def _routes(self) -> Sequence[BaseRoute]:
        alerts = AlertRows(
            lambda: self.rules.groups, self.alerting, lambda: self.environment.external_labels, self._clock
        )
        pages = Pages(self.store, lambda: self.fleet.runners, lambda: self.rules.groups, alerts, self._clock)
        return [
            *lifecycle.routes(lambda: self.ready, self.reloader),
            *pages.routes(),
            *api_v2.routes(self.alerting, self._clock),
            *sd.routes(lambda: self.fleet.runners),
            *health.routes(lambda: self.rules.groups, lambda: self.fleet.runners, alerts.why_quiet),
            *query.routes(self._queries.engine, self._clock, self._queries.executor, self._queries.budget),
            *expressions.routes(self._clock),
            *series.routes(self.store, self._clock, self._queries.executor, self._queries.budget),
            *rules.routes(lambda: self.rules.groups, self._clock),
            *queues.routes(lambda: self.fleet.runners, self._clock),
            *keyspace.routes(lambda: self.fleet.runners, self._clock),
            *slowlog.routes(lambda: self.fleet.runners, self._clock),
            *unavailable.routes(lambda: self.fleet.runners, self._clock),
            *self._probes.routes(),
            *status.routes(
                self.store,
                self._clock,
                lambda: self.reloader.succeeded,
                lambda: self.restart_needed,
                lambda: self.reloader.warnings,
                lambda: self.reloader.loaded_at,
                self._queries.budget,
            ),
            *cardinality.routes(self.store, self._clock, self._queries.executor),
            *targets.routes(lambda: self.fleet.runners, self.store, self._clock, self._queries.executor),
            *features.routes(lambda: self._plan.config.global_.delayed_name_removal),
            *configuration.routes(lambda: self._plan.config, self._alertmanagers),
        ]

    def _alertmanagers(self) -> Sequence[str]:
        """Who gets the alerts: the daemon's own part that does, and those that they are forwarded to."""
        return [self._settings.external_url, *self.forwarder.urls]

    def _probe_settings(self) -> ProbeSettings:
        config = self._plan.config
        plans = [plan for plan in plan_samplers(config) if plan.spec.name not in _BACKGROUND_SAMPLERS]
        web = config.web
        return ProbeSettings(web.probe_allow, web.probe_keys, plans, config.global_.sample_timeout.seconds)

    @property
    def ready(self) -> bool:
        """Whether every target has been sampled once, and rules are being evaluated."""
        is_sampled = all(runner.status.up is not None for runner in self.fleet.runners)
        return self._is_started and self.rules.gate.is_open and is_sampled

    async def start(self) -> None:
        """Start every part; the web server first, so that the daemon can be asked how it is."""
        self._clock.begin()
        self._chores.append(asyncio.create_task(self._clock_watch.run(), name="clock"))
        self.web.start()
        self.schedule.start()
        # Who asks for a reload by now waits until everything runs.
        async with self._changing:
            await self.state.load()
            await self.state.samples.restore(self.store, self._relabel_series)
            self.state.samples.follow(self.store)
            await self.alerting.start()
            self.forwarder.apply(self._plan.config.alerting.alertmanagers)
            await self.targets.start()
            await self._start_rules()
            self._chores.append(asyncio.create_task(self._house.run(), name="housekeeping"))
            self.reloader.note(True)
            self._is_started = True
        self.reloader.warn()
        host, port = self.web.address
        log.info(
            "started",
            address=f"{host}:{port}",
            targets=len(self._plan.targets),
            rules=sum(len(group.rules) for group in self.rules.groups),
        )

    async def _hold_rules(self) -> None:
        """The clock is about to leap: evaluations end before that, and begin when there are samples again."""
        await self.targets.hold_rules()

    def _follow_clock(self, leap: Leap) -> None:
        self._followers.follow(leap)
        self.targets.open_gate()

    def _sampled(self, runner: TargetRunner) -> None:
        self._metrics_page.refresh(groups_of(self.store, [runner]))
        self.targets.note(runner)

    async def _start_rules(self) -> None:
        try:
            await self.rules.start(self._plan.rule_files)
        except StateError as error:
            log.error("the state of alerts cannot be read, starting without it", error=error)
            self.environment.state = MemoryAlertState()
            await self.rules.start(self._plan.rule_files)

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
        """Stop every part in the order in which data flows; a message under way is sent. What hangs is left
        behind, in time for the next."""
        log.info("stopping")
        for chore in self._chores:
            chore.cancel()
        began = asyncio.get_running_loop().time()
        await _stop_by(began + 1.5, "reload", self.reloader.stop())
        await _stop_by(began + 1.5, "discovery", self.targets.stop())
        await _stop_by(began + 1.5, "samplers", self.schedule.stop())
        await _stop_by(began + 1.5, "rules", self.rules.stop())
        await asyncio.gather(
            self.alerting.stop(_SEND_DEADLINE_SECONDS), self.forwarder.stop(_SEND_DEADLINE_SECONDS)
        )
        await _stop_by(began + 6.5, "connections", self.fleet.close())
        await _stop_by(began + 7.0, "state database", self.state.close())
        self._queries.close()
        await _stop_by(began + 8.0, "web server", self.web.stop())
        self.loop_watch.stop()
        log.info("stopped")


async def _stop_by(moment: float, part: str, stopping: Coroutine[Any, Any, None]) -> None:
    """Wait for a part to stop, until a moment of the loop's time, and not at all where that is over."""
    try:
        async with asyncio.timeout_at(moment):
            await stopping
    except TimeoutError:
        log.error("a part of the daemon does not stop in time and is left behind", part=part)
