"""Alert manager: receives alerts, groups them and notifies receivers, behind one object."""

import asyncio
import random
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from exporter.alerting.aggregation_group import AggregationGroup
from exporter.alerting.alert_provider import AlertProvider
from exporter.alerting.alert_store import AlertStore
from exporter.alerting.alertmanager_state import AlertmanagerState
from exporter.alerting.census import AlertCensus
from exporter.alerting.history import HistoryRecord
from exporter.alerting.maintenance import MAINTENANCE_SECONDS, collect_garbage, save_everything
from exporter.alerting.metrics import Metrics
from exporter.alerting.nflog import NotificationLog
from exporter.alerting.not_sent import UnsentReceiver, unsent_receivers
from exporter.alerting.options import Options
from exporter.alerting.pipeline_builder import PipelineBuilder
from exporter.alerting.receiver_state import ReceiverState, states_of
from exporter.alerting.restoring import restore
from exporter.alerting.routes import Route, RouteOptions
from exporter.alerting.saving import expire_saved, put_saved
from exporter.alerting.silences import Silence, Silences
from exporter.alerting.status import AlertStatus, status_of
from exporter.clock import Clock, Leap
from exporter.config.alertmanager.config import AlertmanagerConfig
from exporter.config.alertmanager.receivers import Receiver
from exporter.log import get_logger
from exporter.model.alert import Alert
from exporter.model.labels import Labels
from exporter.notify.integration import Integration
from exporter.timing.job import Job, every

_MAINTENANCE_DEADLINE_SECONDS: Final = 60.0

_log = get_logger(__name__)


