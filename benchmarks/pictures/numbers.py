"""Single values, and how a panel maps and colours them."""

import math
from typing import Any

from benchmarks.pictures.answers import Api, Line
from benchmarks.pictures.limits import limit_color
from benchmarks.pictures.units import write
from exporter.charts.canvas import WIDTH_PER_LETTER, Box, Canvas


def draw_number(canvas: Canvas, panel: dict[str, Any], box: Box, answers: list[list[Line]], _: Api) -> None:
    """A panel with one large value, coloured by its limits."""
    (line,) = answers[0][:1]
    defaults = panel["fieldConfig"]["defaults"]
    if panel["options"]["textMode"] == "name":
        words, size = line.name, 15.0
    else:
        whole = defaults.get("decimals") == 0 and defaults["unit"] == "short"
        value = round(line.last) if whole and math.isfinite(line.last) else line.last
        words, size = mapped(defaults, value) or write(value, defaults["unit"]), 22.0
    size = min(size, box.width / (len(words) * WIDTH_PER_LETTER))
    color = limit_color(defaults["thresholds"], line.last, canvas.theme)
    middle = box.y + box.height / 2 + 8
    canvas.text(box.x + box.width / 2, middle, words, size=size, fill=color, anchor="middle", bold=True)


def mapped(config: dict[str, Any], value: float) -> str:
    """The words that a panel has for a value; empty where it has none."""
    for mapping in config.get("mappings", []):
        found = mapping["options"].get(f"{value:g}")
        if found:
            return str(found["text"])
    return ""
