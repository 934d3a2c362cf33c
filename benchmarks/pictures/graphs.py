"""Lines and stacks over time, with axes and a legend."""

import math
from collections.abc import Callable, Sequence
from typing import Any, Final

from benchmarks.pictures.answers import Api, Line
from benchmarks.pictures.axes import draw_axes
from benchmarks.pictures.canvas import COLORS, INK, PALETTE, Box, Canvas

_LEGEND_ENTRIES: Final = 12
_DOT: Final = 2.5


def draw_graph(canvas: Canvas, panel: dict[str, Any], box: Box, answers: list[list[Line]], api: Api) -> None:
    """A panel of lines, stacked areas or bars; limits are dashed."""
    config = panel["fieldConfig"]["defaults"]
    lines = [line for answer in answers for line in answer]
    lines.sort(key=lambda line: -max(map(abs, _finite(line)), default=0.0))
    stacked = config["custom"].get("stacking", {}).get("mode") == "normal"
    plot = box.inner(62, 4, 4, 20 + 14 * _legend_rows(box, lines))
    layers = _stack(lines, api) if stacked else [line.points for line in lines]
    top = max((value for layer in layers for _, value in layer if math.isfinite(value)), default=0.0) or 1.0
    top *= 1.05
    draw_axes(canvas, plot, top, config["unit"], api)
    place = _place(plot, top, api)
    if stacked:
        _draw_stack(canvas, layers, place)
    else:
        for index, layer in enumerate(layers):
            _draw_line(canvas, layer, place, PALETTE[index % len(PALETTE)], api.step, bars=_has_bars(config))
    for step in config["thresholds"]["steps"]:
        if step["value"] is not None and 0 < step["value"] < top:
            canvas.line(
                [place((api.start, step["value"])), place((api.end, step["value"]))],
                COLORS[step["color"]],
                dashed=True,
                width=1,
            )
    _legend(canvas, box, lines)


def _has_bars(config: dict[str, Any]) -> bool:
    return bool(config["custom"].get("drawStyle") == "bars")


def _finite(line: Line) -> list[float]:
    return [value for _, value in line.points if math.isfinite(value)]


def _stack(lines: Sequence[Line], api: Api) -> list[list[tuple[float, float]]]:
    """Each line on top of those before it; what is missing counts as nothing."""
    sums = dict.fromkeys(api.steps(), 0.0)
    layers = []
    for line in lines:
        for at, value in line.points:
            sums[round(at, 3)] += value if math.isfinite(value) else 0.0
        layers.append(list(sums.items()))
    return layers


def _draw_stack(
    canvas: Canvas,
    layers: Sequence[Sequence[tuple[float, float]]],
    place: Callable[[tuple[float, float]], tuple[float, float]],
) -> None:
    # The topmost first: each layer hides the lower part of those above it.
    for index, layer in reversed(list(enumerate(layers))):
        color = PALETTE[index % len(PALETTE)]
        floor = [(layer[-1][0], 0.0), (layer[0][0], 0.0)]
        canvas.area([place(point) for point in (*layer, *floor)], "#ffffff", 1)
        canvas.area([place(point) for point in (*layer, *floor)], color, 0.45)
        canvas.line([place(point) for point in layer], color)


def _draw_line(
    canvas: Canvas,
    points: Sequence[tuple[float, float]],
    place: Callable[[tuple[float, float]], tuple[float, float]],
    color: str,
    step: float,
    *,
    bars: bool,
) -> None:
    seen = [point for point in points if math.isfinite(point[1])]
    if bars:
        for at, value in seen:
            (x, y), (_, bottom) = place((at, value)), place((at, 0.0))
            if value:
                canvas.rect(Box(x - 1.5, y, 3, bottom - y), color, opacity=0.8)
        return
    for piece in _pieces(seen, step):
        # A single point would not be seen as a line.
        (x, y), *others = [place(point) for point in piece]
        canvas.line([(x, y), *(others or [(x + _DOT, y)])], color, width=1.3 if others else _DOT)


def _pieces(points: Sequence[tuple[float, float]], step: float) -> list[list[tuple[float, float]]]:
    """Parted where points are missing."""
    pieces: list[list[tuple[float, float]]] = []
    for point in points:
        if not pieces or point[0] - pieces[-1][-1][0] > 1.5 * step:
            pieces.append([])
        pieces[-1].append(point)
    return pieces


def _place(plot: Box, top: float, api: Api) -> Callable[[tuple[float, float]], tuple[float, float]]:
    def place(point: tuple[float, float]) -> tuple[float, float]:
        share = (point[0] - api.start) / (api.end - api.start)
        return plot.x + share * plot.width, plot.y + plot.height * (1 - min(max(point[1] / top, 0), 1))

    return place


def _legend_rows(box: Box, lines: Sequence[Line]) -> int:
    return math.ceil(min(len(lines), _LEGEND_ENTRIES) / _legend_columns(box))


def _legend_columns(box: Box) -> int:
    return max(int(box.width // 180), 1)


def _legend(canvas: Canvas, box: Box, lines: Sequence[Line]) -> None:
    columns = _legend_columns(box)
    rows = _legend_rows(box, lines)
    width = box.width / columns
    for index, line in enumerate(lines[:_LEGEND_ENTRIES]):
        x = box.x + width * (index % columns)
        y = box.y + box.height - 14 * (rows - 1 - index // columns) - 2
        canvas.rect(Box(x, y - 5, 10, 3), PALETTE[index % len(PALETTE)])
        more = len(lines) - _LEGEND_ENTRIES
        last = index == _LEGEND_ENTRIES - 1 and more > 0
        words = f"{line.name} and {more} more" if last else line.name
        canvas.text(x + 14, y, words, size=10, fill=INK, width=width - 18)
