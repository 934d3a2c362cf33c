"""Pipeline of stages that the alerts of a group pass on their way to one integration.

Source: `Stage` and `MultiStage` of github.com/prometheus/alertmanager, notify/.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from exporter.alerting.nflog import LogEntry, LogKey
from exporter.alerting.routes import RouteOptions
from exporter.model.alert import Alert
from exporter.model.labels import Labels
from exporter.notify.notification import UNKNOWN_REASON


@dataclass(slots=True)
class NotifyContext:
    """Values that the stages share besides the alerts. One per attempt.

    `now` is the moment of the flush in seconds since the epoch: the alerts that are handed in count as firing
    or resolved by it. `deadline` is on the event loop's clock.
    """

    group_key: str
    group_labels: Labels
    options: RouteOptions
    log_key: LogKey
    now: float
    deadline: float
    attempt: int = 1
    entry: LogEntry | None = None
    """The notification log's entry: what the receiver was notified of last."""
    muted: list[Alert] = field(default_factory=list)
    """Alerts that were taken out because they are muted."""
    muted_by: dict[Labels, str] = field(default_factory=dict)
    """By the labels of these the reasons, as the metric of suppressed alerts has them."""
    held: set[Labels] = field(default_factory=set)
    """The labels of those among them that are only held after a start, until it is known what inhibits."""
    firing: frozenset[int] = frozenset()
    """Fingerprints of the alerts that fire, of those that are not muted."""
    resolved: frozenset[int] = frozenset()
    """Fingerprints of the alerts that are resolved, of those that are not muted."""
    wake_at: float | None = None
    """Epoch seconds of the next flush, if it has to come earlier than the group's."""
    reason: str = UNKNOWN_REASON
    """The reason of the notification, in Alertmanager's words."""
    sent_alerts: tuple[Alert, ...] = ()
    """The alerts of the notification; empty where none needs to be sent."""

    def was_notified_firing(self, alert: Alert) -> bool:
        """Return whether the receiver was notified that this alert fires, and not of its end since."""
        return self.entry is not None and alert.labels.fingerprint() in self.entry.notified_firing


class Stage(Protocol):
    """Step of a pipeline."""

    async def exec(self, context: NotifyContext, alerts: Sequence[Alert]) -> Sequence[Alert]:
        """Return the alerts for the next stage; an empty result stops the pipeline.

        Raises `exporter.errors.NotifyError` where a notification could not be delivered.
        """
        ...


class MultiStage:
    """Executes stages in their order."""

    def __init__(self, *stages: Stage) -> None:
        self._stages = stages

    async def exec(self, context: NotifyContext, alerts: Sequence[Alert]) -> Sequence[Alert]:
        """Execute the stages until one of them returns no alerts."""
        for stage in self._stages:
            if not alerts:
                break
            alerts = await stage.exec(context, alerts)
        return alerts
