"""The charts of a server as they are shown: what the expressions came to, drawn, or why there is nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from markupsafe import Markup

from exporter.charts import Band, Chart, Kind, Mark, Series, Threshold, compute, legend, plot_of
from exporter.charts.colours import GREY, MEANINGS
from exporter.charts.time_range import TimeRange
from exporter.promql import RangeSeries
from exporter.web.pages.page_queries import Found
from exporter.web.pages.server.figures import bytes_figure
from exporter.web.pages.server.limit_lines import with_limits
from exporter.web.pages.server.limits import Limit
from exporter.web.pages.server.panels import MOST_COMMANDS, Line, Panel

_OTHER: Final = "other"
# Colours that mean nothing else on the charts of commands go first.
_FREE_COLOURS: Final = (5, 6, 7, 1, 2, 3, 4)
_NEAR_ALL: Final = 0.9
_GAP: Final = "no samples: the server did not answer, or was not watched"

_NOTHING: Final = (
    "No samples are kept of this range: the daemon did not watch, or the server does not tell this."
)

Points = Sequence[tuple[int, float]]


@dataclass(frozen=True, slots=True)
class Graph:
    """One chart: its markup and legend, or `empty`, which says why there is none.

    `beyond` tells of rules whose threshold is not on the chart. `first` are the points of its first line.
    """

    panel: Panel
    plot: str = ""
    legend: str = ""
    empty: str = ""
    beyond: Sequence[str] = ()
    first: Points = ()


@dataclass(frozen=True, slots=True)
class Looks:
    """What all charts of a page have in common: what happened, names and colours.

    `names` are those of servers by their addresses; `colours` those of commands.
    """

    marks: Sequence[Mark]
    names: Mapping[str, str]
    colours: Mapping[str, int]


def draw(
    panel: Panel,
    found: Sequence[Found],
    span: TimeRange,
    bands: Sequence[Band],
    rules: Sequence[Limit],
    looks: Looks,
    why_empty: str,
) -> Graph:
    """Draw a chart of what the expressions of its lines came to; `rules` are those that watch them.

    `why_empty` says why there is nothing, where that is known of the server.
    """
    pairs = list(zip(panel.lines, found, strict=True))
    series: Sequence[Series] = [
        one for line, result in pairs if not line.is_limit for one in _lines(line, result, looks)
    ]
    error = next((result.error for result in found if result.error), "")
    if not any(one.points for one in series):
        return Graph(panel, empty=error or why_empty or panel.empty or _NOTHING)
    if panel.kind is Kind.STACKED:
        series = _largest(series)
    thresholds, limits = _limits(pairs)
    chart = Chart(
        panel.title,
        panel.unit,
        span.start_ms,
        span.end_ms,
        span.step_ms,
        [*series, *limits],
        panel.kind,
        thresholds,
        looks.marks,
        bands,
    )
    if panel.is_share and min(value for one in series for _, value in one.points) >= _NEAR_ALL:
        chart = replace(chart, lowest=_NEAR_ALL, highest=1.0, is_from_zero=False)
    chart, beyond = with_limits(chart, rules)
    drawing = compute(chart)
    plot = plot_of(drawing, classes="tall" if panel.is_wide else "", why_empty=_GAP)
    return Graph(panel, Markup(plot), Markup(legend(drawing)), beyond=beyond, first=series[0].points)


def _lines(line: Line, found: Found, looks: Looks) -> Sequence[Series]:
    if not line.by:
        return [Series(line.name, _merged(found.series))]
    by_name: dict[str, list[RangeSeries]] = {}
    for one in found.series:
        text = ":".join(one.labels.get(label) for label in line.by)
        by_name.setdefault(looks.names.get(text, text), []).append(one)
    return [Series(name, _merged(parts), looks.colours.get(name, 0)) for name, parts in by_name.items()]


def _merged(parts: Sequence[RangeSeries]) -> Points:
    """One line of series that follow each other, as when the labels of a target have changed."""
    if len(parts) <= 1:
        return parts[0].points if parts else ()
    values = {at: value for one in parts for at, value in one.points}
    return sorted(values.items())


def _largest(series: Sequence[Series]) -> Sequence[Series]:
    """The largest, the largest first, and the sum of the others."""
    ranked = sorted(series, key=lambda one: -sum(value for _, value in one.points))
    kept, rest = ranked[:MOST_COMMANDS], ranked[MOST_COMMANDS:]
    if not rest:
        return kept
    sums: dict[int, float] = {}
    for one in rest:
        for at, value in one.points:
            sums[at] = sums.get(at, 0.0) + value
    return [*kept, Series(f"{_OTHER}, {len(rest)}", sorted(sums.items()), GREY)]


def command_colours(calls: Found, busy: Sequence[str]) -> Mapping[str, int]:
    """Return the colours of commands on all charts of a page: those with most calls, and the busy ones."""
    ranked = sorted(calls.series, key=lambda one: -sum(value for _, value in one.points))
    frequent = [one.labels.get("cmd") for one in ranked[:MOST_COMMANDS]]
    colours = {name: MEANINGS[name] for name in [*frequent, *busy] if name in MEANINGS}
    free = [colour for colour in _FREE_COLOURS if colour not in colours.values()]
    for name in [*frequent, *busy]:
        if name not in colours and free:
            colours[name] = free.pop(0)
    return colours


def _limits(pairs: Sequence[tuple[Line, Found]]) -> tuple[Sequence[Threshold], Sequence[Series]]:
    """A limit is a threshold where it has stayed the same, else a line."""
    thresholds, lines = [], []
    for line, found in pairs:
        points = [(at, value) for at, value in _merged(found.series) if value > 0] if line.is_limit else []
        if len({value for _, value in points}) == 1:
            value = points[0][1]
            figure = bytes_figure(value).replace("\N{NO-BREAK SPACE}", " ")
            thresholds.append(Threshold(value, f"{line.name} {figure}", "critical"))
        elif points:
            lines.append(Series(line.name, points, GREY))
    return thresholds, lines
