"""The graph of an alert: what its expression watches, around a moment, with the threshold."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from exporter.charts import Band, Chart, Mark, MarkKind, Series, Threshold, Unit, compute, legend, plot_of
from exporter.model.labels import METRIC_NAME, Labels
from exporter.model.matcher import Matcher, MatchOp
from exporter.promql import Expr, RangeSeries, format_expression, restrict
from exporter.rules.comparison import Comparison, comparisons_of, unfiltered
from exporter.web.pages.alerts.figures import threshold_words, unit_of
from exporter.web.pages.alerts.past import Episode
from exporter.web.pages.alerts.subjects import PENDING, Subject
from exporter.web.pages.moments import moment_text
from exporter.web.pages.page_queries import PageQueries
from exporter.web.pages.time_range import TimeRange

_INSTANCE: Final = "instance"
_MOST_BRANCHES: Final = 3
_COLOURS: Final = 7
_GREY: Final = 8
_NOTHING: Final = Markup()


@dataclass(frozen=True, slots=True)
class Graph:
    """The markup of a chart and its legend; `error` says why there is none."""

    plot: Markup = _NOTHING
    legend: Markup = _NOTHING
    error: str = ""


async def draw(
    subject: Subject, queries: PageQueries, span: TimeRange, episodes: Sequence[Episode], now: float
) -> Graph:
    """Draw what the rule of an alert watches: its values, whatever else the rule asks for besides."""
    rule = subject.rule
    if rule is None:
        return Graph(error="Its rule is not known here, so that there is no expression to draw.")
    branches = list(comparisons_of(rule.spec.expression.root))[:_MOST_BRANCHES]
    texts = []
    for one in branches:
        texts.append(_text(rule.spec.expression.root if one is None else one.value, subject))
        if one is not None and one.number is None:
            texts.append(_text(one.threshold, subject))
    found = iter(await queries.ranges(texts, span))
    error = ""
    for one in branches:
        values = next(found)
        limits = next(found) if one is not None and one.number is None else None
        lines = _lines(values.series, subject)
        error = error or values.error
        if lines:
            dotted = _limit_lines(limits.series, subject) if limits is not None else []
            return _graph(subject, one, [*lines, *dotted], span, episodes, now)
    return Graph(error=error or "There are no samples of that time: they are kept as long as storage says.")


def _text(node: Expr, subject: Subject) -> str:
    whole = unfiltered(node)
    instance = subject.own_labels.get(_INSTANCE)
    if instance and subject.rule is not None and _INSTANCE not in dict(subject.rule.spec.label_texts):
        whole = restrict(whole, Matcher(_INSTANCE, MatchOp.EQUAL, instance)) or whole
    return format_expression(whole)


def _is_of(labels: Labels, subject: Subject) -> bool:
    """Whether a series is one that the alert is about: no label contradicts."""
    rule = subject.rule
    set_by_rule = dict(rule.spec.label_texts) if rule is not None else {}
    return all(
        name in (METRIC_NAME, *set_by_rule) or subject.own_labels.get(name) in ("", value)
        for name, value in labels
    )


def _lines(series: Iterable[RangeSeries], subject: Subject) -> list[Series]:
    wanted = [one for one in series if _is_of(one.labels, subject)]
    return [
        Series(_name(one.labels, subject), one.points, 1 + number % _COLOURS)
        for number, one in enumerate(wanted)
    ]


def _limit_lines(series: Iterable[RangeSeries], subject: Subject) -> list[Series]:
    wanted = [one for one in series if _is_of(one.labels, subject)][:1]
    return [Series("threshold", one.points, _GREY, is_forecast=True) for one in wanted]


def _name(labels: Labels, subject: Subject) -> str:
    """The labels that the alert does not say already; else the metric."""
    own = [f"{name}={value}" for name, value in labels if name != METRIC_NAME and not _says(subject, name)]
    return " ".join(own) or labels.get(METRIC_NAME) or "value"


def _says(subject: Subject, name: str) -> bool:
    return bool(subject.own_labels.get(name))


def _graph(
    subject: Subject,
    one: Comparison | None,
    lines: Sequence[Series],
    span: TimeRange,
    episodes: Sequence[Episode],
    now: float,
) -> Graph:
    assert subject.rule is not None
    unit = unit_of(subject.rule)
    number = one.number if one is not None else None
    words = threshold_words(one, unit) if one is not None else ""
    thresholds = [Threshold(number, f"fires {words}", subject.tone)] if number is not None else []
    chart = Chart(
        subject.name,
        unit,
        span.start_ms,
        span.end_ms,
        span.step_ms,
        lines,
        thresholds=thresholds,
        marks=list(_marks(subject, episodes, now)),
        bands=list(_bands(subject, episodes, span)),
        lowest=number,
        highest=_highest(number, unit),
    )
    drawing = compute(chart)
    markup = plot_of(drawing, classes="tall", why_empty="no samples")
    return Graph(Markup(markup), Markup(legend(drawing, ("last", "min", "max"))))


def _highest(number: float | None, unit: Unit) -> float | None:
    """The threshold is seen with some room above it."""
    if number is None:
        return None
    return 1.0 if number == 0 and unit is Unit.NUMBER else number * 1.1 if number > 0 else number


def _marks(subject: Subject, episodes: Sequence[Episode], now: float) -> Iterable[Mark]:
    for one in episodes:
        title = f"{moment_text(one.start_ms / 1000, now)} fires"
        yield Mark(one.start_ms, MarkKind.ALERT, title, subject.tone)


def _bands(subject: Subject, episodes: Sequence[Episode], span: TimeRange) -> Iterable[Band]:
    for one in episodes:
        if one.pending_ms < one.start_ms:
            yield Band(one.pending_ms, one.start_ms, "quiet")
        yield Band(one.start_ms, span.end_ms if one.end_ms is None else one.end_ms, subject.tone)
    if subject.state == PENDING:
        yield Band(round(subject.active_at * 1000), span.end_ms, "quiet")
