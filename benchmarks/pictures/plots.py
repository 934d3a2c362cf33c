"""Each kind of panel as a light drawing of what Grafana would show."""

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any, Final

from benchmarks.pictures.answers import Api, Line
from benchmarks.pictures.canvas import COLORS, FAINT, INK, PALETTE, RULE, WIDTH_PER_LETTER, Box, Canvas
from benchmarks.pictures.units import write

Panel = dict[str, Any]
_LEGEND_ENTRIES: Final = 12
_TICKS: Final = 4
_ROW_HEIGHT: Final = 19.0


def draw_panel(canvas: Canvas, panel: Panel, box: Box, api: Api) -> None:
    """A frame with the title, and inside what its kind shows, or what it says when it has no data."""
    canvas.rect(box, "#ffffff", stroke=RULE, radius=3)
    canvas.text(box.x + 10, box.y + 18, panel["title"], size=12, bold=True, width=box.width - 16)
    inner = box.inner(10, 26, 10, 8)
    answers = [api.ask(target) for target in panel["targets"]]
    if not any(answers):
        middle = inner.y + inner.height / 2
        text = panel["fieldConfig"]["defaults"]["noValue"]
        canvas.text(inner.x + inner.width / 2, middle, text, fill=FAINT, anchor="middle", width=inner.width)
        return
    _KINDS[panel["type"]](canvas, panel, inner, answers, api)


def _number(canvas: Canvas, panel: Panel, box: Box, answers: list[list[Line]], _: Api) -> None:
    (line,) = answers[0][:1]
    defaults = panel["fieldConfig"]["defaults"]
    if panel["options"]["textMode"] == "name":
        words, size = line.name, 15.0
    else:
        whole = defaults.get("decimals") == 0 and defaults["unit"] == "short"
        value = round(line.last) if whole and math.isfinite(line.last) else line.last
        words, size = _mapped(defaults, value) or write(value, defaults["unit"]), 22.0
    size = min(size, box.width / (len(words) * WIDTH_PER_LETTER))
    color = _limit_color(defaults["thresholds"], line.last)
    middle = box.y + box.height / 2 + 8
    canvas.text(box.x + box.width / 2, middle, words, size=size, fill=color, anchor="middle", bold=True)


def _mapped(config: dict[str, Any], value: float) -> str:
    for mapping in config.get("mappings", []):
        found = mapping["options"].get(f"{value:g}")
        if found:
            return str(found["text"])
    return ""


def _limit_color(limits: dict[str, Any], value: float) -> str:
    reached = [step for step in limits["steps"] if step["value"] is None or value >= step["value"]]
    return COLORS[reached[-1]["color"]]


def _graph(canvas: Canvas, panel: Panel, box: Box, answers: list[list[Line]], api: Api) -> None:
    config = panel["fieldConfig"]["defaults"]
    lines = [line for answer in answers for line in answer]
    lines.sort(key=lambda line: -max(map(abs, _finite(line)), default=0.0))
    stacked = config["custom"].get("stacking", {}).get("mode") == "normal"
    plot = box.inner(62, 4, 4, 20 + 14 * _legend_rows(box, lines))
    layers = _stack(lines) if stacked else [line.points for line in lines]
    top = max((value for layer in layers for _, value in layer if math.isfinite(value)), default=0.0) or 1.0
    top *= 1.05
    _axes(canvas, plot, top, config["unit"], api)
    place = _place(plot, top, api)
    if stacked:
        _draw_stack(canvas, layers, place)
    else:
        for index, layer in enumerate(layers):
            _draw_line(canvas, layer, place, PALETTE[index % len(PALETTE)], bars=_has_bars(config))
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


def _stack(lines: Sequence[Line]) -> list[list[tuple[float, float]]]:
    """Each line on top of those before it."""
    sums: dict[float, float] = {}
    layers = []
    for line in lines:
        for at, value in line.points:
            sums[at] = sums.get(at, 0.0) + (value if math.isfinite(value) else 0.0)
        layers.append([(at, sums[at]) for at, _ in line.points])
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
    for piece in _pieces(seen):
        canvas.line([place(point) for point in piece], color)


def _pieces(points: Sequence[tuple[float, float]]) -> list[list[tuple[float, float]]]:
    """Parted where points are missing."""
    if not points:
        return []
    gaps = [later[0] - earlier[0] for earlier, later in itertools.pairwise(points)]
    step = min(gaps, default=1.0)
    pieces = [[points[0]]]
    for gap, point in zip(gaps, points[1:], strict=True):
        if gap > 1.5 * step:
            pieces.append([])
        pieces[-1].append(point)
    return pieces


def _place(plot: Box, top: float, api: Api) -> Callable[[tuple[float, float]], tuple[float, float]]:
    def place(point: tuple[float, float]) -> tuple[float, float]:
        share = (point[0] - api.start) / (api.end - api.start)
        return plot.x + share * plot.width, plot.y + plot.height * (1 - min(max(point[1] / top, 0), 1))

    return place


