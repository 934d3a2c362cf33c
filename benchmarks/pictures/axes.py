"""The axes of graphs and heat maps."""

from typing import Final

from benchmarks.pictures.answers import Api
from benchmarks.pictures.canvas import FAINT, RULE, Box, Canvas
from benchmarks.pictures.units import write

_TICKS: Final = 4


def draw_axes(canvas: Canvas, plot: Box, top: float, unit: str, api: Api) -> None:
    """Values on the left, times below."""
    for index in range(_TICKS + 1):
        value, y = top * index / _TICKS, plot.y + plot.height * (1 - index / _TICKS)
        canvas.line([(plot.x, y), (plot.x + plot.width, y)], RULE, width=1)
        canvas.text(plot.x - 6, y + 3, write(value, unit), size=9, fill=FAINT, anchor="end")
    draw_time_axis(canvas, plot, api)


def draw_time_axis(canvas: Canvas, plot: Box, api: Api) -> None:
    """Times below a plot, back from now."""
    for index in range(_TICKS + 1):
        minutes = (api.end - api.start) * (1 - index / _TICKS) / 60
        words = "now" if index == _TICKS else f"-{minutes:.1f} min"
        x = plot.x + plot.width * index / _TICKS
        anchor = {0: "start", _TICKS: "end"}.get(index, "middle")
        canvas.text(x, plot.y + plot.height + 13, words, size=9, fill=FAINT, anchor=anchor)
