"""Lines and stacks over time, with axes and a legend."""

import math
from typing import Any, Final

from benchmarks.pictures.answers import Api, Line
from benchmarks.pictures.units import unit_of
from exporter.charts import Chart, Drawing, Kind, Series, Threshold, compute
from exporter.charts.canvas import Box, Canvas
from exporter.charts.picture import draw_plot

_ROW: Final = 14.0
_ENTRY: Final = 180.0
_SEVERITIES: Final = {"red": "critical", "orange": "warning"}


def draw_graph(canvas: Canvas, panel: dict[str, Any], box: Box, answers: list[list[Line]], api: Api) -> None:
    """A panel of lines or stacked areas; limits that the data come near to are dashed."""
    drawing = compute(_chart(panel, answers, api))
    columns = max(int(box.width // _ENTRY), 1)
    rows = math.ceil(len(drawing.lines) / columns)
    draw_plot(canvas, box.inner(58, 6, 6, 18 + _ROW * rows), drawing, times=max(3, int(box.width // 75)))
    _draw_names(canvas, box, drawing, columns)


def _chart(panel: dict[str, Any], answers: list[list[Line]], api: Api) -> Chart:
    config = panel["fieldConfig"]["defaults"]
    start_ms, end_ms, step_ms = (round(1000 * seconds) for seconds in (api.start, api.end, api.step))
    series = [
        Series(line.name, [(round(1000 * at), value) for at, value in line.points])
        for answer in answers
        for line in answer
    ]
    # The largest part of a stack lies at its bottom.
    series.sort(key=lambda one: -sum(value for _, value in one.points if math.isfinite(value)))
    highest = max((value for one in series for _, value in one.points if math.isfinite(value)), default=0.0)
    limits = [
        Threshold(step["value"], "", _SEVERITIES.get(step["color"], "info"))
        for step in config["thresholds"]["steps"]
        if step["value"] is not None and 0 < step["value"] < highest * 1.05
    ]
    unit = unit_of(config["unit"])
    return Chart(panel["title"], unit, start_ms, end_ms, step_ms, series, _kind(config), limits)


def _kind(config: dict[str, Any]) -> Kind:
    if config["custom"].get("stacking", {}).get("mode") == "normal":
        return Kind.STACKED
    return Kind.STEPS if config["custom"].get("drawStyle") == "bars" else Kind.LINES


def _draw_names(canvas: Canvas, box: Box, drawing: Drawing, columns: int) -> None:
    width = box.width / columns
    for index, line in enumerate(drawing.lines):
        x = box.x + width * (index % columns)
        y = box.bottom - _ROW * (math.ceil(len(drawing.lines) / columns) - 1 - index // columns) - 2
        canvas.rect(Box(x, y - 5, 10, 3), canvas.theme.colour(line.series.colour))
        left_out = drawing.hidden if drawing.chart.kind is not Kind.STACKED else 0
        more = f" and {left_out} more" if left_out and index == len(drawing.lines) - 1 else ""
        canvas.text(x + 14, y, f"{line.series.name}{more}", size=10, width=width - 18)
