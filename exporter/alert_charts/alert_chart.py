"""The chart of an alert: what its expression watches, around a moment, with the threshold."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from exporter.alert_charts.episode import Episode
from exporter.alert_charts.figures import threshold_words
from exporter.alert_charts.units import unit_of
from exporter.alert_charts.watched import Watched
from exporter.charts import Band, Chart, Mark, MarkKind, Series, Threshold, Unit
from exporter.charts.time_range import TimeRange
from exporter.model.labels import Labels
from exporter.promql import RangeSeries
from exporter.rules.alerting import AlertingRule
from exporter.rules.comparison import Comparison


@dataclass(frozen=True, slots=True)
class AlertChart:
    """An alert as it is drawn: its values, whatever else its rule asks for besides.

    `labels` are those that the rule gives it, `tone` is its severity as pages colour it. `pending_ms`: since
    then it is pending, 0 where it is not.
    """

    rule: AlertingRule
    labels: Labels
    title: str
    tone: str
    episodes: Sequence[Episode]
    pending_ms: int = 0

    @property
    def expressions(self) -> Sequence[str]:
        """What the store is to be asked for, along the time that is shown."""
        branches = Watched(self.rule, self.labels).branches
        return [text for one in branches for text in (one.values, one.limit) if text]

    def chart(self, answers: Sequence[Sequence[RangeSeries]], span: TimeRange) -> Chart | None:
        """Return the chart of the answers, in the order of the expressions; None where there is nothing.

        Of alternatives the first one is drawn that there are samples of.
        """
        watched, found = Watched(self.rule, self.labels), iter(answers)
        for one in watched.branches:
            lines = watched.lines(next(found))
            limits = watched.limit_line(next(found)) if one.limit else []
            if lines:
                return self._chart(one.comparison, [*lines, *limits], span)
        return None

    def _chart(self, one: Comparison | None, lines: Sequence[Series], span: TimeRange) -> Chart:
        unit = unit_of(self.rule)
        number = one.number if one is not None else None
        words = threshold_words(one, unit) if one is not None else ""
        return Chart(
            self.title,
            unit,
            span.start_ms,
            span.end_ms,
            span.step_ms,
            lines,
            thresholds=[] if number is None else [Threshold(number, f"fires {words}", self.tone)],
            marks=[Mark(one.start_ms, MarkKind.ALERT, "fires", self.tone) for one in self.episodes],
            bands=list(self._bands(span)),
            lowest=number,
            highest=_highest(number, unit),
        )

    def _bands(self, span: TimeRange) -> Iterable[Band]:
        for one in self.episodes:
            if one.pending_ms < one.start_ms:
                yield Band(one.pending_ms, one.start_ms, "quiet")
            yield Band(one.start_ms, span.end_ms if one.end_ms is None else one.end_ms, self.tone)
        if self.pending_ms:
            yield Band(self.pending_ms, span.end_ms, "quiet")


def _highest(number: float | None, unit: Unit) -> float | None:
    """The threshold is seen with some room above it."""
    if number is None:
        return None
    return 1.0 if number == 0 and unit is Unit.NUMBER else number * 1.1 if number > 0 else number
