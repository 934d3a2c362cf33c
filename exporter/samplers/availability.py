"""Tells whether the data that an alert is made of can be sampled."""

from dataclasses import dataclass
from typing import Final

from exporter.clock import Clock
from exporter.config.discovery import CLUSTER_LABEL
from exporter.model.labels import METRIC_NAME, Labels
from exporter.model.matcher import Matcher, MatchOp
from exporter.samplers.runner import TargetRunner
from exporter.samplers.status import PROBLEM, UP
from exporter.samplers.target_manager import TargetManager
from exporter.store import Store

# These go on while a server cannot be sampled: an alert about them alone is never held.
_ALWAYS_KNOWN: Final = frozenset({UP.name, PROBLEM.name})


@dataclass(frozen=True, slots=True)
class SampledTargets:
    """Answers by how the samplers of all targets do, and by what they have written before.

    Which target had a part in an alert is told by the series that it has written: one of a metric that the
    rule reads, with all labels of the alert.
    """

    target_manager: TargetManager
    store: Store
    clock: Clock

    def moment(self, at_ms: int | None = None) -> float:
        """Return a moment, or now, by the clock by which outages begin: monotonic seconds."""
        passed = 0.0 if at_ms is None else max(0.0, self.clock.now() - at_ms / 1000)
        return self.clock.monotonic() - passed

    def is_missing(self, labels: Labels, metrics: frozenset[str], since: float) -> bool:
        """Return whether a target cannot be sampled that an alert with these labels may be about.

        Where they name a target, that is the one; else all count that have written such series, and have
        been missing since that moment (monotonic seconds) at the earliest: an alert that was found without a
        target does not need it to be found again. A node of a cluster is not missed any more once other nodes
        serve its slots. What was told of another server that had the name before is over. What is told of a
        server that does not answer, as why it does not, is never missing.
        """
        if metrics and metrics <= _ALWAYS_KNOWN:
            return False
        runner = self.target_manager.find(labels.get("instance"))
        if runner is not None:
            if since < self.target_manager.given_at(runner.target.instance):
                return False
            is_down = runner.status.up is not True
            return is_down or any(
                self._has_written(source, labels, metrics) for source, _ in runner.outages()
            )
        return any(
            began >= since and self._has_written(source, labels, metrics) and not self._is_replaced(other)
            for other in self.target_manager.runners
            for source, began in other.outages()
        )

    def _is_replaced(self, missing: TargetRunner) -> bool:
        """Return whether others in its cluster, primaries that answer, have taken over what a node served."""
        cluster = missing.target.labels.get(CLUSTER_LABEL)
        if not cluster or missing.status.up is not False:
            return False
        return missing.facts.slots.are_served_by(
            other.facts.slots
            for other in self.target_manager.runners
            if other.status.up
            and other.facts.server.role == "master"
            and other.target.labels.get(CLUSTER_LABEL) == cluster
        )

    def _has_written(self, source: str, labels: Labels, metrics: frozenset[str]) -> bool:
        wanted = [Matcher(name, MatchOp.EQUAL, value) for name, value in labels.pairs]
        names = [[Matcher(METRIC_NAME, MatchOp.EQUAL, name)] for name in metrics] or [[]]
        return any(self.store.holds(source, [*name, *wanted]) for name in names)
