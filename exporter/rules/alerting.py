"""Alerting rules turn what their expression returns into alerts that are pending, firing and resolved.

The states and their order are those of Prometheus (rules/alerting.go). It differs in that an alert is frozen
while its data cannot be sampled.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from exporter.errors import QueryError
from exporter.model.labels import METRIC_NAME, Labels
from exporter.promql import Pace, VectorSample
from exporter.rules.active import ActiveAlert, AlertState
from exporter.rules.annotations import Expander
from exporter.rules.changes import FIRING, INACTIVE, PENDING, RESOLVED, Change, record_changes
from exporter.rules.environment import Environment
from exporter.rules.model import AlertSpec, RuleIdentity
from exporter.rules.origins import metrics_behind
from exporter.rules.results import LabelSetter, samples_of
from exporter.rules.status import RuleStatus
from exporter.rules.texts import Texts
from exporter.time_slice import TimeSlice

ALERT_NAME: Final = "alertname"
# A resolved alert is kept, and sent as resolved again, for so long.
RESOLVED_RETENTION_MS: Final = 15 * 60_000


@dataclass(frozen=True, slots=True)
class _Finding:
    """One labelset that the expression returned this time."""

    value: float
    annotations: Texts


class AlertingRule:
    """One alerting rule and its alerts.

    `interval_ms` is that of its group: an alert stays frozen for so long after its target came back, so that
    expressions over a range have samples again.
    """

    def __init__(self, spec: AlertSpec, identity: RuleIdentity, *, interval_ms: int) -> None:
        self.spec = spec
        self.identity = identity
        self.interval_ms = interval_ms
        # An alert from before a restart, or before a gap in the samples, is frozen for so long.
        self._freeze_ms = 2 * interval_ms
        self.status = RuleStatus()
        self.active: dict[Labels, ActiveAlert] = {}
        plain = all(text.template is None and not text.fault for text in spec.labels)
        fixed = {METRIC_NAME: "", **dict(spec.label_texts), ALERT_NAME: spec.name}
        self._setter = LabelSetter(fixed) if plain else None
        self.text_fault = ""
        """What was wrong with a label or annotation the last time that there was an alert; empty: nothing."""
        # A template with the word may query the store, which takes long.
        texts = (*spec.labels, *spec.annotations)
        self._asks = any(text.template is not None and "query" in text.source for text in texts)

    @property
    def state(self) -> AlertState:
        """The highest state among the alerts."""
        states = {alert.state for alert in self.active.values()}
        for state in (AlertState.FIRING, AlertState.PENDING):
            if state in states:
                return state
        return AlertState.INACTIVE

    @property
    def active_alerts(self) -> list[ActiveAlert]:
        """The pending and the firing ones."""
        return [alert for alert in self.active.values() if alert.is_active]

    def follow_clock(self, jumped_ms: int, moved_ms: int) -> None:
        """Follow a clock that jumped by so much, while time moved on by so much at once."""
        for alert in self.active.values():
            alert.follow_clock(jumped_ms, moved_ms)
            if moved_ms > 0 and alert.is_active:
                alert.restored_at_ms = alert.active_at_ms
        self.record_gap(moved_ms)
        if self.status.evaluated_at_ms:
            self.status.evaluated_at_ms += jumped_ms

    def record_gap(self, gap_ms: int) -> None:
        """Freeze alerts after a gap in the samples, until the range of the expression has samples again."""
        if gap_ms > 0:
            self._freeze_ms = max(3 * self.interval_ms, min(self.spec.expression.longest_range_ms, gap_ms))

    def resume(self, at_ms: int) -> None:
        """Resume with the first evaluation after a gap or a restart, which may have had to wait for samples.

        Alerts that are frozen stay so as if the last evaluation had been an interval ago.
        """
        for alert in self.active.values():
            if alert.restored_at_ms:
                alert.restored_at_ms = max(alert.restored_at_ms, at_ms - self.interval_ms)

    async def evaluate(
        self, at_ms: int, environment: Environment, *, offset_ms: int = 0, limit: int = 0
    ) -> dict[Labels, float]:
        """Evaluate once, with the data of `at_ms - offset_ms`; returns the series to write.

        Raises `QueryError`; the alerts then are as they were before, except that going over `limit` drops
        them all.
        """
        took_seconds = self.status.evaluation_seconds
        result = await environment.instant(self.spec.expression, at_ms - offset_ms, took_seconds)
        found = await self._expand(samples_of(result), at_ms, environment, took_seconds)
        # The time of the data, since a target that was lost after that still had a part in the result.
        changes: list[Change] = []
        self._merge(found, at_ms, environment.availability.moment(at_ms - offset_ms), changes)
        self._advance(found, at_ms, environment, changes)
        await record_changes(environment, self.spec, changes, at_ms)
        count = len(self.active_alerts)
        if 0 < limit < count:
            self.active.clear()
            raise QueryError(f"exceeded limit of {limit} with {count} alerts")
        return await self._series()

    async def _expand(
        self, samples: Sequence[VectorSample], at_ms: int, environment: Environment, took_seconds: float
    ) -> dict[Labels, _Finding]:
        found: dict[Labels, _Finding] = {}
        expander = Expander(environment, at_ms)
        executor = environment.executor if environment.needs_executor(took_seconds) else None
        if samples and self._asks and executor is not None:

            def expand(pace: Pace) -> Expander:
                paced = Expander(environment, at_ms, pace)
                for _ in self._findings(samples, paced, found):
                    pace.yield_control()
                return paced

            expander = await executor.run(expand)
        else:
            await TimeSlice().through(self._findings(samples, expander, found))
        if samples:
            self.text_fault = expander.fault
        return found

    def _findings(
        self, samples: Sequence[VectorSample], expander: Expander, found: dict[Labels, _Finding]
    ) -> Iterator[None]:
        """Fill in the findings, one per step, so that the caller can yield control in between."""
        for sample in samples:
            labels = self._labels(expander, sample)
            if labels in found:
                raise QueryError(f"the result holds several alerts with the labels {labels}")
            found[labels] = _Finding(sample.value, expander.expand(self.spec.annotations, sample))
            yield

    def _labels(self, expander: Expander, sample: VectorSample) -> Labels:
        setter = self._setter
        if setter is None:
            own = dict(expander.expand(self.spec.labels, sample))
            return sample.labels.with_({METRIC_NAME: "", **own, ALERT_NAME: self.spec.name})
        return setter.apply(sample.labels)

    def _merge(
        self, found: Mapping[Labels, _Finding], at_ms: int, moment: float, changes: list[Change]
    ) -> None:
        for labels, finding in found.items():
            known = self.active.get(labels)
            if known is not None and known.is_active:
                known.refresh(finding.value, finding.annotations, moment)
            else:
                alert = self.active[labels] = ActiveAlert(
                    labels, finding.annotations, finding.value, at_ms, seen_at=moment
                )
                if self.spec.for_ms:
                    changes.append(Change(alert, PENDING))

    def _advance(
        self,
        found: Mapping[Labels, _Finding],
        at_ms: int,
        environment: Environment,
        changes: list[Change],
    ) -> None:
        for labels, alert in list(self.active.items()):
            if labels not in found and not self._keep_absent(alert, at_ms, environment, changes):
                continue
            age_ms = at_ms - alert.active_at_ms
            if alert.state is AlertState.PENDING and age_ms >= self.spec.for_ms and not alert.restored_at_ms:
                alert.fire(at_ms)
                changes.append(Change(alert, FIRING))
            elif alert.is_firing and 0 <= age_ms < self.spec.for_ms:
                alert.demote()

    def _keep_absent(
        self, alert: ActiveAlert, at_ms: int, environment: Environment, changes: list[Change]
    ) -> bool:
        """Advance an alert that the expression did not return; true while it counts as active."""
        if alert.is_active and self._is_frozen(alert, at_ms, environment):
            return True
        if alert.is_firing and self._keeps_firing(alert, at_ms):
            return True
        if alert.is_firing:
            alert.resolve(at_ms)
            changes.append(Change(alert, RESOLVED))
        elif alert.state is AlertState.PENDING:
            del self.active[alert.labels]
            changes.append(Change(alert, INACTIVE))
        elif at_ms - alert.resolved_at_ms > RESOLVED_RETENTION_MS:
            del self.active[alert.labels]
        return False

    def _is_frozen(self, alert: ActiveAlert, at_ms: int, environment: Environment) -> bool:
        """Tell whether a missing result leaves the alert: its target is down or has just come back."""
        if alert.restored_at_ms and at_ms - alert.restored_at_ms < self._freeze_ms:
            # Targets that were down when the daemon started are taken to have had no part in it.
            alert.seen_at = environment.availability.moment()
            return True
        if alert.state is AlertState.PENDING:
            return False
        if self._is_missing(alert, environment):
            alert.frozen, alert.thawed_at_ms = True, 0
            return True
        if alert.frozen and not alert.thawed_at_ms:
            alert.thawed_at_ms = at_ms
        return alert.frozen and at_ms - alert.thawed_at_ms < self.interval_ms

    def _is_missing(self, alert: ActiveAlert, environment: Environment) -> bool:
        metrics = metrics_behind(self.spec.expression, environment.origins)
        labels = alert.labels.without(ALERT_NAME, *(name for name, _ in self.spec.label_texts))
        return environment.availability.is_missing(labels, metrics, alert.seen_at)

    def _keeps_firing(self, alert: ActiveAlert, at_ms: int) -> bool:
        if self.spec.keep_firing_for_ms == 0:
            return False
        alert.keep_firing_since_ms = alert.keep_firing_since_ms or at_ms
        return at_ms - alert.keep_firing_since_ms < self.spec.keep_firing_for_ms

    async def _series(self) -> dict[Labels, float]:
        series: dict[Labels, float] = {}
        turn = TimeSlice()
        for alert in self.active_alerts:
            if turn.is_over:
                await turn.yield_control()
            alerts, for_state = alert.series
            series[alerts] = 1.0
            series[for_state] = float(alert.active_at_ms // 1000)
        return series
