"""A panel as a light drawing of what Grafana would show."""

import textwrap
from collections.abc import Callable
from typing import Any, Final

from benchmarks.pictures.answers import Api, Line
from benchmarks.pictures.graphs import draw_graph
from benchmarks.pictures.heatmaps import draw_heat
from benchmarks.pictures.numbers import draw_number
from benchmarks.pictures.tables import draw_table
from exporter.charts.canvas import WIDTH_PER_LETTER, Box, Canvas

Panel = dict[str, Any]


def draw_panel(canvas: Canvas, panel: Panel, box: Box, api: Api) -> None:
    """A frame with the title, and inside what its kind shows, or what it says when it has no data."""
    canvas.rect(box, canvas.theme.card, stroke=canvas.theme.line, radius=6)
    canvas.text(box.x + 10, box.y + 18, panel["title"], size=12, bold=True, width=box.width - 16)
    inner = box.inner(10, 26, 10, 8)
    answers = [api.ask(target) for target in panel["targets"]]
    if not any(answers):
        _excuse(canvas, panel["fieldConfig"]["defaults"]["noValue"], inner)
        return
    _KINDS[panel["type"]](canvas, panel, inner, answers, api)


def _excuse(canvas: Canvas, words: str, box: Box) -> None:
    lines = textwrap.wrap(words, int(box.width / (11 * WIDTH_PER_LETTER)))
    for index, line in enumerate(lines):
        y = box.y + box.height / 2 + 14 * (index - (len(lines) - 1) / 2) + 4
        canvas.text(box.x + box.width / 2, y, line, fill=canvas.theme.dim, anchor="middle")


_KINDS: Final[dict[str, Callable[[Canvas, Panel, Box, list[list[Line]], Api], None]]] = {
    "stat": draw_number,
    "timeseries": draw_graph,
    "table": draw_table,
    "heatmap": draw_heat,
}
