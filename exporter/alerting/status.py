"""Status of alerts: active or suppressed, and by which silences and sources."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from exporter.alerting.inhibition import HELD, Inhibitor
from exporter.alerting.silences import Silences
from exporter.model.alert import Alert
from exporter.model.labels import Labels


class AlertStatusState(StrEnum):
    """State of an alert in API v2; unprocessed: no group of it has been flushed yet."""

    UNPROCESSED = "unprocessed"
    ACTIVE = "active"
    SUPPRESSED = "suppressed"


@dataclass(frozen=True, slots=True)
class AlertStatus:
    """Ids of the silences, and fingerprints of the alerts, that suppress an alert."""

    silenced_by: tuple[str, ...]
    inhibited_by: tuple[str, ...]

    @property
    def state(self) -> AlertStatusState:
        """Return suppressed or active."""
        return (
            AlertStatusState.SUPPRESSED if self.silenced_by or self.inhibited_by else AlertStatusState.ACTIVE
        )


def status_of(labels: Labels, silences: Silences, inhibitor: Inhibitor, now: float) -> AlertStatus:
    """Return the status of an alert at `now` (epoch seconds)."""
    source = inhibitor.inhibitor_of(labels, now)
    inhibited_by = () if source is None or source == HELD else (source,)
    return AlertStatus(silences.silencing(labels, now), inhibited_by)


def count_states(
    alerts: Iterable[Alert],
    status: Callable[[Labels], AlertStatus],
    is_processed: Callable[[Labels], bool],
    now: float,
) -> dict[AlertStatusState, int]:
    """Count the firing alerts of each state."""
    counts = dict.fromkeys(AlertStatusState, 0)
    for alert in alerts:
        if not alert.is_resolved(now):
            state = status(alert.labels).state
            if state is AlertStatusState.ACTIVE and not is_processed(alert.labels):
                state = AlertStatusState.UNPROCESSED
            counts[state] += 1
    return counts
