"""Tables: the queries of a panel joined into rows."""

import math
from collections.abc import Sequence
from typing import Any, Final

from benchmarks.pictures.answers import Api, Line
from benchmarks.pictures.limits import limit_color
from benchmarks.pictures.numbers import mapped
from benchmarks.pictures.units import write
from exporter.charts.canvas import Box, Canvas
from exporter.charts.themes import Theme

_ROW_HEIGHT: Final = 19.0


def draw_table(canvas: Canvas, panel: dict[str, Any], box: Box, answers: list[list[Line]], _: Api) -> None:
    """A panel with a row per combination of labels."""
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
    ink, dim = canvas.theme.ink, canvas.theme.dim
    _cells(canvas, box, 0, widths, [(titles[key], dim) for key in keys] + [(t, dim) for _, t in columns])
    for number, (labels, values) in enumerate(rows[: int(box.height // _ROW_HEIGHT) - 1], 1):
        cells = [(labels.get(key, ""), ink) for key in keys]
        cells += [_cell(values.get(index), overrides[title], canvas.theme) for index, title in columns]
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


def _cell(value: float | None, properties: Sequence[dict[str, Any]], theme: Theme) -> tuple[str, str]:
    config = {each["id"]: each["value"] for each in properties}
    if value is None:
        return "–", theme.dim
    words = mapped(config, value) or write(value, config["unit"])
    return words, limit_color(config["thresholds"], value, theme) if "thresholds" in config else theme.ink


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
    canvas.line([(box.x, y + 6), (box.x + box.width, y + 6)], canvas.theme.line)
