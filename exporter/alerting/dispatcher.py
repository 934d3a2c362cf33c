"""Dispatcher: sorts alerts into aggregation groups.

Source of the word: github.com/prometheus/alertmanager, dispatch/dispatch.go.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from exporter.alerting.aggregation_group import AggregationGroup, Flusher
from exporter.alerting.alert_provider import AlertProvider
from exporter.alerting.metrics import DispatcherMetrics
from exporter.alerting.routes import Route
from exporter.clock import Clock
from exporter.log import get_logger
from exporter.model.alert import Alert
from exporter.model.labels import Labels
from exporter.model.quoting import quote

MakeDeliveries = Callable[[AggregationGroup], Sequence[Flusher]]
"""Makes the deliveries of a new group, to the integrations of its receiver."""

GroupId = tuple[str, str, Labels]
"""Identity of a group in another configuration: key of the route, receiver, labels."""

# Alerts that are dispatched between two yields to the event loop.
_BATCH: Final = 100

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class GroupTiming:
    """The next flush of a group (epoch seconds), and whether it had one."""

    due_at: float
    has_flushed: bool


class Dispatcher:
    """All groups of one configuration.

    At most `limit` of them: then alerts that need a new one are left out and counted.
    `earlier` are the groups of the configuration before: the same group keeps its timing.
    """

    def __init__(
        self,
        route: Route,
        make_deliveries: MakeDeliveries,
        *,
        clock: Clock,
        metrics: DispatcherMetrics,
        limit: int,
        earlier: Mapping[GroupId, GroupTiming],
    ) -> None:
        self.route = route
        self._make_deliveries = make_deliveries
        self._clock = clock
        self._metrics = metrics
        self._limit = limit
        self._earlier = earlier
        self._groups: dict[tuple[Route, Labels], AggregationGroup] = {}
        self._is_full = False
        self._is_stopped = False

    @property
    def groups(self) -> Sequence[AggregationGroup]:
        """The groups that hold alerts."""
        return list(self._groups.values())

    def dispatch(self, alert: Alert, not_before: float = 0.0) -> None:
        """Put an alert into its group at every route it matches.

        A group that this creates does not flush before `not_before` (seconds since the epoch) because of it.
        """
        if self._is_stopped:
            return
        now = self._clock.now()
        for route in self.route.match(alert.labels):
            labels = route.group_labels(alert.labels)
            group = self._groups.get((route, labels)) or self._create(route, labels, not_before)
            if group is not None:
                group.insert(alert, max(now, not_before), now)

    async def dispatch_all(self, alerts: AlertProvider) -> None:
        """Put all alerts into their groups; yields to the event loop now and then."""
        for number, labels in enumerate([alert.labels for alert in alerts], 1):
            # The current state: it may have been updated or dropped during a yield.
            alert = alerts.get(labels)
            if alert is not None:
                self.dispatch(alert)
            if number % _BATCH == 0:
                await asyncio.sleep(0)

    def is_pending(self, labels: Labels) -> bool:
        """Return whether a group holds this alert."""
        for route in self.route.match(labels):
            group = self._groups.get((route, route.group_labels(labels)))
            if group is not None and labels in group:
                return True
        return False

    def timings(self) -> Mapping[GroupId, GroupTiming]:
        """Return the timings of the groups, for the dispatcher of the next configuration.

        A group with a notification in flight is due at once there, because retries of this one are cancelled.
        """
        now = self._clock.now()
        return {
            (group.route.key, group.options.receiver, group.labels): GroupTiming(
                now if group.is_notifying else group.due_at, group.has_flushed
            )
            for group in self._groups.values()
        }

    def follow_clock(self, moved: float, change: Callable[[Alert], Alert]) -> None:
        """Move all times by so many seconds, and change every alert."""
        for group in self._groups.values():
            group.follow_clock(moved, change)

    def stop(self) -> Sequence["asyncio.Task[None]"]:
        """Accept and flush no more; return the tasks of what is under way."""
        self._is_stopped = True
        for group in self._groups.values():
            group.stop()
        tasks = [task for delivery in self._deliveries() if (task := delivery.stop()) is not None]
        for group in self._groups.values():
            group.release()
        self._groups = {}
        return tasks

    def _deliveries(self) -> Iterable[Flusher]:
        return (delivery for group in self.groups for delivery in group.deliveries)

    def _create(self, route: Route, labels: Labels, not_before: float) -> AggregationGroup | None:
        if len(self._groups) >= self._limit:
            self._metrics.group_limit_reached.inc()
            if not self._is_full:
                _log.error("too many groups, an alert is left out", limit=self._limit)
            self._is_full = True
            return None
        group = AggregationGroup(route, labels, f"{route.key}:{_format(labels)}", self._clock, self._remove)
        self._groups[(route, labels)] = group
        self._metrics.groups.set(len(self._groups))
        timing = self._timing(route, labels, not_before)
        group.begin(self._make_deliveries(group), timing.due_at, has_flushed=timing.has_flushed)
        return group

    def _timing(self, route: Route, labels: Labels, not_before: float) -> GroupTiming:
        now, options = self._clock.now(), route.options
        earlier = self._earlier.get((route.key, options.receiver, labels))
        if earlier is None:
            return GroupTiming(max(now + options.group_wait, not_before), has_flushed=False)
        longest = options.group_interval if earlier.has_flushed else options.group_wait
        return GroupTiming(min(earlier.due_at, now + longest), earlier.has_flushed)

    def _remove(self, group: AggregationGroup) -> None:
        if self._is_stopped:
            return
        self._groups.pop((group.route, group.labels), None)
        group.release()
        self._metrics.groups.set(len(self._groups))
        self._is_full = False


def _format(labels: Labels) -> str:
    """Format labels as Alertmanager prints them in group keys; values are quoted as Go does."""
    return "{" + ", ".join(f"{name}={quote(value)}" for name, value in labels) + "}"
