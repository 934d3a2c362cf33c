"""What rules need from the rest of the daemon, as protocols, and the settings that all groups share."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from exporter.model.alert import Alert
from exporter.model.labels import EMPTY, Labels
from exporter.promql import Expression, Result
from exporter.rules.output import SampleStore
from exporter.rules.saved import AlertStateStore, MemoryAlertState


class QueryEngine(Protocol):
    """Evaluates PromQL."""

    def instant(self, expression: Expression, at_ms: int) -> Result:
        """The value at a moment; raises `QueryError`."""
        ...


class AlertSink(Protocol):
    """Where alerts go to be routed and notified."""

    async def receive(self, alerts: Sequence[Alert]) -> None: ...


class Availability(Protocol):
    """Tells whether the target that an alert is about can be sampled."""

    def is_sampled(self, labels: Labels) -> bool:
        """False only for labels that belong to a known target whose newest sample failed, or that has not
        been sampled yet."""
        ...


class EverythingSampled:
    """The availability where nothing is ever held: alerts resolve when their data goes, as in Prometheus."""

    def is_sampled(self, labels: Labels) -> bool:
        return True


@dataclass(slots=True)
class Environment:
    """What every group works with. A reload changes the settings in place.

    `external_url` has no slash at its end. `resend_delay_ms`: how long an alert that was sent is not sent
    again.
    Counts: saves of alert state, and handings on of alerts, that failed.
    """

    engine: QueryEngine
    store: SampleStore
    sink: AlertSink
    state: AlertStateStore = field(default_factory=MemoryAlertState)
    availability: Availability = field(default_factory=EverythingSampled)
    external_labels: Labels = EMPTY
    external_url: str = ""
    evaluation_interval_ms: int = 60_000
    resend_delay_ms: int = 60_000
    state_failures_total: int = 0
    sink_failures_total: int = 0
