"""The composition root: builds every part from a plan, starts and stops them in order, and reloads."""

import asyncio
import socket
import ssl
from collections.abc import Callable, Sequence
from typing import Final

from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from exporter.alerting.manager import AlertManager
from exporter.alerting.metrics import Metrics as AlertingMetrics
from exporter.alerting.options import Options
from exporter.alerting.sinks import AlertSinks
from exporter.clock import Clock, Leap, SteadyClock, SystemClock
from exporter.clock_followers import ClockFollowers
from exporter.clock_watch import ClockWatch
from exporter.discovery.manager import Discovery, build_sources
from exporter.errors import StateError, VigilError
from exporter.following import Following
from exporter.housekeeping import Housekeeping
from exporter.log import get_logger
from exporter.metrics.own import OwnMetrics
from exporter.model.labels import Labels
from exporter.notify.alertmanager import AlertForwarder, ForwardMetrics
from exporter.promql import Engine
from exporter.reload import Plan, plan_samplers
from exporter.roster import Roster
from exporter.rules.environment import Environment, EverythingSampled
from exporter.rules.job_labels import JobLabels
from exporter.rules.manager import RuleManager
from exporter.rules.needs import needs_of
from exporter.rules.saved import MemoryAlertState
from exporter.samplers.availability import SampledTargets
from exporter.samplers.fleet import Fleet
from exporter.samplers.runner import TargetRunner
from exporter.samplers.schedule import SampleSchedule
from exporter.self_metrics import PartsCollector
from exporter.state.keeper import open_keeper
from exporter.store import MemoryCap, Store
from exporter.web import api_v2, health, keyspace, lifecycle, queues, sd, slowlog, unavailable
from exporter.web.alert_rows import AlertRows
from exporter.web.api_v1 import configuration, query, rules, series, status
from exporter.web.api_v1.turns import TurnTaker
from exporter.web.app import build_web_app
from exporter.web.auth import server_tls
from exporter.web.metrics import MetricsEndpoint, blocks_of
from exporter.web.middleware import build_middleware
from exporter.web.pages import Pages
from exporter.web.probe import Probes, ProbeSettings
from exporter.web.server import WebServer, default_url

log = get_logger(__name__)

# The parts stop one after the other; together they stay below the ten seconds that SIGTERM is given.
_SEND_DEADLINE_SECONDS: Final = 4.0
# What they find takes more than the one pass that a probe has.
_BACKGROUND_SAMPLERS: Final = frozenset({"queues", "keyspace"})


