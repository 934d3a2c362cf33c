"""What a panel shows of the result of its query."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from markupsafe import Markup

from exporter.charts.time_range import TimeRange
from exporter.model.floats import format_float
from exporter.promql import RangeSeries
from exporter.web.pages.graph.drawing import draw
from exporter.web.pages.graph.panels import Panel
from exporter.web.pages.page_queries import Found

_MOST_ROWS: Final = 200
# The place of an error is shown with so many characters on each side.
_MOST_MARKED: Final = 400
_PLACED: Final = re.compile(r"(\d+):(\d+): (?:parse error: )?(.*)", re.DOTALL)
_PARSE_ERROR: Final = 'invalid parameter "query": '


class Row(NamedTuple):
    """One series of a table."""

    labels: str
    value: str


class Marked(NamedTuple):
    """An expression, taken apart at the place of an error."""

    before: str
    at: str
    after: str


@dataclass(frozen=True, slots=True)
class PanelView:
    """One panel, ready to be shown: a chart with its legend, or rows, or an error with its place."""

    panel: Panel
    rows: Sequence[Row] = ()
    chart: Markup | None = None
    legend: Markup = field(default_factory=Markup)
    error: str = ""
    place: str = ""
    marked: Marked | None = None
    notes: Sequence[str] = ()
    left_out: int = 0
    said: str = ""
    is_empty: bool = False
    step_seconds: str = ""


def view_of(panel: Panel, found: Found, span: TimeRange, seconds: float) -> PanelView:
    """Return what there is to be seen of a result that took so many seconds."""
    step = f"{span.step_ms / 1000:g}"
    if found.error:
        return _refused(panel, found.error, step)
    count = len(found.series) + found.left_out
    said = f"{count:,} series" if panel.tab == "table" else f"{count:,} series, step {step} s"
    said = f"{said}, {seconds * 1000:.0f} ms"
    if panel.tab == "graph":
        chart, legend, hidden = draw(panel, found.series, span)
        return PanelView(
            panel,
            chart=chart,
            legend=legend,
            notes=found.notes,
            left_out=found.left_out + hidden,
            said=said,
            is_empty=not found.series,
            step_seconds=step,
        )
    rows = [Row("", found.text)] if found.text else [_row(one) for one in found.series[:_MOST_ROWS]]
    return PanelView(
        panel,
        rows,
        notes=found.notes,
        left_out=count - len(found.series[:_MOST_ROWS]),
        said=said,
        is_empty=not rows,
        step_seconds=step,
    )


def _row(series: RangeSeries) -> Row:
    # A range vector has many points: the last one is told, with how many there are.
    values = [value for _, value in series.points]
    last = format_float(values[-1]) if values else ""
    return Row(str(series.labels) or "{}", last if len(values) == 1 else f"{last} (last of {len(values):,})")


def _refused(panel: Panel, error: str, step: str) -> PanelView:
    match = _PLACED.fullmatch(error.removeprefix(_PARSE_ERROR))
    if match is None:
        return PanelView(panel, error=error, step_seconds=step)
    line, column = int(match[1]), int(match[2])
    return PanelView(
        panel,
        error=match[3],
        place=f"{line}:{column}",
        marked=_marked(panel.expression, line, column),
        step_seconds=step,
    )


def _marked(expression: str, line: int, column: int) -> Marked | None:
    lines = expression.split("\n")
    if not 1 <= line <= len(lines):
        return None
    # Columns count bytes, as Prometheus does.
    start = len(lines[line - 1].encode()[: column - 1].decode("utf-8", "ignore"))
    word = re.match(r"\w+|.?", lines[line - 1][start:], re.DOTALL)
    end = start + len(word[0] if word else "")
    before = "\n".join([*lines[: line - 1], lines[line - 1][:start]])
    after = "\n".join([lines[line - 1][end:], *lines[line:]])
    at = lines[line - 1][start:end] or " "
    return Marked(_ending(before), at[:_MOST_MARKED], after[:_MOST_MARKED])


def _ending(text: str) -> str:
    return text if len(text) <= _MOST_MARKED else f"…{text[-_MOST_MARKED:]}"
