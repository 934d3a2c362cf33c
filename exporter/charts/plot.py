"""A chart for a page: sharp at every width, and coloured by the stylesheet.

Positions are percentages of the plot, texts and strokes are pixels; lines are paths in an inner `<svg>` that
is stretched. No style stands in the markup. For the module of the pages the `<svg>` says which time it shows
(`data-start`, `data-end` in ms), in which `data-unit`, and where values lie: from `data-low` to `data-high`,
with `data-scale` linear or log; `crosshair` says what its lines have.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from exporter.charts import placing
from exporter.charts.chart import Chart, MarkKind, drawable
from exporter.charts.crosshair import crosshair_data
from exporter.charts.lines import Drawing, compute
from exporter.charts.names import shown
from exporter.charts.paths import HEIGHT, WIDTH
from exporter.charts.shapes import shapes
from exporter.charts.ticks import time_ticks
from exporter.charts.units import format_ticks, format_value

SHAPES: Final = {
    MarkKind.ALERT: '<path class="mg" d="M0-6 6 5H-6z"/>',
    MarkKind.RESTART: '<circle class="mg" r="4.5"/>',
    MarkKind.FAILOVER: '<path class="mg" d="M0-6.5 6.5 0 0 6.5-6.5 0z"/>',
    MarkKind.CONFIGURATION: '<path class="mg" d="M-4.5-4.5h9v9h-9z"/>',
}
# Texts of thresholds, as shares of the height: from the line to the middle, and from one to the next.
_TEXT_AWAY: Final = 0.04
_TEXT_HEIGHT: Final = 0.08
# Where a pointer finds a mark.
_TARGET: Final = '<path fill="none" pointer-events="all" d="M-12-12h24v24h-24z"/>'


def plot(chart: Chart, *, classes: str = "", sentence: str = "", times: int = 6, why_empty: str = "") -> str:
    """Return a chart as `<svg class="plot">`.

    `sentence` is for those who do not see it, else it is made of the figures. `times` is how many moments
    stand at the axis at most, `why_empty` the title of times without values.
    """
    return plot_of(compute(chart), classes=classes, sentence=sentence, times=times, why_empty=why_empty)


def plot_of(
    drawing: Drawing, *, classes: str = "", sentence: str = "", times: int = 6, why_empty: str = ""
) -> str:
    """Return what has been computed as `plot` does."""
    chart = drawing.chart
    said = shown(f"{chart.title}. {sentence or describe(drawing)}", 400)
    parts = [
        *_axes(drawing, times),
        *_spans(drawing, why_empty or "no data"),
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none">{"".join(_paths(drawing))}</svg>',
        *_thresholds(drawing),
    ]
    # Links are no part of an image: who does not see it would not find them there.
    return (
        f'<svg class="{f"plot {classes}".rstrip()}" data-start="{chart.start_ms}" data-end="{chart.end_ms}"'
        f' data-unit="{chart.unit}" data-scale="{"log" if drawing.scale.is_log else "linear"}"'
        f' data-low="{drawing.scale.low:.6g}" data-high="{drawing.scale.high:.6g}">'
        f'<g role="img" aria-label="{said}">{"".join(parts)}</g>'
        f"{''.join(map(_mark, placing.marks(chart)))}</svg>"
    )


def percent(share: float) -> str:
    """Return 0.4237 as `42.4%`; what lies outside of the plot lies at its edge."""
    return f"{min(1.0, max(0.0, share)) * 100:.1f}".removesuffix(".0") + "%"


def _axes(drawing: Drawing, times: int) -> Iterator[str]:
    chart, scale = drawing.chart, drawing.scale
    has_values = any(line.known for line in drawing.lines)
    if not has_values:
        yield '<line class="base" x2="100%" y1="100%" y2="100%"/>'
        yield '<text class="xl lab" x="50%" y="50%">no data</text>'
    ticks = scale.ticks if has_values else ()
    for index, (tick, text) in enumerate(zip(ticks, format_ticks(ticks, chart.unit), strict=True)):
        at = percent(scale.place(tick))
        kind = "gy" if index else "base"
        yield f'<line class="{kind}" x2="100%" y1="{at}" y2="{at}"/>'
        yield f'<text class="yl" x="-8" y="{at}" dy="4">{text}</text>'
    for at_ms, text in time_ticks(chart.start_ms, chart.end_ms, times):
        share = chart.position(at_ms)
        side = " l" if share < 0.02 else " r" if share > 0.98 else ""
        yield f'<text class="xl{side}" x="{percent(share)}" y="100%" dy="15">{text}</text>'


def _spans(drawing: Drawing, why_empty: str) -> Iterator[str]:
    for span, band in placing.bands(drawing.chart):
        place = f'x="{percent(span.start)}" width="{percent(span.end - span.start)}"'
        yield f'<rect class="band {band.severity}" {place} height="100%"/>'
    for span in placing.gaps(drawing):
        place = f'x="{percent(span.start)}" width="{percent(span.end - span.start)}"'
        yield f'<rect class="gap" {place} height="100%"><title>{shown(why_empty)}</title></rect>'


def _paths(drawing: Drawing) -> Iterator[str]:
    for shape in shapes(drawing):
        values = "" if shape.kind == "ar" else crosshair_data(shape.line)
        yield f'<path class="{shape.kind} c{shape.line.series.colour}" d="{shape.path}"{values}/>'


def _thresholds(drawing: Drawing) -> Iterator[str]:
    taken: dict[str, list[float]] = {"": [], " r": []}
    for one in drawing.chart.thresholds:
        share = placing.threshold_share(drawing, drawable(one.value))
        if share is None:
            continue
        preferred = placing.has_room_above(drawing, share)
        places = [(side, is_above) for is_above in (preferred, not preferred) for side in taken]
        found = next((one for one in places if _is_free(_middle(share, one[1]), taken[one[0]])), None)
        at, text = percent(share), ""
        if found is not None:
            side, is_above = found
            taken[side].append(_middle(share, is_above))
            place = f'x="{"100%" if side else "4"}" y="{at}" dy="{-5 if is_above else 13}"'
            text = f'<text class="tl{side}" {place}>{shown(one.text)}</text>'
        title = "" if text else f"<title>{shown(one.text)}</title>"
        yield f'<g class="{one.severity}">{title}<line class="th" x2="100%" y1="{at}" y2="{at}"/>{text}</g>'


def _middle(share: float, is_above: bool) -> float:
    """The middle of the text of a threshold."""
    return share + (-_TEXT_AWAY if is_above else _TEXT_AWAY)


def _is_free(middle: float, texts: Sequence[float]) -> bool:
    return all(abs(middle - one) >= _TEXT_HEIGHT for one in texts)


def _mark(placed: placing.PlacedMark) -> str:
    mark, at, title = placed.mark, percent(placed.share), shown(placed.title, 300)
    count = f'<text class="mn" x="8" y="4">{len(placed.titles)}</text>' if len(placed.titles) > 1 else ""
    inner = (
        f'<title>{title}</title><line class="mk" x1="{at}" x2="{at}" y2="100%"/>'
        f'<svg class="at" x="{at}" y="-8" width="1" height="1">{SHAPES[mark.kind]}{count}{_TARGET}</svg>'
    )
    if mark.href:
        return f'<a class="{mark.severity}" href="{shown(mark.href, 2_000)}" aria-label="{title}">{inner}</a>'
    return f'<g class="{mark.severity}" role="img" aria-label="{title}">{inner}</g>'


def describe(drawing: Drawing) -> str:
    """A chart in a sentence, for who does not see it."""
    unit, told = drawing.chart.unit, []
    for one in drawing.lines[:4]:
        known = one.known
        if known:
            range_text = f"from {format_value(min(known), unit)} to {format_value(max(known), unit)}"
            told.append(f"{one.series.name}: {range_text}, {format_value(known[-1], unit)} at the end")
    return "; ".join(told) + "." if told else "No data."
