"""Builds the parts of the daemon from a plan: nothing runs yet, and nothing is asked of a server."""

import asyncio
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from exporter.alert_pictures import PictureMetrics, RulePictures
from exporter.alerting.fanout_sink import FanoutSink
from exporter.alerting.manager import AlertManager
from exporter.alerting.metrics import Metrics as AlertingMetrics
from exporter.alerting.options import Options
from exporter.alerting.recorded_store import RecordedAlertStore
from exporter.clock import Clock, SteadyClock, SystemClock
from exporter.config.settings import StorageSection
from exporter.daemon_events import DaemonEvents
from exporter.events import EventLog, EventRecorder
from exporter.events.opening import FILE_NAME
from exporter.history.history import History
from exporter.housekeeping import Housekeeping
from exporter.jobs import JobScheduler
from exporter.metrics.own import OwnMetrics
from exporter.notify.alertmanager import AlertForwarder, ForwardMetrics
from exporter.peers.peers import Peers
from exporter.prepared import InForce, prepare
from exporter.reload import Plan
from exporter.reloader import Reloadable, Reloader
from exporter.remote.otlp import OtlpExporter
from exporter.remote.write.writer import RemoteWriter
from exporter.rules.environment import Environment
from exporter.rules.job_labels import JobLabels
from exporter.rules.manager import RuleManager
from exporter.samplers.scheduler import SampleScheduler
from exporter.samplers.target_manager import TargetManager
from exporter.settings import Settings, external_url_of
from exporter.state.state_store import StateStore, open_state
from exporter.store import MemoryLimiter, Store
from exporter.target_events import TargetEvents
from exporter.targets import Targets, patience_seconds
from exporter.web.access import CurrentAccess
from exporter.web.api_v1.queries import Queries
from exporter.web.metrics import MetricsEndpoint, groups_of_all
from exporter.web.pages.page_queries import PageQueries

# In memory, by number.
_EVENT_RETENTION_MS: Final = 30 * 86_400_000
# A message waits for its picture.
_PICTURE_QUERY_SECONDS: Final = 3.0


@dataclass(frozen=True, slots=True)
class Core:
    """Parts that need no others: all else stands on these."""

    plan: Plan
    listener: socket.socket
    clock: SteadyClock
    own: OwnMetrics
    store: Store
    limiter: MemoryLimiter
    queries: Queries
    state: StateStore
    history: History | None
    events: EventLog
    remote_writer: RemoteWriter
    access: CurrentAccess
    job_labels: JobLabels
    peers: Peers
    in_force: InForce
    pictures: RulePictures
    changing: asyncio.Lock
    """Held by whoever changes what is watched or configured."""


@dataclass(frozen=True, slots=True)
class Alerting:
    """Evaluation of rules, and notification of what they find."""

    manager: AlertManager
    forwarder: AlertForwarder
    environment: Environment
    rules: RuleManager


@dataclass(frozen=True, slots=True)
class Watching:
    """Sampling of the targets, and the page of what was sampled."""

    schedule: SampleScheduler
    target_manager: TargetManager
    targets: Targets
    page: MetricsEndpoint


def build_core(plan: Plan, listener: socket.socket, clock: Clock | None) -> Core:
    """Build the parts that need no others.

    Raises `exporter.state.lock.DirectoryInUseError`, `exporter.errors.ConfigError`.
    """
    config = plan.config
    steady, own = SteadyClock(clock or SystemClock()), OwnMetrics()
    store = Store(retention_ms=config.storage.retention.milliseconds)
    host, port = listener.getsockname()[:2]
    state = open_state(config.storage.path, own.registry, steady, address=f"{host}:{port}")
    history = build_history(config.storage, steady, own)
    queries = Queries(store, config.query, None if history is None else history.blocks)
    pictures = RulePictures(PageQueries(queries, _PICTURE_QUERY_SECONDS), PictureMetrics(own.registry))
    return Core(
        plan=plan,
        listener=listener,
        clock=steady,
        own=own,
        store=store,
        limiter=MemoryLimiter(store, config.storage.memory_limit),
        queries=queries,
        state=state,
        history=history,
        events=build_events(config.storage, steady, own),
        remote_writer=build_remote_writer(config.storage, store, steady, own, history),
        access=CurrentAccess(plan.access),
        job_labels=JobLabels(plan.rule_files, plan.jobs, config.global_.job),
        peers=Peers(secrets.token_hex(8), steady, own.registry),
        in_force=InForce(prepare(plan, state.messages, pictures)),
        pictures=pictures,
        changing=asyncio.Lock(),
    )


def build_remote_writer(
    storage: StorageSection, store: Store, clock: Clock, own: OwnMetrics, history: History | None
) -> RemoteWriter:
    """Build what sends all samples: with a history it catches up after a restart."""
    if history is None:
        return RemoteWriter(store, clock, own.registry)
    return RemoteWriter(store, clock, own.registry, directory=storage.path, blocks=history.blocks)


def build_history(storage: StorageSection, clock: Clock, own: OwnMetrics) -> History | None:
    """Build what keeps all samples on disk; None where that is not wanted, or there is no directory."""
    if storage.path is None or not storage.history:
        return None
    return History(
        storage.path,
        clock,
        own.registry,
        retention_ms=storage.history.milliseconds,
        max_bytes=storage.history_size,
        downsample_after_ms=storage.downsample_after.milliseconds,
    )


