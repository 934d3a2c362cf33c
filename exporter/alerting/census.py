"""How many alerts there are in each state, for the metrics."""

from collections.abc import Callable, Mapping, Sequence, Set

from exporter.alerting.status import AlertStatus, AlertStatusState
from exporter.model.alert import Alert
from exporter.model.labels import Labels
from exporter.time_slice import TimeSlice


class AlertCensus:
    """The firing alerts of each state (`counts`), as they were when they were counted last."""

    def __init__(self, status: Callable[[Labels], AlertStatus]) -> None:
        self._status = status
        self._counts = dict.fromkeys(AlertStatusState, 0)

    @property
    def counts(self) -> Mapping[str, int]:
        """How many there are, by the name of the state."""
        return {state.value: count for state, count in self._counts.items()}

    async def count(self, alerts: Sequence[Alert], processed: Set[Labels], now: float) -> None:
        """Count them anew, at `now` (epoch seconds); `processed` are those in groups that were flushed.

        Gives way in between, since thousands of alerts are looked up among as many silences.
        """
        turn = TimeSlice()
        counts = dict.fromkeys(AlertStatusState, 0)
        for alert in alerts:
            if turn.is_over:
                await turn.yield_control()
            if not alert.is_resolved(now):
                state = self._status(alert.labels).state
                is_waiting = state is AlertStatusState.ACTIVE and alert.labels not in processed
                counts[AlertStatusState.UNPROCESSED if is_waiting else state] += 1
        self._counts = counts
