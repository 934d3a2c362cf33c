"""What happens to the alerts of a group on their way to one integration: a list of stages."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from exporter.alerting.log import LogEntry, LogKey
from exporter.alerting.routes import RouteOptions
from exporter.model.alert import Alert
from exporter.model.labels import Labels
from exporter.notify.notification import UNKNOWN_REASON


@dataclass(slots=True)
class Context:
    """What the stages know besides the alerts, and tell each other. One per try.

    `now` is the moment of the flush: the alerts that are handed in count as firing or resolved by it.
    `deadline` is on the event loop's clock.
    """

    group_key: str
    group_labels: Labels
    options: RouteOptions
    log_key: LogKey
    now: float
    deadline: float
    attempt: int = 1
    entry: LogEntry | None = None
    """What the receiver was told last."""
    hidden: list[Alert] = field(default_factory=list)
    """Alerts that were taken out because they are muted."""
    wake_at: float | None = None
    """When to look again, if earlier than the group would."""
    reason: str = UNKNOWN_REASON
    """Why the receiver is told, in Alertmanager's words."""
    told: tuple[Alert, ...] = ()
    """What the message is about; empty where none needs to be sent."""

    def believes(self, alert: Alert) -> bool:
        """Whether the receiver believes that this alert fires."""
        return self.entry is not None and alert.labels.fingerprint() in self.entry.believed


class Stage(Protocol):
    """One thing that happens to alerts."""

    async def exec(self, context: Context, alerts: Sequence[Alert]) -> Sequence[Alert]:
        """The alerts that go on to the next stage; none ends the way.

        Raises `exporter.errors.NotifyError` where a message could not be delivered.
        """
        ...


class Pipeline:
    """Stages in their order."""

    def __init__(self, *stages: Stage) -> None:
        self._stages = stages

    async def exec(self, context: Context, alerts: Sequence[Alert]) -> Sequence[Alert]:
        """Run the stages until one lets nothing through."""
        for stage in self._stages:
            if not alerts:
                break
            alerts = await stage.exec(context, alerts)
        return alerts
