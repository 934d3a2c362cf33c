"""The graph of an alert: what its expression watches, around a moment, with the threshold."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from markupsafe import Markup

from exporter.alert_charts import AlertChart, Episode
from exporter.charts import Chart, compute, legend, plot_of
from exporter.charts.time_range import TimeRange
from exporter.web.pages.alerts.subjects import PENDING, Subject
from exporter.web.pages.moments import moment_text
from exporter.web.pages.page_queries import PageQueries

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
    pending_ms = round(subject.active_at * 1000) if subject.state == PENDING else 0
    alert = AlertChart(rule, subject.own_labels, subject.name, subject.tone, episodes, pending_ms)
    found = await queries.ranges(alert.expressions, span)
    chart = alert.chart([one.series for one in found], span)
    if chart is not None:
        return _graph(chart, now)
    error = next((one.error for one in found if one.error), "")
    return Graph(error=error or "There are no samples of that time: they are kept as long as storage says.")


def _graph(chart: Chart, now: float) -> Graph:
    marks = [replace(one, title=f"{moment_text(one.at_ms / 1000, now)} {one.title}") for one in chart.marks]
    drawing = compute(replace(chart, marks=marks))
    markup = plot_of(drawing, classes="tall", why_empty="no samples")
    return Graph(Markup(markup), Markup(legend(drawing, ("last", "min", "max"))))
