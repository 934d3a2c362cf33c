"""Pipeline builder: everything that a configuration decides, built before anything running is touched.

Source of the word: `PipelineBuilder` of github.com/prometheus/alertmanager, notify/notify.go.
"""

from collections.abc import Callable, Mapping, Sequence, Set

from exporter.alerting.aggregation_group import AggregationGroup
from exporter.alerting.alertmanager_state import AlertmanagerState
from exporter.alerting.dedup_stage import DedupStage, LookupStage
from exporter.alerting.delivery import Delivery
from exporter.alerting.dispatcher import Dispatcher, GroupId, GroupTiming
from exporter.alerting.inhibition import Inhibitor
from exporter.alerting.intervals import Intervals
from exporter.alerting.mute_stages import (
    InhibitionMuter,
    MuteStage,
    SilenceMuter,
    TimeActiveStage,
    TimeMuteStage,
)
from exporter.alerting.nflog import LogKey
from exporter.alerting.pipeline import MultiStage
from exporter.alerting.rate_limiter import RateLimiter
from exporter.alerting.retry_stage import CountUnsent, RetryStage
from exporter.alerting.routes import build_route
from exporter.alerting.set_notifies_stage import SetNotifiesStage
from exporter.config.alertmanager.config import AlertmanagerConfig
from exporter.config.alertmanager.receivers import Receiver
from exporter.notify.integration import Integration
from exporter.notify.not_sent import NotSent


class PipelineBuilder:
    """Routes, intervals, inhibition, integrations and pipelines of one configuration.

    `integration_factory` builds the integrations of a receiver, in their order. Until `hold_until` (epoch
    seconds) alerts that may be inhibited are held.

    Raises `exporter.errors.ConfigError`, for a template that does not parse for example.
    """

    def __init__(
        self,
        config: AlertmanagerConfig,
        integration_factory: Callable[[Receiver], Sequence[Integration]],
        state: AlertmanagerState,
        hold_until: float,
    ) -> None:
        self.config = config
        self.integrations: Mapping[str, Sequence[Integration]] = {
            receiver.name: tuple(integration_factory(receiver)) for receiver in config.receivers
        }
        self.route = build_route(config.route)
        self.intervals = Intervals(config.all_intervals)
        self.inhibitor = Inhibitor(config.inhibit_rules, state.alerts, hold_until)
        self.limiters: Mapping[str, Sequence[RateLimiter]] = {
            name: [RateLimiter(state.concurrency) for _ in integrations]
            for name, integrations in self.integrations.items()
        }
        self._state = state
        self._pipelines = {
            name: [
                self._build_pipeline(integration, limiter)
                for integration, limiter in zip(integrations, self.limiters[name], strict=True)
            ]
            for name, integrations in self.integrations.items()
        }

    @property
    def not_sent(self) -> Sequence[tuple[str, NotSent]]:
        """The integrations that alerts are routed to and that send nothing, by the names of receivers."""
        routed = self.config.routed_receivers
        return [
            (receiver, integration)
            for receiver, integrations in self.integrations.items()
            for integration in integrations
            if isinstance(integration, NotSent) and receiver in routed
        ]

    @property
    def sent_kinds(self) -> Set[str]:
        """The kinds of receivers that notifications are sent to."""
        return {
            integration.name
            for integrations in self.integrations.values()
            for integration in integrations
            if not isinstance(integration, NotSent)
        }

    def make_dispatcher(self, earlier: Mapping[GroupId, GroupTiming]) -> Dispatcher:
        """Return a dispatcher without groups; those of `earlier` keep their timing."""
        return Dispatcher(
            self.route,
            self.make_deliveries,
            clock=self._state.clock,
            metrics=self._state.metrics.dispatcher,
            limit=self._state.max_groups,
            earlier=earlier,
        )

    def make_deliveries(self, group: AggregationGroup) -> Sequence[Delivery]:
        """Return the deliveries of a group, one for each integration of its receiver."""
        receiver = group.options.receiver
        pairs = zip(self.integrations[receiver], self._pipelines[receiver], strict=True)
        return [
            self._make_delivery(group, pipeline, LogKey(group.key, receiver, integration.name, index))
            for index, (integration, pipeline) in enumerate(pairs)
        ]

    def _build_pipeline(self, integration: Integration, limiter: RateLimiter) -> MultiStage:
        """Return the list of what happens to the alerts of a group."""
        state = self._state
        metrics, log, alert_store, clock = state.metrics.notify, state.log, state.alert_store, state.clock
        return MultiStage(
            LookupStage(log),
            MuteStage(InhibitionMuter(self.inhibitor), metrics),
            TimeActiveStage(self.intervals, metrics),
            TimeMuteStage(self.intervals, metrics),
            MuteStage(SilenceMuter(state.silences), metrics),
            DedupStage(integration, log, alert_store),
            CountUnsent(integration, metrics)
            if isinstance(integration, NotSent)
            else RetryStage(integration, limiter, metrics, clock, state.external_url),
            SetNotifiesStage(log, alert_store, clock),
        )

    def _make_delivery(self, group: AggregationGroup, pipeline: MultiStage, key: LogKey) -> Delivery:
        state = self._state
        return Delivery(
            group,
            pipeline,
            key,
            state.lock(key),
            metrics=state.metrics.notify,
            alert_store=state.alert_store,
            clock=state.clock,
            rng=state.rng,
        )
