"""Restoring of saved alerts, silences and log entries after a start."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from exporter.alerting.alert_store import AlertSnapshot
from exporter.alerting.alertmanager_state import AlertmanagerState
from exporter.errors import StateError
from exporter.log import get_logger
from exporter.model.alert import Alert
from exporter.model.labels import Labels

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RestoredAlerts:
    """The alerts to begin with, and the labels of saved ones that have other labels now.

    `is_changed`: everything has to be saved anew.
    """

    alerts: Sequence[Alert] = ()
    obsolete: Sequence[Labels] = ()
    is_changed: bool = False


async def restore(
    state: AlertmanagerState, relabel: Callable[[Labels], Labels], *, resume_seconds: float, now: float
) -> RestoredAlerts:
    """Restore silences and log entries into the state; return the saved alerts as they count at `now`.

    `relabel` returns the present labels of an alert that an earlier version saved. `resume_seconds`: how long
    an alert that fired when the process ended counts as firing without being repeated.
    """
    try:
        before = await state.alert_store.load()
    except StateError as error:
        _log.error("saved alerts cannot be read, starting without them", error=str(error))
        return RestoredAlerts()
    saved = before.relabelled(relabel)
    alive_at = _alive_at(saved)
    state.silences.restore(saved.silences)
    # A process that ended in the future had a clock that was ahead, and has been set right since.
    ahead = max(0.0, alive_at - now)
    if ahead:
        state.silences.set_back(alive_at, now)
    for entry in saved.entries:
        state.log.put(entry.shifted(-ahead))
    alerts = [
        _resume(alert.shifted(-ahead), alive_at - ahead, now + resume_seconds) for alert in saved.alerts
    ]
    kept = {alert.labels for alert in saved.alerts}
    obsolete = [one.labels for one in before.alerts if one.labels not in kept]
    return RestoredAlerts(alerts, obsolete, is_changed=bool(ahead) or saved is not before)


def _alive_at(saved: AlertSnapshot) -> float:
    """Return the last time at which the process is known to have run."""
    return max(
        (*(entry.at for entry in saved.entries), *(one.updated_at for one in saved.alerts)), default=0.0
    )


def _resume(alert: Alert, alive_at: float, resume_until: float) -> Alert:
    """Return a saved alert as it counts after a start.

    One that fired when the process ended must not look resolved only because it could not be repeated.
    """
    if alert.is_resolved(alive_at):
        return alert
    return replace(alert, ends_at=max(alert.ends_at, resume_until), timeout=True)
