"""A chart of fixed size with its colours written out, for mails and documents: one SVG file."""

from collections.abc import Sequence
from typing import Final

from exporter.charts import placing
from exporter.charts.canvas import Box, Canvas
from exporter.charts.chart import Chart, Kind, MarkKind, drawable
from exporter.charts.legend import figures, ordered
from exporter.charts.lines import Drawing, compute
from exporter.charts.plot import describe
from exporter.charts.shapes import shapes
from exporter.charts.themes import LIGHT, Theme
from exporter.charts.ticks import time_ticks
from exporter.charts.units import format_ticks

_MARGIN: Final = 14.0
_HEADING: Final = 30.0
_GUTTER: Final = 62.0
_AXIS: Final = 20.0
_ROW: Final = 16.0
_COLUMN: Final = 76.0
_FINER: Final = 4  # paths are of whole numbers, of a quarter of a pixel
_SHAPES: Final = {
    MarkKind.ALERT: "M0-6 6 5H-6z",
    MarkKind.RESTART: "M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0z",
    MarkKind.FAILOVER: "M0-6.5 6.5 0 0 6.5-6.5 0z",
    MarkKind.CONFIGURATION: "M-4.5-4.5h9v9h-9z",
}
_HATCH: Final = 9.0


def picture(
    chart: Chart,
    *,
    width: float = 640,
    height: float = 200,
    theme: Theme = LIGHT,
    columns: Sequence[str] = ("last", "max"),
    zone: str = "",
) -> str:
    """Return a chart with its title and legend as a document; `height` (px) is that of the plot.

    `zone` is the one of the times at the axis, where nothing around the picture says it.
    """
    drawing = compute(chart)
    has_marks = bool(placing.marks(chart))
    top = _HEADING + (18 if has_marks else 6)
    left_out = drawing.hidden if chart.kind is not Kind.STACKED else 0
    legend_height = _ROW * (len(drawing.lines) + 1 + bool(left_out)) if drawing.lines else 0
    canvas = Canvas(width, top + height + _AXIS + legend_height + _MARGIN, theme)
    canvas.rect(Box(0.5, 0.5, width - 1, canvas.height - 1), theme.card, stroke=theme.line, radius=8)
    canvas.text(_MARGIN, 23, chart.title, size=14, bold=True, width=width - 2 * _MARGIN)
    plot = Box(_MARGIN + _GUTTER - 8, top, width - 2 * _MARGIN - _GUTTER + 8, height)
    draw_plot(canvas, plot, drawing)
    if zone:
        canvas.text(_MARGIN, plot.bottom + 14, zone, size=10, fill=theme.dim, width=_GUTTER - 24)
    below = Box(_MARGIN, plot.bottom + _AXIS, width - 2 * _MARGIN, legend_height)
    draw_legend(canvas, below, drawing, columns)
    if left_out:
        canvas.text(_MARGIN + 20, below.bottom - 4, f"and {left_out} more", fill=theme.dim)
    return canvas.svg(f"{chart.title}. {describe(drawing)}")


def draw_plot(canvas: Canvas, plot: Box, drawing: Drawing, *, times: int = 6) -> None:
    """The plot of a chart; labels of its axes lie outside, at the left and below."""
    _draw_axes(canvas, plot, drawing, times)
    _draw_spans(canvas, plot, drawing)
    _draw_lines(canvas, plot, drawing)
    _draw_thresholds(canvas, plot, drawing)
    _draw_marks(canvas, plot, drawing)


def draw_legend(canvas: Canvas, box: Box, drawing: Drawing, columns: Sequence[str]) -> None:
    """The names of lines with their figures, a row for each."""
    theme, y = canvas.theme, box.y + 12
    for index, column in enumerate(reversed(columns)):
        if drawing.lines:
            canvas.text(box.right - _COLUMN * index, y, column, size=10, fill=theme.dim, anchor="end")
    for line in ordered(drawing):
        y += _ROW
        swatch = Box(box.x, y - 5, 12, 3)
        if line.series.is_forecast:
            ends = [(swatch.x, y - 3.5), (swatch.right, y - 3.5)]
            canvas.line(ends, theme.colour(line.series.colour), width=2, dashes="2 3")
        else:
            canvas.rect(swatch, theme.colour(line.series.colour), radius=1)
        texts = figures(drawing, line, columns)
        room = box.width - 36 - (_COLUMN * len(texts) if len(texts) > 1 else 200)
        canvas.text(box.x + 20, y, line.series.name, width=room)
        for index, text in enumerate(reversed(texts)):
            canvas.text(box.right - _COLUMN * index, y, text, anchor="end")


def draw_times(canvas: Canvas, plot: Box, start_ms: int, end_ms: int, times: int = 6) -> None:
    """The axis of time below a plot."""
    for at_ms, text in time_ticks(start_ms, end_ms, times):
        x = plot.x + plot.width * (at_ms - start_ms) / (end_ms - start_ms)
        anchor = "middle" if x < plot.right - 18 else "end"
        canvas.text(x, plot.bottom + 14, text, size=10, fill=canvas.theme.dim, anchor=anchor)


