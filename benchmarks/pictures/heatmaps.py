"""Heat maps of the buckets of a histogram."""

import math
from collections.abc import Sequence
from typing import Any

from benchmarks.pictures.answers import Api, Line
from benchmarks.pictures.units import unit_of
from exporter.charts import format_tick
from exporter.charts.canvas import Box, Canvas
from exporter.charts.picture import draw_times


def draw_heat(canvas: Canvas, panel: dict[str, Any], box: Box, answers: list[list[Line]], api: Api) -> None:
    """A panel of buckets over time: the more in it, the darker."""
    lines = sorted(answers[0], key=lambda line: float(line.labels["le"]))
    plot = box.inner(62, 4, 4, 20)
    unit = panel["options"]["yAxis"]["unit"]
    hue = canvas.theme.colour(1 if panel["options"]["color"]["scheme"] == "Blues" else 2)
    cells = _differences(lines)
    most = max((value for row in cells for _, value in row), default=0.0) or 1.0
    height, width = plot.height / len(lines), plot.width * api.step / (api.end - api.start)
    for index, (line, row) in enumerate(zip(lines, cells, strict=True)):
        y = plot.y + plot.height - height * (index + 1)
        for at, steps, value in _runs(row, api.step):
            if value > 0:
                x = plot.x + plot.width * (at - api.start) / (api.end - api.start) - width
                shade = 0.08 + 0.92 * math.sqrt(value / most)
                canvas.rect(Box(max(x, plot.x), y, width * steps + 0.3, height - 0.5), hue, opacity=shade)
        bound = float(line.labels["le"])
        words = "more" if math.isinf(bound) else format_tick(bound, unit_of(unit))
        canvas.text(plot.x - 6, y + height / 2 + 3, words, size=8, fill=canvas.theme.dim, anchor="end")
    times = max(3, int(box.width // 75))
    draw_times(canvas, plot, round(1000 * api.start), round(1000 * api.end), times)


def _runs(row: Sequence[tuple[float, float]], step: float) -> list[tuple[float, int, float]]:
    """Equal neighbours as one: where they begin, how many they are, their value."""
    runs: list[tuple[float, int, float]] = []
    for at, value in row:
        start, count, before = runs[-1] if runs else (0.0, 0, math.nan)
        if before == value and abs(start + count * step - at) < step / 2:
            runs[-1] = (start, count + 1, value)
        else:
            runs.append((at, 1, value))
    return runs


def _differences(lines: Sequence[Line]) -> list[list[tuple[float, float]]]:
    """From cumulative buckets to the content of each."""
    below: dict[float, float] = {}
    rows = []
    for line in lines:
        rows.append([(at, value - below.get(at, 0.0)) for at, value in line.points])
        below = dict(line.points)
    return rows
