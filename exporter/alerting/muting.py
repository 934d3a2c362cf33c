"""The stages that keep alerts quiet.

A muted alert is taken out, with one exception: that an alert is over is told even so, once, to whoever was
told that it fires. (Alertmanager drops it, and the receiver goes on to believe that it fires: its issues 226
and 2754.)
"""

from collections.abc import Callable, Sequence

from exporter.alerting.inhibition import HELD, Inhibitor
from exporter.alerting.intervals import Intervals
from exporter.alerting.log import NotificationLog
from exporter.alerting.metrics import Metrics
from exporter.alerting.pipeline import Context
from exporter.alerting.silences import Silences
from exporter.model.alert import Alert


class Recall:
    """Looks up what the receiver has been told."""

    def __init__(self, log: NotificationLog) -> None:
        self._log = log

    async def exec(self, context: Context, alerts: Sequence[Alert]) -> Sequence[Alert]:
        context.entry = self._log.get(context.log_key, context.now)
        return alerts


class _Mute:
    """Takes out the alerts of which `is_muted` says so."""

    reason = ""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def _filter(
        self, context: Context, alerts: Sequence[Alert], is_muted: Callable[[Alert], bool]
    ) -> Sequence[Alert]:
        loud: list[Alert] = []
        for alert in alerts:
            is_news = alert.is_resolved(context.now) and context.believes(alert)
            (loud if is_news or not is_muted(alert) else context.hidden).append(alert)
        if len(loud) < len(alerts):
            self._metrics.suppressed.labels(self.reason).inc(len(alerts) - len(loud))
        return loud


class Inhibit(_Mute):
    """Takes out what a firing source inhibits."""

    reason = "inhibition"

    def __init__(self, inhibitor: Inhibitor, metrics: Metrics) -> None:
        super().__init__(metrics)
        self._inhibitor = inhibitor

    async def exec(self, context: Context, alerts: Sequence[Alert]) -> Sequence[Alert]:
        def is_inhibited(alert: Alert) -> bool:
            inhibitor = self._inhibitor.inhibitor_of(alert.labels, context.now)
            if inhibitor == HELD:
                context.wake_at = self._inhibitor.hold_until
            return inhibitor is not None

        return self._filter(context, alerts, is_inhibited)


class ActiveIntervals(_Mute):
    """Takes everything out while the route is outside its active time intervals."""

    reason = "active_time_interval"

    def __init__(self, intervals: Intervals, metrics: Metrics) -> None:
        super().__init__(metrics)
        self._intervals = intervals

    async def exec(self, context: Context, alerts: Sequence[Alert]) -> Sequence[Alert]:
        names = context.options.active_intervals
        if not names or self._intervals.containing(names, context.now):
            return alerts
        return self._filter(context, alerts, lambda _: True)


class MuteIntervals(_Mute):
    """Takes everything out while the route is inside a mute time interval."""

    reason = "mute_time_interval"

    def __init__(self, intervals: Intervals, metrics: Metrics) -> None:
        super().__init__(metrics)
        self._intervals = intervals

    async def exec(self, context: Context, alerts: Sequence[Alert]) -> Sequence[Alert]:
        if not self._intervals.containing(context.options.mute_intervals, context.now):
            return alerts
        return self._filter(context, alerts, lambda _: True)


class Silenced(_Mute):
    """Takes out what a silence matches."""

    reason = "silence"

    def __init__(self, silences: Silences, metrics: Metrics) -> None:
        super().__init__(metrics)
        self._silences = silences

    async def exec(self, context: Context, alerts: Sequence[Alert]) -> Sequence[Alert]:
        return self._filter(
            context, alerts, lambda alert: bool(self._silences.silencing(alert.labels, context.now))
        )
