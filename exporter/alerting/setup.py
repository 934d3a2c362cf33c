"""Everything that a configuration decides, built before anything running is touched."""

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from weakref import WeakValueDictionary

from exporter.alerting.alerts import Alerts
from exporter.alerting.delivery import Delivery
from exporter.alerting.dispatcher import Dispatcher, GroupId, Timing
from exporter.alerting.group import Group
from exporter.alerting.inhibition import Inhibitor
from exporter.alerting.integration import Gate, Integration
from exporter.alerting.intervals import Intervals
from exporter.alerting.journal import Journal
from exporter.alerting.log import LogKey, NotificationLog
from exporter.alerting.metrics import Metrics
from exporter.alerting.muting import ActiveIntervals, Inhibit, MuteIntervals, Recall, Silenced
from exporter.alerting.pipeline import Pipeline
from exporter.alerting.routes import Route, build_route
from exporter.alerting.silences import Silences
from exporter.alerting.telling import CountUnsent, Deduplicate, Record, Send
from exporter.clock import Clock
from exporter.config.alertmanager.config import AlertmanagerConfig
from exporter.config.alertmanager.receivers import Receiver
from exporter.notify.not_sent import NotSent


@dataclass(slots=True)
class Services:
    """What outlives a configuration: the state, the clock and the counters."""

    clock: Clock
    metrics: Metrics
    journal: Journal
    alerts: Alerts
    silences: Silences
    log: NotificationLog
    external_url: str
    max_groups: int
    concurrency: int
    rng: random.Random
    locks: WeakValueDictionary[LogKey, asyncio.Lock] = field(default_factory=WeakValueDictionary)

    def lock(self, key: LogKey) -> asyncio.Lock:
        """The lock that whoever tells under this key holds, so that nothing is told twice at a time."""
        lock = self.locks.get(key)
        if lock is None:
            self.locks[key] = lock = asyncio.Lock()
        return lock


class MakeIntegrations(Protocol):
    """Builds what a receiver sends with, in the order of its configuration.

    Raises `exporter.errors.ConfigError`, for a template that does not parse for example.
    """

    def __call__(self, receiver: Receiver, /) -> Sequence[Integration]: ...


@dataclass(frozen=True, slots=True)
class Setup:
    """One configuration, ready to run."""

    config: AlertmanagerConfig
    route: Route
    intervals: Intervals
    inhibitor: Inhibitor
    integrations: Mapping[str, Sequence[Integration]]
    gates: Mapping[str, Sequence[Gate]]
    make_deliveries: Callable[[Group], Sequence[Delivery]]

    @property
    def not_sent(self) -> Sequence[tuple[str, NotSent]]:
        """What is routed to and not sent to, by the names of receivers."""
        routed = self.config.routed_receivers
        return [
            (receiver, integration)
            for receiver, integrations in self.integrations.items()
            for integration in integrations
            if isinstance(integration, NotSent) and receiver in routed
        ]

    def make_dispatcher(self, services: Services, earlier: Mapping[GroupId, Timing]) -> Dispatcher:
        """A dispatcher without groups yet."""
        return Dispatcher(
            self.route,
            self.make_deliveries,
            clock=services.clock,
            metrics=services.metrics,
            limit=services.max_groups,
            earlier=earlier,
        )


def build_setup(
    config: AlertmanagerConfig, make_integrations: MakeIntegrations, services: Services, hold_until: float
) -> Setup:
    """Build everything that can fail; raises `exporter.errors.ConfigError`."""
    integrations = {receiver.name: tuple(make_integrations(receiver)) for receiver in config.receivers}
    intervals = Intervals(config.all_intervals)
    inhibitor = Inhibitor(config.inhibit_rules, services.alerts, hold_until)
    gates = {name: [Gate(services.concurrency) for _ in ones] for name, ones in integrations.items()}
    channels = {
        name: [
            (integration.name, _build_pipeline(integration, gate, services, intervals, inhibitor))
            for integration, gate in zip(of_receiver, gates[name], strict=True)
        ]
        for name, of_receiver in integrations.items()
    }

    def make_deliveries(group: Group) -> Sequence[Delivery]:
        receiver = group.options.receiver
        return [
            _make_delivery(group, pipeline, LogKey(group.key, receiver, name, index), services)
            for index, (name, pipeline) in enumerate(channels[receiver])
        ]

    route = build_route(config.route)
    return Setup(config, route, intervals, inhibitor, integrations, gates, make_deliveries)


def _build_pipeline(
    integration: Integration, gate: Gate, services: Services, intervals: Intervals, inhibitor: Inhibitor
) -> Pipeline:
    """The list of what happens to the alerts of a group."""
    metrics, log, journal, clock = services.metrics, services.log, services.journal, services.clock
    return Pipeline(
        Recall(log),
        Inhibit(inhibitor, metrics),
        ActiveIntervals(intervals, metrics),
        MuteIntervals(intervals, metrics),
        Silenced(services.silences, metrics),
        Deduplicate(integration, log, journal),
        CountUnsent(integration, metrics)
        if isinstance(integration, NotSent)
        else Send(integration, gate, metrics, clock, services.external_url),
        Record(log, journal, clock),
    )


def _make_delivery(group: Group, pipeline: Pipeline, key: LogKey, services: Services) -> Delivery:
    return Delivery(
        group,
        pipeline,
        key,
        services.lock(key),
        metrics=services.metrics,
        journal=services.journal,
        clock=services.clock,
        rng=services.rng,
    )