def _patience_seconds(plan: Plan) -> float:
    """How long rules wait at most for targets that have not been sampled yet: two intervals."""
    settings = plan.config.global_
    return 2 * max(settings.sample_interval.seconds, settings.evaluation_interval.seconds)


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
        self._plan = plan
        self._load = load
        self._clock = SteadyClock(clock or SystemClock())
        self._reloading = asyncio.Lock()
        self._chores: list[asyncio.Task[None]] = []
        self._is_started = False
        config, settings = plan.config, plan.config.global_
        job_labels = JobLabels(plan.rule_files, plan.jobs, settings.job)
        self._relabel_series = job_labels.of_series
        external_url = self._external_url = config.web.external_url or default_url(listener, plan.web)
        self.own = OwnMetrics()
        self._clock_watch = ClockWatch(self._clock, self.own.registry, self._hold_rules, self._follow_clock)
        self.store = Store(retention_ms=config.storage.retention.milliseconds)
        self._cap = MemoryCap(self.store, config.storage.memory_limit)
        self.engine = Engine(self.store, default_step_ms=config.global_.evaluation_interval.milliseconds)
        # Apart from that of the rules: what people ask is bounded more tightly.
        self._queries = Engine(
            self.store, query.LIMITS, default_step_ms=config.global_.evaluation_interval.milliseconds
        )
        self._turn_taker = TurnTaker()
        host, port = listener.getsockname()[:2]
        self.keeper = open_keeper(
            config.storage.path, self.own.registry, self._clock, address=f"{host}:{port}"
        )
        self.alerting = AlertManager(
            plan.routing.config,
            plan.routing.bind(self.keeper.messages),
            clock=self._clock,
            journal=self.keeper.journal,
            metrics=AlertingMetrics(self.own.registry),
            external_url=external_url,
            # Every target has been sampled and every rule evaluated once by then.
            options=Options(hold_seconds=_patience_seconds(plan) + settings.evaluation_interval.seconds),
            relabel=job_labels.of_alert,
        )
        self.forwarder = AlertForwarder(ForwardMetrics(self.own.registry), self._clock)
        self.schedule = SampleSchedule(self._clock)
        self.fleet = Fleet(
            self.store,
            self._clock,
            self.schedule,
            on_news=self._evaluate_now,
            on_sampled=self._sampled,
            on_reported=self._open_gate,
            records={"queues": self.keeper.queues, "keyspace": self.keeper.keyspaces},
        )
        self._following = Following(self._reloading, lambda: self._watch(self._plan), self._open_gate)
        self.discovery = Discovery(
            build_sources(config.discovery), self._following.note, records=self.keeper.discovery
        )
        self.roster = Roster(self.fleet, self._following.note, lambda: self.discovery.hurry())
        self.environment = Environment(
            engine=self.engine,
            store=self.store,
            sink=AlertSinks(self.alerting, self.forwarder),
            state=self.keeper.alerts,
            availability=(
                SampledTargets(self.fleet, self.store, self._clock)
                if config.alerting.hold_missing
                else EverythingSampled()
            ),
            relabel=job_labels.of_alert,
            external_url=external_url,
        )
        self.rules = RuleManager(self.environment, self._clock)
        self._apply_settings(plan)
        PartsCollector(
            self.own.registry,
            store=self.store,
            cap=self._cap,
            environment=self.environment,
            runners=lambda: self.fleet.runners,
            groups=lambda: self.rules.groups,
            discovery=lambda: self.discovery,
            web=lambda: self.web,
        )
        self._house = Housekeeping(
            self.store, self._cap, self.own, self.fleet, self._clock, lambda: self._sample_seconds
        )
        self._followers = ClockFollowers(
            self.store, self.keeper.samples, self.rules, self.alerting, self._house, self.fleet
        )
        self._metrics_page = MetricsEndpoint(
            self.store,
            lambda: blocks_of(self.store, self.fleet.runners),
            self.own,
            self._clock,
            lambda: self._sample_seconds,
        )
        self._probes = Probes(
            lambda: self.fleet.runners, self._probe_settings, self.store, self._clock, self.own.registry
        )
        self.web = WebServer(self._web_app(plan), listener, self._tls(plan))

    def _apply_settings(self, plan: Plan) -> None:
        settings = plan.config.global_
        self.environment.external_labels = Labels(settings.external_labels)
        self.environment.evaluation_interval_ms = settings.evaluation_interval.milliseconds
        self.store.set_needs(needs_of(plan.rule_files))
        for pattern in plan.config.empty_rule_patterns:
            log.warning("no rule file matches", pattern=pattern)

    @property
    def _sample_seconds(self) -> float:
        return self._plan.config.global_.sample_interval.seconds

    def _tls(self, plan: Plan) -> ssl.SSLContext | None:
        tls = plan.web.tls_server_config
        return server_tls(tls, str(plan.config.web.config_file)) if tls else None

    def _web_app(self, plan: Plan) -> ASGIApp:
        middleware = build_middleware(plan.config.web, plan.web)
        return build_web_app(self._metrics_page, self._routes(), middleware)

    def _routes(self) -> Sequence[BaseRoute]:
        alerts = AlertRows(
            lambda: self.rules.groups, self.alerting, lambda: self.environment.external_labels, self._clock
        )
        pages = Pages(self.store, lambda: self.fleet.runners, lambda: self.rules.groups, alerts, self._clock)
        return [
            *lifecycle.routes(self),
            *pages.routes(),
            *api_v2.routes(self.alerting, self._clock),
            *sd.routes(lambda: self.fleet.runners),
            *health.routes(lambda: self.rules.groups, lambda: self.fleet.runners),
            *query.routes(self._queries, self._clock, self._turn_taker),
            *series.routes(self.store, self._clock, self._turn_taker),
            *rules.routes(lambda: self.rules.groups, self._clock),
            *queues.routes(lambda: self.fleet.runners, self._clock),
            *keyspace.routes(lambda: self.fleet.runners, self._clock),
            *slowlog.routes(lambda: self.fleet.runners, self._clock),
            *unavailable.routes(lambda: self.fleet.runners, self._clock),
            *self._probes.routes(),
            *status.routes(
                lambda: self.fleet.runners, self.store, self._clock, lambda: self._reload_succeeded
            ),
            *configuration.routes(lambda: self._plan.config, self._alertmanagers),
        ]

    def _alertmanagers(self) -> Sequence[str]:
        """Who gets the alerts: the daemon's own part that does, and those that they are forwarded to."""
        return [self._external_url, *self.forwarder.urls]

    def _probe_settings(self) -> ProbeSettings:
        config = self._plan.config
        plans = [plan for plan in plan_samplers(config) if plan.spec.name not in _BACKGROUND_SAMPLERS]
        return ProbeSettings(config.web.probe_allow, plans, config.global_.sample_timeout.seconds)

    def _evaluate_now(self) -> None:
        self.rules.evaluate_now()

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
        await self.keeper.load()
        await self.keeper.samples.restore(self.store, self._relabel_series)
        self.keeper.samples.follow(self.store)
        await self.alerting.start()
        self.forwarder.apply(self._plan.config.alerting.alertmanagers)
        await self._watch(self._plan)
        self.discovery.start()
        await self._start_rules()
        self._chores.append(asyncio.create_task(self._house.run(), name="housekeeping"))
        self._note_reload(True)
        self._is_started = True
        host, port = self.web.address
        log.info(
            "started",
            address=f"{host}:{port}",
            targets=len(self._plan.targets),
            rules=sum(len(group.rules) for group in self.rules.groups),
        )

    async def _hold_rules(self) -> None:
        """The clock is about to leap: evaluations end before that, and begin when there are samples again."""
        self.rules.gate.close(_patience_seconds(self._plan))
        await self.rules.settle()

    def _follow_clock(self, leap: Leap) -> None:
        self._followers.follow(leap)
        self._open_gate()

    def _sampled(self, runner: TargetRunner) -> None:
        self._metrics_page.refresh(blocks_of(self.store, [runner]))
        self.roster.note(runner)

    async def _watch(self, plan: Plan) -> None:
        if await self.roster.watch(plan, self.discovery.found):
            self.keeper.samples.begin_anew()
        if not self._has_reported:
            self.rules.gate.close(_patience_seconds(plan))

    @property
    def _has_reported(self) -> bool:
        """Whether there is something of every target, also of those that are still to be found."""
        return self.fleet.has_reported and self.discovery.has_reported and not self._following.is_busy

    def _open_gate(self) -> None:
        if self._has_reported:
            self.rules.gate.open()

    async def _start_rules(self) -> None:
        try:
            await self.rules.start(self._plan.rule_files)
        except StateError as error:
            log.error("the state of alerts cannot be read, starting without it", error=error)
            self.environment.state = MemoryAlertState()
            await self.rules.start(self._plan.rule_files)

    async def reload(self) -> None:
        """Read all files again and go over to what they say.

        Raises `VigilError` and changes nothing where one of them is bad.
        """
        async with self._reloading:
            try:
                plan = self._load()
                sources = build_sources(plan.config.discovery)
                await self.alerting.reload(plan.routing.config, plan.routing.bind(self.keeper.messages))
            except VigilError as error:
                self._note_reload(False)
                log.error("the configuration was not reloaded", error=error)
                raise
            # From here on nothing can fail.
            self._plan = plan
            self._apply_settings(plan)
            await self.discovery.stop()
            self.discovery = Discovery(sources, self._following.note, self.discovery, self.keeper.discovery)
            await self._watch(plan)
            self.discovery.start()
            self.forwarder.apply(plan.config.alerting.alertmanagers)
            await self.rules.apply(plan.rule_files)
            self._note_reload(True)
            log.info("the configuration was reloaded", targets=len(plan.targets))

    def _note_reload(self, succeeded: bool) -> None:
        self._reload_succeeded = succeeded
        self.own.reload_successful.set(succeeded)
        if succeeded:
            self.own.reload_time.set(self._clock.now())
        self._metrics_page.expire()

    async def stop(self) -> None:
        """Stop every part in the order in which data flows; a message under way is sent."""
        log.info("stopping")
        for chore in self._chores:
            chore.cancel()
        await self.discovery.stop()
        await self.schedule.stop()
        await self.rules.stop()
        await asyncio.gather(
            self.alerting.stop(_SEND_DEADLINE_SECONDS), self.forwarder.stop(_SEND_DEADLINE_SECONDS)
        )
        await self.fleet.close()
        await self.keeper.close()
        self._turn_taker.close()
        await self.web.stop()
        log.info("stopped")
