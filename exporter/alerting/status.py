"""Where alerts stand: told, or kept quiet, and by what."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from exporter.alerting.inhibition import HELD, Inhibitor
from exporter.alerting.silences import Silences
from exporter.model.alert import Alert
from exporter.model.labels import Labels


class AlertStatusState(StrEnum):
    """Alertmanager's words for it; unprocessed: no group of it has been flushed yet."""

    UNPROCESSED = "unprocessed"
    ACTIVE = "active"
    SUPPRESSED = "suppressed"


@dataclass(frozen=True, slots=True)
class AlertStatus:
    """Ids of the silences, and fingerprints of the alerts, that keep an alert quiet."""

    silenced_by: tuple[str, ...]
    inhibited_by: tuple[str, ...]

    @property
    def state(self) -> AlertStatusState:
        """Suppressed or active."""
        return (
            AlertStatusState.SUPPRESSED if self.silenced_by or self.inhibited_by else AlertStatusState.ACTIVE
        )


def status_of(labels: Labels, silences: Silences, inhibitor: Inhibitor, now: float) -> AlertStatus:
    """The status of an alert at a moment."""
    source = inhibitor.inhibitor_of(labels, now)
    inhibited_by = () if source is None or source == HELD else (source,)
    return AlertStatus(silences.silencing(labels, now), inhibited_by)


def count_states(
    alerts: Iterable[Alert],
    status: Callable[[Labels], AlertStatus],
    is_processed: Callable[[Labels], bool],
    now: float,
) -> dict[AlertStatusState, int]:
    """How many alerts fire in each state."""
    counts = dict.fromkeys(AlertStatusState, 0)
    for alert in alerts:
        if not alert.is_resolved(now):
            state = status(alert.labels).state
            if state is AlertStatusState.ACTIVE and not is_processed(alert.labels):
                state = AlertStatusState.UNPROCESSED
            counts[state] += 1
    return counts
