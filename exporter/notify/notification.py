"""Notification: the alerts of one group, for one receiver."""

from dataclasses import dataclass
from typing import Final

from exporter.model.alert import Alert
from exporter.model.labels import EMPTY, Labels

UNKNOWN_REASON: Final = "unknown"
"""The reason of a notification that has none."""


@dataclass(frozen=True, slots=True)
class Notification:
    """One notification, before an integration formats it.

    `now` is the moment it is about, in seconds since the epoch: an alert counts as resolved by it. An alert
    that still fires has no `ends_at`. `truncated_alerts` is how many alerts were left out of `alerts`.
    `route_labels` are those of the route that it comes by, `reason` is why it is sent. `notified_firing`
    are the fingerprints of the alerts that an earlier notification said to fire. `is_trial`: it is a test,
    and somebody waits to hear what does not work.
    """

    receiver: str
    group_key: str
    group_labels: Labels
    alerts: tuple[Alert, ...]
    external_url: str
    now: float
    truncated_alerts: int = 0
    route_labels: Labels = EMPTY
    reason: str = UNKNOWN_REASON
    notified_firing: frozenset[int] = frozenset()
    is_trial: bool = False
