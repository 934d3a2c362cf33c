"""Stages that mute alerts: inhibition, silences and time intervals.

A muted alert is taken out, with one exception: the end of an alert is sent even so, once, to a receiver that
was notified that it fires. (Alertmanager drops it, and people go on to think that it fires: its issues 226
and 2754.)

Source: `MuteStage`, `TimeActiveStage`, `TimeMuteStage` of github.com/prometheus/alertmanager, notify/mute.go.
"""

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from exporter.alerting.inhibition import HELD, Inhibitor
from exporter.alerting.intervals import Intervals
from exporter.alerting.notify_metrics import NotifyMetrics
from exporter.alerting.pipeline import NotifyContext
from exporter.alerting.silences import Silences
from exporter.model.alert import Alert
from exporter.model.labels import Labels


class Muter(Protocol):
    """Decides whether an alert is muted."""

    @property
    def reason(self) -> str:
        """Return the label of the metric of suppressed alerts."""
        ...

    def mutes(self, context: NotifyContext, labels: Labels) -> bool:
        """Return whether the alert with these labels is muted at the moment of the context."""
        ...


class InhibitionMuter:
    """Mutes alerts that a firing source inhibits."""

    reason: Final = "inhibition"

    def __init__(self, inhibitor: Inhibitor) -> None:
        self._inhibitor = inhibitor

    def mutes(self, context: NotifyContext, labels: Labels) -> bool:
        """Return whether an alert is inhibited; where it is only held after a start, flush after that."""
        inhibitor = self._inhibitor.inhibitor_of(labels, context.now)
        if inhibitor == HELD:
            context.wake_at = self._inhibitor.hold_until
            context.held.add(labels)
        return inhibitor is not None


class SilenceMuter:
    """Mutes alerts that an active silence matches."""

    reason: Final = "silence"

    def __init__(self, silences: Silences) -> None:
        self._silences = silences

    def mutes(self, context: NotifyContext, labels: Labels) -> bool:
        """Return whether an alert is silenced."""
        return bool(self._silences.silencing(labels, context.now))


class MuteStage:
    """Takes out the alerts that a muter mutes."""

    def __init__(self, muter: Muter, metrics: NotifyMetrics) -> None:
        self._muter = muter
        self._metrics = metrics

    async def exec(self, context: NotifyContext, alerts: Sequence[Alert]) -> Sequence[Alert]:
        """Return the alerts that are not muted, and ends that the receiver has to learn."""
        return _take_out(
            context,
            alerts,
            lambda alert: self._muter.mutes(context, alert.labels),
            self._muter.reason,
            self._metrics,
        )


class TimeActiveStage:
    """Takes all alerts out while the route is outside its active time intervals."""

    reason: Final = "active_time_interval"

    def __init__(self, intervals: Intervals, metrics: NotifyMetrics) -> None:
        self._intervals = intervals
        self._metrics = metrics

    async def exec(self, context: NotifyContext, alerts: Sequence[Alert]) -> Sequence[Alert]:
        """Return all alerts, or none but ends that the receiver has to learn."""
        names = context.options.active_intervals
        if not names or self._intervals.containing(names, context.now):
            return alerts
        return _take_out(context, alerts, _always, self.reason, self._metrics)


class TimeMuteStage:
    """Takes all alerts out while the route is inside a mute time interval."""

    reason: Final = "mute_time_interval"

    def __init__(self, intervals: Intervals, metrics: NotifyMetrics) -> None:
        self._intervals = intervals
        self._metrics = metrics

    async def exec(self, context: NotifyContext, alerts: Sequence[Alert]) -> Sequence[Alert]:
        """Return all alerts, or none but ends that the receiver has to learn."""
        if not self._intervals.containing(context.options.mute_intervals, context.now):
            return alerts
        return _take_out(context, alerts, _always, self.reason, self._metrics)


def _always(_: Alert) -> bool:
    return True


def _take_out(
    context: NotifyContext,
    alerts: Sequence[Alert],
    is_muted: Callable[[Alert], bool],
    reason: str,
    metrics: NotifyMetrics,
) -> Sequence[Alert]:
    left: list[Alert] = []
    for alert in alerts:
        is_news = alert.is_resolved(context.now) and context.was_notified_firing(alert)
        if is_news or not is_muted(alert):
            left.append(alert)
        else:
            context.muted.append(alert)
            context.muted_by[alert.labels] = reason
    if len(left) < len(alerts):
        metrics.suppressed.labels(reason).inc(len(alerts) - len(left))
    return left