class AlertManager:
    """Receives alerts, and notifies the receivers of a configuration.

    Build it, `start` it on the running loop, hand it alerts, `stop` it. Raises
    `exporter.errors.ConfigError` where an integration cannot be built. `relabel` returns the present labels
    of an alert that an earlier version saved.
    """

    def __init__(
        self,
        config: AlertmanagerConfig,
        integration_factory: Callable[[Receiver], Sequence[Integration]],
        *,
        clock: Clock,
        alert_store: AlertStore,
        metrics: Metrics,
        external_url: str,
        options: Options | None = None,
        relabel: Callable[[Labels], Labels] = lambda labels: labels,
        rng: random.Random | None = None,
    ) -> None:
        self._options = options or Options()
        self._relabel = relabel
        self._state = AlertmanagerState(
            clock=clock,
            metrics=metrics,
            alert_store=alert_store,
            alerts=AlertProvider(self._options.max_alerts),
            silences=Silences(self._options.max_silences),
            log=NotificationLog(),
            external_url=external_url,
            max_groups=self._options.max_groups,
            concurrency=self._options.concurrency,
            rng=rng or random.Random(),
        )
        self._pipelines = PipelineBuilder(config, integration_factory, self._state, hold_until=0.0)
        self._dispatcher = self._pipelines.make_dispatcher({})
        self._hold_until = 0.0
        self._retired: set[asyncio.Task[None]] = set()
        self._census = AlertCensus(self.status)
        metrics.watch(lambda: self._census.counts, self._count_silences)
        self._update_config_metrics()

    @property
    def config(self) -> AlertmanagerConfig:
        """The configuration in force."""
        return self._pipelines.config

    @property
    def unsent_receivers(self) -> Sequence[UnsentReceiver]:
        """The receivers with entries that are not sent to."""
        return unsent_receivers(self._pipelines.not_sent)

    @property
    def receiver_states(self) -> Sequence[ReceiverState]:
        """The last result of every entry of a receiver that is sent to."""
        return list(
            states_of(self._pipelines.integrations, self._pipelines.limiters, self._state.clock.now())
        )

    @property
    def integrations(self) -> Mapping[str, Sequence[Integration]]:
        """What notifications are sent by, by the names of receivers."""
        return self._pipelines.integrations

    @property
    def alerts(self) -> Iterable[Alert]:
        """Every alert in memory, resolved ones included."""
        return self._state.alerts

    @property
    def groups(self) -> Sequence[AggregationGroup]:
        """The groups that hold alerts."""
        return self._dispatcher.groups

    @property
    def silences(self) -> Silences:
        """The silences; change them through `put_silence` and `expire_silence` only."""
        return self._state.silences

    async def start(self) -> None:
        """Restore what was saved, and begin to notify."""
        now = self._state.clock.now()
        self._hold_until = self._pipelines.inhibitor.hold_until = now + self._options.hold_seconds
        await self._restore(now)

    async def stop(self, deadline_seconds: float) -> None:
        """Start no more notifications; cancel those that are under way at the deadline."""
        running = {*self._retired, *self._dispatcher.stop()}
        if running:
            _, late = await asyncio.wait(running, timeout=deadline_seconds)
            await _cut_off(late)

    async def receive(self, alerts: Sequence[Alert], *, source: str = "rules") -> None:
        """Receive alerts, firing or resolved; they are saved when this returns.

        One without a start began now; one without an end is assumed to end after `resolve_timeout`. `source`
        is how they came, for the counters.
        """
        now = self._state.clock.now()
        kept = []
        for alert in alerts:
            complete = self._complete(alert, now)
            status = "resolved" if complete.is_resolved(now) else "firing"
            self._state.metrics.received.labels(status, source).inc()
            known = self._ingest(complete, now)
            if known is not None:
                kept.append(known)
        await self._state.alert_store.save_alerts(kept)

    def follow_clock(self, leap: Leap) -> None:
        """Move all times after the clock was set.

        Alerts that fire go on firing, none starts in the future, and reminders come when they would have.
        """
        state, now = self._state, self._state.clock.now()
        before = now - leap.moved

        def follow(alert: Alert) -> Alert:
            shifted = alert.shifted(leap.jumped)
            # Meanwhile no sender could repeat it.
            ends_at = alert.ends_at and alert.ends_at + leap.moved
            return shifted if alert.is_resolved(before) else replace(shifted, ends_at=ends_at)

        state.alerts.change(follow)
        self._dispatcher.follow_clock(leap.moved, follow)
        state.log.shift(leap.jumped)
        state.silences.set_back(before, now)
        self._hold_until += leap.moved
        self._pipelines.inhibitor.hold_until = self._hold_until
        self._retire(asyncio.create_task(save_everything(self._state)))

    def count_invalid(self, count: int, *, source: str) -> None:
        """Count alerts that were refused before they got here."""
        self._state.metrics.invalid.labels(source).inc(count)

    async def reload(
        self,
        config: AlertmanagerConfig,
        integration_factory: Callable[[Receiver], Sequence[Integration]],
        external_url: str = "",
    ) -> None:
        """Apply another configuration.

        Alerts, silences, log and the timing of groups stay, as does the external URL where none is given.

        Raises `exporter.errors.ConfigError`, and then nothing has changed.
        """
        before = self._state
        state = replace(before, external_url=external_url or before.external_url)
        pipelines = PipelineBuilder(config, integration_factory, state, self._hold_until)
        self._state = state
        earlier = self._dispatcher.timings()
        for task in self._dispatcher.stop():
            self._retire(task)
        self._pipelines = pipelines
        self._update_config_metrics()
        self._dispatcher = pipelines.make_dispatcher(earlier)
        await self._dispatcher.dispatch_all(state.alerts)

    def _retire(self, task: "asyncio.Task[None]") -> None:
        """Let a task end by itself; a stop waits for it."""
        self._retired.add(task)
        task.add_done_callback(self._retired.discard)

    async def put_silence(self, silence: Silence) -> Silence:
        """Create or change a silence; it is saved when this returns.

        Raises `InvalidSilenceError` and `UnknownSilenceError` of `exporter.alerting.silences`, and
        `exporter.errors.StateError` where it cannot be saved: then it is as it was before.
        """
        state, now = self._state, self._state.clock.now()
        return await put_saved(state.silences, state.alert_store, silence, now)

    async def expire_silence(self, silence_id: str) -> None:
        """End a silence now.

        Raises `exporter.alerting.silences.UnknownSilenceError`, and `StateError` as `put_silence` does.
        """
        state, now = self._state, self._state.clock.now()
        await expire_saved(state.silences, state.alert_store, silence_id, now)

    async def read_history(self, since: float, limit: int, receiver: str = "") -> Sequence[HistoryRecord]:
        """Return records of notifications, the newest first; see `AlertStore.read_history`."""
        return await self._state.alert_store.read_history(since, limit, receiver)

    def status(self, labels: Labels) -> AlertStatus:
        """Return the silences and sources that mute an alert at present."""
        state = self._state
        return status_of(labels, state.silences, self._pipelines.inhibitor, state.clock.now())

    async def count_alerts(self) -> None:
        """Count the alerts of each state, for the metrics: before they are read."""
        flushed = [group for group in self._dispatcher.groups if group.has_flushed]
        processed = {alert.labels for group in flushed for alert in group.alerts}
        await self._census.count(list(self._state.alerts), processed, self._state.clock.now())

    def routes_of(self, labels: Labels) -> Sequence[Route]:
        """Return the routes of an alert with these labels."""
        return self._pipelines.route.match(labels)

    def receivers_of(self, labels: Labels) -> Sequence[str]:
        """Return the names of the receivers that an alert with these labels is routed to."""
        return [route.options.receiver for route in self.routes_of(labels)]

    def muted_by(self, group: AggregationGroup) -> Sequence[str]:
        """Return the time intervals that mute a group at present."""
        return self._muted_by(group.options)

    def muted_by_route(self, route: Route) -> Sequence[str]:
        """Return the time intervals that mute a route at present."""
        return self._muted_by(route.options)

    def is_muted(self, labels: Labels) -> bool:
        """Return whether time intervals mute every route of an alert at present."""
        return all(self._muted_by(route.options) for route in self.routes_of(labels))

    def _muted_by(self, options: RouteOptions) -> Sequence[str]:
        now = self._state.clock.now()
        active = options.active_intervals
        if active and not self._pipelines.intervals.containing(active, now):
            return active
        return self._pipelines.intervals.containing(options.mute_intervals, now)

    def _update_config_metrics(self) -> None:
        metrics, integrations = self._state.metrics, self._pipelines.integrations
        metrics.notify.expect_unsent(self._pipelines.not_sent)
        for name in self._pipelines.sent_kinds:
            metrics.notify.expect(name)
        metrics.config.applied(
            self.config.to_yaml(),
            receivers=len(integrations),
            integrations=sum(map(len, integrations.values())),
        )

    def _complete(self, alert: Alert, now: float) -> Alert:
        starts_at = alert.starts_at or alert.ends_at or now
        if alert.ends_at:  # Rules round times to milliseconds, which may be ahead of `now`.
            return replace(alert, starts_at=starts_at, updated_at=max(now, alert.updated_at))
        ends_at = now + self.config.global_.resolve_timeout.seconds
        return replace(alert, starts_at=starts_at, ends_at=ends_at, updated_at=now, timeout=True)

    def _ingest(self, alert: Alert, now: float, not_before: float = 0.0) -> Alert | None:
        """Store and dispatch an alert; return it as it is now, None where there is no room for it."""
        state = self._state
        known = state.alerts.get(alert.labels)
        alert_now = state.alerts.put(alert)
        if alert_now is None:
            state.metrics.alerts_refused.inc()
            return None
        self._pipelines.inhibitor.add(alert_now)
        is_repeated_end = (
            known is not None
            and known.is_resolved(now)
            and alert_now.is_resolved(now)
            and known.ends_at == alert_now.ends_at
        )
        if not is_repeated_end:
            self._dispatcher.dispatch(alert_now, not_before)
        return alert_now

    async def _restore(self, now: float) -> None:
        state = self._state
        restored = await restore(state, self._relabel, resume_seconds=self._options.resume_seconds, now=now)
        for alert in restored.alerts:
            self._ingest(alert, now, self._hold_until)
        if restored.is_changed:
            await save_everything(state)
        if restored.obsolete:
            await state.alert_store.delete_alerts(restored.obsolete)

    @property
    def job(self) -> Job:
        """Periodic maintenance: what is over is dropped."""
        return Job(
            "alert_maintenance", self._maintain, every(MAINTENANCE_SECONDS), _MAINTENANCE_DEADLINE_SECONDS
        )

    async def _maintain(self) -> None:
        await collect_garbage(
            self._state,
            self._dispatcher,
            self._pipelines.inhibitor,
            max_log_entries=self._options.max_log_entries,
            now=self._state.clock.now(),
        )

    def _count_silences(self) -> dict[str, int]:
        counts = self._state.silences.count(self._state.clock.now())
        return {state.value: count for state, count in counts.items()}


async def _cut_off(late: Collection["asyncio.Task[None]"]) -> None:
    for task in late:
        task.cancel()
    if late:
        _log.warning("messages were cut off by the shutdown", count=len(late))
        await asyncio.wait(late)
