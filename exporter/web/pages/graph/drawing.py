"""The graph of a panel."""

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

from exporter.charts import Chart, Kind, Series, Unit, compute, legend, plot_of
from exporter.charts.colours import MEANINGS
from exporter.charts.time_range import TimeRange
from exporter.model.labels import METRIC_NAME
from exporter.promql import RangeSeries
from exporter.web.pages.graph.panels import Panel

_UNITS: Final = (
    ("_bytes_total", Unit.BYTES),
    ("_bytes", Unit.BYTES),
    ("_seconds", Unit.SECONDS),
    ("_ratio", Unit.RATIO),
)


def draw(panel: Panel, series: Sequence[RangeSeries], span: TimeRange) -> tuple[Markup | None, Markup, int]:
    """Return the chart, its legend, and how many series are not in it."""
    if not series:
        return None, Markup(), 0
    lines = [
        # What is a command has the colour that it has on the pages of servers.
        Series(str(one.labels) or "{}", one.points, MEANINGS.get(one.labels.get("cmd"), 0))
        for one in series
    ]
    kind = Kind.STACKED if panel.is_stacked else Kind.LINES
    chart = Chart(
        panel.expression,
        _unit_of(series),
        span.start_ms,
        span.end_ms,
        span.step_ms,
        lines,
        kind,
        is_from_zero=panel.is_stacked,
    )
    drawing = compute(chart)
    markup = plot_of(drawing, classes="huge", times=10, why_empty="no samples")
    hidden = 0 if panel.is_stacked else drawing.hidden
    return Markup(markup), Markup(legend(drawing, ("last", "min", "mean", "max"))), hidden


def _unit_of(series: Sequence[RangeSeries]) -> Unit:
    """The unit that the names of all metrics end with: what has no name any more has just a number."""
    names = {one.labels.get(METRIC_NAME) for one in series}
    for ending, unit in _UNITS:
        if all(name.endswith(ending) for name in names):
            return unit
    return Unit.NUMBER