def _axes(canvas: Canvas, plot: Box, top: float, unit: str, api: Api) -> None:
    for index in range(_TICKS + 1):
        value, y = top * index / _TICKS, plot.y + plot.height * (1 - index / _TICKS)
        canvas.line([(plot.x, y), (plot.x + plot.width, y)], RULE, width=1)
        canvas.text(plot.x - 6, y + 3, write(value, unit), size=9, fill=FAINT, anchor="end")
    _time_axis(canvas, plot, api)


def _time_axis(canvas: Canvas, plot: Box, api: Api) -> None:
    for index in range(_TICKS + 1):
        minutes = (api.end - api.start) * (1 - index / _TICKS) / 60
        words = "now" if index == _TICKS else f"-{minutes:.1f} min"
        x = plot.x + plot.width * index / _TICKS
        anchor = {0: "start", _TICKS: "end"}.get(index, "middle")
        canvas.text(x, plot.y + plot.height + 13, words, size=9, fill=FAINT, anchor=anchor)


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


def _table(canvas: Canvas, panel: Panel, box: Box, answers: list[list[Line]], _: Api) -> None:
    titles = panel["transformations"][1]["options"]["renameByName"]
    keys = [name for name in titles if not name.startswith("Value")]
    columns = [
        (index, titles[f"Value #{target['refId']}"])
        for index, target in enumerate(panel["targets"])
        if f"Value #{target['refId']}" in titles
    ]
    rows = _join(answers)
    sort = next(i for i, title in columns if title == panel["options"]["sortBy"][0]["displayName"])
    rows.sort(key=lambda row: -row[1].get(sort, -math.inf))
    overrides = {each["matcher"]["options"]: each["properties"] for each in panel["fieldConfig"]["overrides"]}
    widths = _column_widths(box, len(keys), len(columns))
    _cells(canvas, box, 0, widths, [(titles[key], FAINT) for key in keys] + [(t, FAINT) for _, t in columns])
    for number, (labels, values) in enumerate(rows[: int(box.height // _ROW_HEIGHT) - 1], 1):
        cells = [(labels.get(key, ""), INK) for key in keys]
        cells += [_cell(values.get(index), overrides[title]) for index, title in columns]
        _cells(canvas, box, number, widths, cells)


def _join(answers: Sequence[Sequence[Line]]) -> list[tuple[dict[str, str], dict[int, float]]]:
    """Rows of labels and of the value of each query; a query may lack labels that another one has."""
    rows: list[tuple[dict[str, str], dict[int, float]]] = []
    for index, lines in enumerate(answers):
        for line in lines:
            found = next((row for row in rows if index not in row[1] and _fits(row[0], line)), None)
            if found is None:
                rows.append((dict(line.labels), {index: line.last}))
            else:
                found[0].update(line.labels)
                found[1][index] = line.last
    return rows


def _fits(labels: dict[str, str], line: Line) -> bool:
    return all(labels.get(name, value) == value for name, value in line.labels.items())


def _cell(value: float | None, properties: Sequence[dict[str, Any]]) -> tuple[str, str]:
    config = {each["id"]: each["value"] for each in properties}
    if value is None:
        return "–", FAINT
    words = _mapped(config, value) or write(value, config["unit"])
    return words, _limit_color(config["thresholds"], value) if "thresholds" in config else INK


def _column_widths(box: Box, keys: int, columns: int) -> list[float]:
    share = box.width / (keys * 1.5 + columns)
    return [share * 1.5] * keys + [share] * columns


def _cells(
    canvas: Canvas, box: Box, row: int, widths: Sequence[float], cells: Sequence[tuple[str, str]]
) -> None:
    x, y = box.x, box.y + _ROW_HEIGHT * row + 13
    for (words, color), width in zip(cells, widths, strict=True):
        canvas.text(x, y, words, size=10.5, fill=color, bold=row == 0, width=width - 6)
        x += width
    canvas.line([(box.x, y + 6), (box.x + box.width, y + 6)], RULE, width=1)


def _heat(canvas: Canvas, panel: Panel, box: Box, answers: list[list[Line]], api: Api) -> None:
    lines = sorted(answers[0], key=lambda line: float(line.labels["le"]))
    plot = box.inner(62, 4, 4, 20)
    unit = panel["options"]["yAxis"]["unit"]
    hue = "#1f60c4" if panel["options"]["color"]["scheme"] == "Blues" else "#d9730d"
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
        words = "more" if math.isinf(bound) else write(bound, unit)
        canvas.text(plot.x - 6, y + height / 2 + 3, words, size=8, fill=FAINT, anchor="end")
    _time_axis(canvas, plot, api)


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


_KINDS: Final[dict[str, Callable[[Canvas, Panel, Box, list[list[Line]], Api], None]]] = {
    "stat": _number,
    "timeseries": _graph,
    "table": _table,
    "heatmap": _heat,
}