def build_events(storage: StorageSection, clock: Clock, own: OwnMetrics) -> EventLog:
    """Build the log of events: in the directory of the state; in memory where there is no history."""
    directory = storage.path if storage.history else None
    return EventLog(
        None if directory is None else directory / FILE_NAME,
        clock,
        own.registry,
        retention_ms=storage.history.milliseconds or _EVENT_RETENTION_MS,
        max_bytes=storage.events_size,
    )


def build_alerting(core: Core) -> Alerting:
    """Build what evaluates rules and notifies."""
    plan, state, queries = core.plan, core.state, core.queries
    evaluation_seconds = plan.config.global_.evaluation_interval.seconds
    forwarder = AlertForwarder(ForwardMetrics(core.own.registry), core.clock)
    alerting = AlertManager(
        plan.routing.config,
        core.in_force.prepared.integrations_of,
        clock=core.clock,
        alert_store=RecordedAlertStore(state.alert_store, core.events),
        metrics=AlertingMetrics(core.own.registry),
        external_url=external_url_of(plan, core.listener, plan.access.config),
        # Every target has been sampled and every rule evaluated once by then.
        options=Options(hold_seconds=patience_seconds(plan) + evaluation_seconds),
        relabel=core.job_labels.of_alert,
    )
    environment = Environment(
        engine=queries.rule_engine,
        store=core.store,
        sink=FanoutSink(alerting, forwarder),
        state=state.alerts,
        events=core.events,
        relabel=core.job_labels.of_alert,
        executor=queries.rule_executor,
        takes_long=queries.rules_take_long,
        reads_disk=queries.rule_reads_disk,
    )
    rules = RuleManager(environment, core.clock)
    core.pictures.connect(rules)
    return Alerting(alerting, forwarder, environment, rules)


def build_watching(core: Core, rules: RuleManager) -> Watching:
    """Build what samples targets, and the page that shows the samples."""
    state, events = core.state, TargetEvents(core.store)
    schedule = SampleScheduler(core.clock)
    target_manager = TargetManager(
        core.store,
        core.clock,
        schedule,
        on_target_change=rules.evaluate_now,
        on_sampled=events.sampled,
        on_reported=events.all_reported,
        before_change=events.before_change,
        records={"queues": state.queues, "keyspace": state.keyspaces},
        events=core.events,
    )
    targets = Targets(
        core.in_force.prepared,
        target_manager=target_manager,
        rules=rules,
        state_store=state,
        lock=core.changing,
    )
    groups = groups_of_all(core.store, target_manager)
    page = MetricsEndpoint(core.store, groups, core.own, core.clock, core.in_force)
    events.connect(targets, page)
    return Watching(schedule, target_manager, targets, page)


def build_otlp(core: Core, target_manager: TargetManager) -> OtlpExporter:
    """Build what sends metrics and events to others by OTLP."""
    host, port = core.listener.getsockname()[:2]
    otlp = OtlpExporter(
        core.store,
        watched=lambda: target_manager.runners,
        instance=f"{host}:{port}",
        clock=core.clock,
        registry=core.own.registry,
    )
    core.events.subscribe(otlp.receive)
    return otlp


def build_settings(core: Core, alerting: Alerting, target_manager: TargetManager) -> Settings:
    """Build what hands single values of the configuration to the parts, and hand them over once."""
    queries = core.queries
    settings = Settings(
        store=core.store,
        limiter=core.limiter,
        events=core.events,
        history=core.history,
        query_budget=queries.budget,
        engines=(queries.rule_engine, queries.engine),
        environment=alerting.environment,
        target_manager=target_manager,
        access=core.access,
        clock=core.clock,
        listener=core.listener,
    )
    settings.apply_values(core.plan)
    core.store.set_required(core.plan.needs)
    return settings


def build_reloader(
    core: Core,
    alerting: Alerting,
    watching: Watching,
    settings: Settings,
    otlp: OtlpExporter,
    load: Callable[[], Plan],
) -> Reloader:
    """Build what goes over to other files."""
    return Reloader(
        core.in_force,
        load,
        Reloadable(
            settings,
            alerting.manager,
            watching.targets,
            alerting.forwarder,
            core.remote_writer,
            alerting.rules,
            core.state.messages,
            core.pictures,
            otlp,
            core.peers,
        ),
        lock=core.changing,
        clock=core.clock,
        own=core.own,
        on_end=watching.page.expire,
        events=DaemonEvents(EventRecorder(core.events, now=core.clock.now)),
    )


def build_housekeeping(core: Core, watching: Watching) -> Housekeeping:
    """Build what keeps the store in bounds."""
    return Housekeeping(
        core.store, core.limiter, core.own, watching.target_manager, core.clock, core.in_force
    )


def build_jobs(core: Core, alerting: Alerting, house: Housekeeping, otlp: OtlpExporter) -> JobScheduler:
    """Build the scheduler of everything periodic that is neither sampling nor rules."""
    jobs = [
        *house.jobs,
        alerting.manager.job,
        *core.state.jobs,
        *(() if core.history is None else core.history.jobs),
        *core.remote_writer.jobs,
        core.events.job,
        core.access.job,
        otlp.job,
    ]
    return JobScheduler(jobs, core.clock, core.own.registry)
