"""Builds the parts of the daemon from a plan: nothing runs yet, and nothing is asked of a server."""

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass

from exporter.alerting.fanout_sink import FanoutSink
from exporter.alerting.manager import AlertManager
from exporter.alerting.metrics import Metrics as AlertingMetrics
from exporter.alerting.options import Options
from exporter.clock import Clock, SteadyClock, SystemClock
from exporter.housekeeping import Housekeeping
from exporter.jobs import JobScheduler
from exporter.metrics.own import OwnMetrics
from exporter.notify.alertmanager import AlertForwarder, ForwardMetrics
from exporter.prepared import InForce, prepare
from exporter.reload import Plan
from exporter.reloader import Reloadable, Reloader
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


@dataclass(frozen=True, slots=True)
class Ground:
    """Parts that need no others: all else stands on these."""

    plan: Plan
    listener: socket.socket
    clock: SteadyClock
    own: OwnMetrics
    store: Store
    limiter: MemoryLimiter
    queries: Queries
    state: StateStore
    access: CurrentAccess
    job_labels: JobLabels
    in_force: InForce
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


def lay_ground(plan: Plan, listener: socket.socket, clock: Clock | None) -> Ground:
    """Build the parts that need no others.

    Raises `exporter.state.lock.DirectoryInUseError`, `exporter.errors.ConfigError`.
    """
    config = plan.config
    steady, own = SteadyClock(clock or SystemClock()), OwnMetrics()
    store = Store(retention_ms=config.storage.retention.milliseconds)
    host, port = listener.getsockname()[:2]
    state = open_state(config.storage.path, own.registry, steady, address=f"{host}:{port}")
    return Ground(
        plan=plan,
        listener=listener,
        clock=steady,
        own=own,
        store=store,
        limiter=MemoryLimiter(store, config.storage.memory_limit),
        queries=Queries(store, config.query),
        state=state,
        access=CurrentAccess(plan.access),
        job_labels=JobLabels(plan.rule_files, plan.jobs, config.global_.job),
        in_force=InForce(prepare(plan, state.messages)),
        changing=asyncio.Lock(),
    )


def build_alerting(ground: Ground) -> Alerting:
    """Build what evaluates rules and notifies."""
    plan, state, queries = ground.plan, ground.state, ground.queries
    evaluation_seconds = plan.config.global_.evaluation_interval.seconds
    forwarder = AlertForwarder(ForwardMetrics(ground.own.registry), ground.clock)
    alerting = AlertManager(
        plan.routing.config,
        ground.in_force.prepared.integrations_of,
        clock=ground.clock,
        alert_store=state.alert_store,
        metrics=AlertingMetrics(ground.own.registry),
        external_url=external_url_of(plan, ground.listener, plan.access.config),
        # Every target has been sampled and every rule evaluated once by then.
        options=Options(hold_seconds=patience_seconds(plan) + evaluation_seconds),
        relabel=ground.job_labels.of_alert,
    )
    environment = Environment(
        engine=queries.rule_engine,
        store=ground.store,
        sink=FanoutSink(alerting, forwarder),
        state=state.alerts,
        relabel=ground.job_labels.of_alert,
        executor=queries.rule_executor,
        takes_long=queries.rules_take_long,
    )
    return Alerting(alerting, forwarder, environment, RuleManager(environment, ground.clock))


def build_watching(ground: Ground, rules: RuleManager) -> Watching:
    """Build what samples targets, and the page that shows the samples."""
    state, events = ground.state, TargetEvents(ground.store)
    schedule = SampleScheduler(ground.clock)
    target_manager = TargetManager(
        ground.store,
        ground.clock,
        schedule,
        on_target_change=rules.evaluate_now,
        on_sampled=events.sampled,
        on_reported=events.all_reported,
        before_change=events.before_change,
        records={"queues": state.queues, "keyspace": state.keyspaces},
    )
    targets = Targets(
        ground.in_force.prepared,
        target_manager=target_manager,
        rules=rules,
        state_store=state,
        lock=ground.changing,
    )
    groups = groups_of_all(ground.store, target_manager)
    page = MetricsEndpoint(ground.store, groups, ground.own, ground.clock, ground.in_force)
    events.connect(targets, page)
    return Watching(schedule, target_manager, targets, page)


def build_settings(ground: Ground, alerting: Alerting, target_manager: TargetManager) -> Settings:
    """Build what hands single values of the configuration to the parts, and hand them over once."""
    queries = ground.queries
    settings = Settings(
        store=ground.store,
        limiter=ground.limiter,
        query_budget=queries.budget,
        engines=(queries.rule_engine, queries.engine),
        environment=alerting.environment,
        target_manager=target_manager,
        access=ground.access,
        clock=ground.clock,
        listener=ground.listener,
    )
    settings.apply_values(ground.plan)
    ground.store.set_required(ground.plan.needs)
    return settings


def build_reloader(
    ground: Ground, alerting: Alerting, watching: Watching, settings: Settings, load: Callable[[], Plan]
) -> Reloader:
    """Build what goes over to other files."""
    return Reloader(
        ground.in_force,
        load,
        Reloadable(
            settings,
            alerting.manager,
            watching.targets,
            alerting.forwarder,
            alerting.rules,
            ground.state.messages,
        ),
        lock=ground.changing,
        clock=ground.clock,
        own=ground.own,
        on_end=watching.page.expire,
    )


def build_housekeeping(ground: Ground, watching: Watching) -> Housekeeping:
    """Build what keeps the store in bounds."""
    return Housekeeping(
        ground.store, ground.limiter, ground.own, watching.target_manager, ground.clock, ground.in_force
    )


def build_jobs(ground: Ground, alerting: Alerting, house: Housekeeping) -> JobScheduler:
    """Build the scheduler of everything periodic that is neither sampling nor rules."""
    jobs = [*house.jobs, alerting.manager.job, *ground.state.jobs, ground.access.job]
    return JobScheduler(jobs, ground.clock, ground.own.registry)
