"""Status of alerts: active or suppressed, and by which silences and sources."""

from dataclasses import dataclass
from enum import StrEnum

from exporter.alerting.inhibition import HELD, Inhibitor
from exporter.alerting.silences import Silences
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
