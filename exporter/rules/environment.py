"""The environment of rules: protocols for the rest of the daemon, and settings that all groups share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeVar

from exporter.discovery.relabeling import Relabeling
from exporter.events import EventSink, NoEvents
from exporter.model.alert import Alert
from exporter.model.labels import EMPTY, Labels
from exporter.promql import Expression, Pace, Result
from exporter.rules.job_labels import unchanged
from exporter.rules.origins import Origins
from exporter.rules.output import SampleStore
from exporter.rules.saved import AlertStateStore, MemoryAlertState

# An evaluation that takes less is not worth a thread.
_SHORT_SECONDS: Final = 0.005
_T = TypeVar("_T")


class QueryEngine(Protocol):
    """An engine that evaluates PromQL."""

    def instant(self, expression: Expression, at_ms: int, *, pace: Pace | None = None) -> Result:
        """Evaluate at a time, yielding control at a pace; raises `QueryError`."""
        ...


class Executor(Protocol):
    """An executor that runs long computations cooperatively with the event loop."""

    async def run(self, compute: Callable[[Pace], _T]) -> _T:
        """Return the result of a computation, or raise what it raises."""
        ...


class AlertSink(Protocol):
    """The receiver of alerts, which routes them and notifies."""

    async def receive(self, alerts: Sequence[Alert]) -> None:
        """Take alerts of one evaluation."""
        ...


class DataAvailability(Protocol):
    """Tells whether data behind an alert is missing, so that a missing result must not resolve it."""

    def moment(self, at_ms: int | None = None) -> float:
        """Return the time now, or that of `at_ms`, in monotonic seconds, by which outages are ordered."""
        ...

    def is_missing(self, labels: Labels, metrics: frozenset[str], since: float) -> bool:
        """Tell whether a server cannot be sampled that these metrics with these labels come from.

        `labels` are the alert's, without those that its rule sets; where they name no server, as those of a
        sum over many do not, every server counts that had a part in it and has been missing since that moment
        at the earliest. Without `metrics` any metric may be meant.
        """
        ...


class EverythingSampled:
    """The availability that freezes nothing: alerts resolve when their data goes, as in Prometheus."""

    def moment(self, at_ms: int | None = None) -> float:
        """Return 0: no outage is ordered."""
        return 0.0

    def is_missing(self, labels: Labels, metrics: frozenset[str], since: float) -> bool:
        """Return False: nothing is missing."""
        return False


@dataclass(slots=True)
class Environment:
    """The parts and settings that every group works with; a reload changes them in place.

    `origins` are those of the series that all rules record. `external_url` has no slash at its end.
    `relabel` gives the labels of today to an alert that was saved by an earlier version.
    `executor` runs evaluations that take long: all, where `takes_long` says so, and those that `reads_disk`
    picks; without one the event loop waits for them. `resend_delay_ms`: how long an alert that was sent is
    not sent again.
    `events` keeps how alerts change.
    Counts: saves of alert state, and handings on of alerts, that failed.
    """

    engine: QueryEngine
    store: SampleStore
    sink: AlertSink
    state: AlertStateStore = field(default_factory=MemoryAlertState)
    availability: DataAvailability = field(default_factory=EverythingSampled)
    origins: Origins = field(default_factory=dict)
    events: EventSink = field(default_factory=NoEvents)
    relabel: Callable[[Labels], Labels] = unchanged
    external_labels: Labels = EMPTY
    alert_relabeling: Relabeling = field(default_factory=Relabeling)
    external_url: str = ""
    executor: Executor | None = None
    takes_long: Callable[[], bool] = lambda: False
    reads_disk: Callable[[Expression], bool] = lambda expression: False
    evaluation_interval_ms: int = 60_000
    resend_delay_ms: int = 60_000
    state_failures_total: int = 0
    sink_failures_total: int = 0

    def outgoing_labels(self, labels: Labels, external: Labels | None = None) -> Labels | None:
        """Return the labels with which an alert of a rule is sent; None where relabelling drops it.

        `external` are other external labels than those in force.
        """
        added = self.external_labels if external is None else external
        relabelled = self.alert_relabeling.apply({**added.as_dict(), **labels.as_dict()})
        return None if relabelled is None else Labels(relabelled)

    def needs_executor(self, took_seconds: float) -> bool:
        """Tell whether an evaluation, the last of which took so long, is to run by the executor."""
        return self.executor is not None and (took_seconds >= _SHORT_SECONDS or self.takes_long())

    async def instant(self, expression: Expression, at_ms: int, took_seconds: float) -> Result:
        """Evaluate a rule's expression, whose last evaluation took so long; raises `QueryError`."""
        if self.executor is None or not (self.needs_executor(took_seconds) or self.reads_disk(expression)):
            return self.engine.instant(expression, at_ms)
        return await self.executor.run(lambda pace: self.engine.instant(expression, at_ms, pace=pace))