def _draw_axes(canvas: Canvas, plot: Box, drawing: Drawing, times: int) -> None:
    theme, scale = canvas.theme, drawing.scale
    has_values = any(line.known for line in drawing.lines)
    ticks = scale.ticks if has_values else ()
    for index, (tick, text) in enumerate(zip(ticks, format_ticks(ticks, drawing.chart.unit), strict=True)):
        y = plot.y + plot.height * scale.place(tick)
        canvas.line([(plot.x, y), (plot.right, y)], theme.grid if index else theme.edge)
        canvas.text(plot.x - 8, y + 4, text, size=10, fill=theme.dim, anchor="end")
    if not has_values:
        canvas.line([(plot.x, plot.bottom), (plot.right, plot.bottom)], theme.edge)
        canvas.text(plot.x + plot.width / 2, plot.y + plot.height / 2, "no data", anchor="middle")
    draw_times(canvas, plot, drawing.chart.start_ms, drawing.chart.end_ms, times)


def _draw_spans(canvas: Canvas, plot: Box, drawing: Drawing) -> None:
    for span, band in placing.bands(drawing.chart):
        canvas.rect(
            _across(plot, span), canvas.theme.marks.get(band.severity, canvas.theme.dim), opacity=0.075
        )
    lines = "".join(_hatch(_across(plot, span)) for span in placing.gaps(drawing))
    if lines:
        canvas.draw(f'<path d="{lines}" stroke="{canvas.theme.edge}" stroke-opacity=".4"/>')


def _draw_lines(canvas: Canvas, plot: Box, drawing: Drawing) -> None:
    theme = canvas.theme
    canvas.draw(f'<g transform="translate({plot.x:.1f} {plot.y:.1f}) scale({1 / _FINER:g})" fill="none">')
    for shape in shapes(drawing, round(plot.width * _FINER), round(plot.height * _FINER)):
        if not shape.path:
            continue
        colour = theme.colour(shape.line.series.colour)
        if shape.kind == "ar":
            look = f'fill="{colour}" fill-opacity=".1"'
        elif shape.kind == "st":
            edge = f'stroke="{theme.card}" stroke-width="{0.6 * _FINER:g}"'
            look = f'fill="{colour}" fill-opacity=".82" {edge}'
        else:
            round_ends = 'stroke-linejoin="round" stroke-linecap="round"'
            look = f'stroke="{colour}" stroke-width="{1.6 * _FINER:g}" {round_ends}'
            if shape.line.series.is_forecast:
                look += f' stroke-dasharray="{2 * _FINER} {4 * _FINER}"'
        canvas.draw(f'<path {look} d="{shape.path}"/>')
    canvas.draw("</g>")


def _draw_thresholds(canvas: Canvas, plot: Box, drawing: Drawing) -> None:
    theme = canvas.theme
    for one in drawing.chart.thresholds:
        share = placing.threshold_share(drawing, drawable(one.value))
        if share is not None:
            y = plot.y + plot.height * share
            colour = theme.marks.get(one.severity, theme.dim)
            canvas.line([(plot.x, y), (plot.right, y)], colour, dashes="5 3")
            away = -5 if placing.has_room_above(drawing, share) else 13
            fill = theme.texts.get(one.severity, theme.dim)
            canvas.text(plot.x + 4, y + away, one.text, fill=fill, bold=True, width=plot.width, halo=True)


def _draw_marks(canvas: Canvas, plot: Box, drawing: Drawing) -> None:
    for placed in placing.marks(drawing.chart):
        x = plot.x + plot.width * placed.share
        colour = canvas.theme.marks.get(placed.mark.severity, canvas.theme.dim)
        canvas.line([(x, plot.y), (x, plot.bottom)], colour, dashes="1 3")
        canvas.draw(
            f'<path transform="translate({x:.1f} {plot.y - 8:.1f})" fill="{colour}" '
            f'd="{_SHAPES[placed.mark.kind]}"/>'
        )
        if len(placed.titles) > 1:
            canvas.text(x + 8, plot.y - 4, str(len(placed.titles)), size=10, fill=canvas.theme.dim)


def _hatch(box: Box) -> str:
    """Lines from the lower left to the upper right: a pattern takes ten times as long to become a PNG."""
    lines = []
    at = _HATCH - box.height
    while at < box.width:
        left, right = max(0.0, at), min(box.width, at + box.height)
        start, end = (box.x + left, box.bottom - left + at), (box.x + right, box.bottom - right + at)
        lines.append(f"M{start[0]:.1f} {start[1]:.1f}L{end[0]:.1f} {end[1]:.1f}")
        at += _HATCH
    return "".join(lines)


def _across(plot: Box, span: placing.Span) -> Box:
    return Box(plot.x + plot.width * span.start, plot.y, plot.width * (span.end - span.start), plot.height)
