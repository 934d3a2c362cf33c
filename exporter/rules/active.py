"""Active alerts are what a rule keeps in memory."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from exporter.model.labels import METRIC_NAME, Labels
from exporter.rules.texts import Texts

ALERT_STATE: Final = "alertstate"


class AlertState(StrEnum):
    """The state of an alert; inactive: it fired, was resolved, and is kept to be sent as resolved again."""

    INACTIVE = "inactive"
    PENDING = "pending"
    FIRING = "firing"


_MOMENTS: Final = (
    "active_at_ms",
    "fired_at_ms",
    "resolved_at_ms",
    "keep_firing_since_ms",
    "last_sent_at_ms",
    "valid_until_ms",
    "thawed_at_ms",
    "restored_at_ms",
)


@dataclass(slots=True)
class ActiveAlert:
    """One labelset that a rule's expression returned; milliseconds since the epoch, 0: never.

    `frozen`: the expression does not return it, and the data that it is about is missing; `thawed_at_ms`: the
    data is there again since then. `seen_at`: the last time that the expression returned it, in seconds by
    `DataAvailability.moment`. `restored_at_ms`: it was restored after a restart, or is from before a gap in
    the samples, and the expression has not returned it since. `sent_external_labels`: the external labels
    with which it was sent last, where that is known.
    """

    labels: Labels
    annotations: Texts
    value: float
    active_at_ms: int
    state: AlertState = AlertState.PENDING
    fired_at_ms: int = 0
    resolved_at_ms: int = 0
    keep_firing_since_ms: int = 0
    last_sent_at_ms: int = 0
    valid_until_ms: int = 0
    frozen: bool = False
    thawed_at_ms: int = 0
    seen_at: float = 0.0
    restored_at_ms: int = 0
    sent_external_labels: Labels | None = None
    _series: dict[AlertState, tuple[Labels, Labels]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def is_active(self) -> bool:
        """True if the alert is pending or firing."""
        return self.state is not AlertState.INACTIVE

    @property
    def is_firing(self) -> bool:
        """True if the alert is firing."""
        return self.state is AlertState.FIRING

    @property
    def series(self) -> tuple[Labels, Labels]:
        """The series ALERTS and ALERTS_FOR_STATE of an alert in this state."""
        made = self._series.get(self.state)
        if made is None:
            alerts = {METRIC_NAME: "ALERTS", ALERT_STATE: self.state.value}
            for_state = {METRIC_NAME: "ALERTS_FOR_STATE"}
            made = self._series[self.state] = (self.labels.with_(alerts), self.labels.with_(for_state))
        return made

    def refresh(self, value: float, annotations: Texts, seen_at: float) -> None:
        """Take over what the expression has returned again, and thaw the alert."""
        self.value = value
        self.annotations = annotations
        self.seen_at = seen_at
        self.keep_firing_since_ms = 0
        self.frozen = False
        self.thawed_at_ms = 0
        self.restored_at_ms = 0

    def fire(self, at_ms: int) -> None:
        """Change from pending to firing."""
        self.state = AlertState.FIRING
        self.fired_at_ms = at_ms

    def demote(self) -> None:
        """Change from firing back to pending: `for` has been raised."""
        self.state = AlertState.PENDING
        self.fired_at_ms = 0
        self.last_sent_at_ms = 0
        self.keep_firing_since_ms = 0

    def follow_clock(self, jumped_ms: int, moved_ms: int) -> None:
        """Move all timestamps by the jump of a clock that was set; a `for` does not advance by that."""
        waits = {"keep_firing_since_ms"} | ({"active_at_ms"} if self.state is AlertState.PENDING else set())
        for name in _MOMENTS:
            moment = getattr(self, name)
            if moment:
                setattr(self, name, moment + (moved_ms if name in waits else jumped_ms))

    def resolve(self, at_ms: int) -> None:
        """Change from firing to resolved."""
        self.state = AlertState.INACTIVE
        self.resolved_at_ms = at_ms
        self.frozen = False
