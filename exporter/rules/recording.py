"""Recording rules write what their expression returns as series of a new name."""

from exporter.errors import QueryError
from exporter.model.labels import METRIC_NAME, Labels
from exporter.rules.environment import Environment
from exporter.rules.model import RecordSpec, RuleIdentity
from exporter.rules.results import LabelSetter, samples_of
from exporter.rules.status import RuleStatus
from exporter.time_slice import TimeSlice


class RecordingRule:
    """One recording rule."""

    def __init__(self, spec: RecordSpec, identity: RuleIdentity) -> None:
        self.spec = spec
        self.identity = identity
        self.status = RuleStatus()
        self._labels = LabelSetter({**dict(spec.labels), METRIC_NAME: spec.name})

    def follow_clock(self, jumped_ms: int, moved_ms: int) -> None:
        """Follow a clock that was set; recorded samples move with all others."""
        if self.status.evaluated_at_ms:
            self.status.evaluated_at_ms += jumped_ms

    async def evaluate(
        self, at_ms: int, environment: Environment, *, offset_ms: int = 0, limit: int = 0
    ) -> dict[Labels, float]:
        """Evaluate once, with the data of `at_ms - offset_ms`; returns the series to write.

        Raises `QueryError`, also for two results with one labelset and for more series than `limit`.
        """
        took_seconds = self.status.evaluation_seconds
        samples = samples_of(await environment.instant(self.spec.expression, at_ms - offset_ms, took_seconds))
        series: dict[Labels, float] = {}
        async for sample in TimeSlice().each(samples):
            labels = self._labels.apply(sample.labels)
            if labels in series:
                raise QueryError(f"the result holds several series {labels} once the rule's labels are set")
            series[labels] = sample.value
        if 0 < limit < len(series):
            raise QueryError(f"exceeded limit of {limit} with {len(series)} series")
        return series
