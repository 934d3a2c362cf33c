"""A chart for a page: sharp at every width, and coloured by the stylesheet.

Positions are percentages of the plot, texts and strokes are pixels; lines are paths in an inner `<svg>` that
is stretched. No style stands in the markup. The values behind the lines are there for the module of the
pages: `data-v` of a path are the values of a series, as 16 bits each from `data-lo` to `data-hi`.
"""

import math
from base64 import b64encode
from collections.abc import Iterator, Sequence
from struct import pack
from typing import Final

from exporter.charts.chart import Chart, Kind, Mark, MarkKind, drawable
from exporter.charts.lines import Drawing, Line, compute
from exporter.charts.names import shown
from exporter.charts.paths import HEIGHT, WIDTH, area, layer, line
from exporter.charts.ticks import time_ticks
from exporter.charts.units import format_tick, format_value

_GAP: Final = 0xFFFF
_FINEST: Final = 0xFFFE
# Marks that lie so near to each other become one with a count.
_NEAR: Final = 0.012
_SHAPES: Final = {
    MarkKind.ALERT: '<path class="mg" d="M0-6 6 5H-6z"/>',
    MarkKind.RESTART: '<circle class="mg" r="4.5"/>',
    MarkKind.FAILOVER: '<path class="mg" d="M0-6.5 6.5 0 0 6.5-6.5 0z"/>',
    MarkKind.CONFIGURATION: '<path class="mg" d="M-4.5-4.5h9v9h-9z"/>',
}


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
    said = shown(f"{chart.title}. {sentence or _sentence(drawing)}", 400)
    parts = [
        *_axes(drawing, times),
        *_bands(chart),
        *_gaps(drawing, why_empty or "no data"),
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none">{"".join(_paths(drawing))}</svg>',
        *_thresholds(drawing),
        *_marks(chart),
    ]
    return (
        f'<svg class="{f"plot {classes}".rstrip()}" role="img" aria-label="{said}" '
        f'data-start="{chart.start_ms}" data-end="{chart.end_ms}" data-unit="{chart.unit}">'
        f"{''.join(parts)}</svg>"
    )


def percent(share: float) -> str:
    """Return 0.4237 as `42.4%`; what lies outside of the plot lies at its edge."""
    return f"{min(1.0, max(0.0, share)) * 100:.1f}".removesuffix(".0") + "%"


def _axes(drawing: Drawing, times: int) -> Iterator[str]:
    chart, scale = drawing.chart, drawing.scale
    for index, tick in enumerate(scale.ticks):
        at = percent(scale.place(tick))
        kind = "gy" if index else "base"
        yield f'<line class="{kind}" x2="100%" y1="{at}" y2="{at}"/>'
        yield f'<text class="yl" x="-8" y="{at}" dy="4">{format_tick(tick, chart.unit)}</text>'
    for at_ms, text in time_ticks(chart.start_ms, chart.end_ms, times):
        share = chart.position(at_ms)
        side = " l" if share < 0.02 else " r" if share > 0.98 else ""
        yield f'<text class="xl{side}" x="{percent(share)}" y="100%" dy="15">{text}</text>'


def _bands(chart: Chart) -> Iterator[str]:
    for band in chart.bands:
        start, end = chart.position(band.start_ms), chart.position(band.end_ms)
        start, end = max(0.0, start), min(1.0, end)
        if end > start:
            place = f'x="{percent(start)}" width="{percent(end - start)}"'
            yield f'<rect class="band {band.severity}" {place} height="100%"/>'


def _gaps(drawing: Drawing, why: str) -> Iterator[str]:
    """Times in which no line has a value, of two steps and more."""
    measured = [one.values for one in drawing.lines if not one.series.is_forecast]
    count = max(map(len, measured), default=2)
    is_empty = [all(math.isnan(values[index]) for values in measured) for index in range(count)]
    step, begin = 1 / max(1, count - 1), None
    for index in range(count + 1):
        empty = index < count and is_empty[index]
        if empty and begin is None:
            begin = index
        elif not empty and begin is not None:
            start, end = max(0.0, (begin - 1) * step), min(1.0, index * step)
            if index - begin > 1:
                place = f'x="{percent(start)}" width="{percent(end - start)}"'
                yield f'<rect class="gap" {place} height="100%"><title>{shown(why)}</title></rect>'
            begin = None


def _paths(drawing: Drawing) -> Iterator[str]:
    if drawing.chart.kind is Kind.STACKED:
        yield from _stack(drawing)
        return
    place = drawing.scale.place
    for index, one in enumerate(drawing.lines):
        places = [0.0 if math.isnan(value) else _within(place(value)) for value in one.values]
        colour = f"c{one.series.colour}"
        if drawing.chart.kind is Kind.AREA and index == 0:
            yield f'<path class="ar {colour}" d="{area(one.values, places)}"/>'
        kind = "ln fc" if one.series.is_forecast else "ln"
        yield f'<path class="{kind} {colour}" d="{line(one.values, places)}"{_values(one)}/>'


def _stack(drawing: Drawing) -> Iterator[str]:
    place, sums = drawing.scale.place, [0.0] * max((len(one.values) for one in drawing.lines), default=0)
    for one in drawing.lines:
        is_there = [not math.isnan(value) for value in one.values]
        above = [
            low + (value if there else 0)
            for low, value, there in zip(sums, one.values, is_there, strict=True)
        ]
        shape = layer([_within(place(v)) for v in sums], [_within(place(v)) for v in above], is_there)
        yield f'<path class="st c{one.series.colour}" d="{shape}"{_values(one)}/>'
        sums = above


def _values(one: Line) -> str:
    known = one.known
    if not known or one.series.is_forecast:
        return ""
    low, high = min(known), max(known)
    scale = _FINEST / (high - low) if high > low and math.isfinite(_FINEST / (high - low)) else 0.0
    numbers = [_GAP if math.isnan(value) else round((value - low) * scale) for value in one.values]
    packed = b64encode(pack(f"<{len(numbers)}H", *numbers)).decode()
    return f' data-name="{shown(one.series.name)}" data-lo="{low:.6g}" data-hi="{high:.6g}" data-v="{packed}"'


def _thresholds(drawing: Drawing) -> Iterator[str]:
    for one in drawing.chart.thresholds:
        value = drawable(one.value)
        share = math.nan if math.isnan(value) else drawing.scale.place(value)
        if not -0.001 <= share <= 1.001:
            continue
        at = percent(share)
        # Below the line where the beginning of the data lies above it.
        below = _lies_above(drawing, share)
        yield (
            f'<g class="{one.severity}"><line class="th" x2="100%" y1="{at}" y2="{at}"/>'
            f'<text class="tl" x="4" y="{at}" dy="{13 if below else -5}">{shown(one.text)}</text></g>'
        )


def _lies_above(drawing: Drawing, share: float) -> bool:
    place = drawing.scale.place
    beginnings = [value for one in drawing.lines for value in one.values[: max(1, len(one.values) // 5)]]
    places = [place(value) for value in beginnings if not math.isnan(value)]
    above = sum(share - 0.14 <= one <= share for one in places)
    return above > sum(share <= one <= share + 0.14 for one in places) or share < 0.06


def _marks(chart: Chart) -> Iterator[str]:
    shown_marks = [one for one in chart.marks if chart.start_ms <= one.at_ms <= chart.end_ms]
    for near in _neighbours(chart, sorted(shown_marks, key=lambda one: one.at_ms)):
        last, at = near[-1], percent(chart.position(near[-1].at_ms))
        title = shown("; ".join(one.title for one in near), 300)
        count = f'<text class="mn" x="{at}" y="-3" dx="7">{len(near)}</text>' if len(near) > 1 else ""
        mark = (
            f'<g class="{last.severity}"><title>{title}</title>'
            f'<line class="mk" x1="{at}" x2="{at}" y2="100%"/>'
            f'<svg class="at" x="{at}" y="-8" width="1" height="1">{_SHAPES[last.kind]}</svg>{count}</g>'
        )
        yield f'<a href="{shown(last.href, 2_000)}">{mark}</a>' if last.href else mark


def _neighbours(chart: Chart, marks: Sequence[Mark]) -> Sequence[Sequence[Mark]]:
    groups: list[list[Mark]] = []
    for one in marks:
        if groups and chart.position(one.at_ms) - chart.position(groups[-1][0].at_ms) < _NEAR:
            groups[-1].append(one)
        else:
            groups.append([one])
    return groups


def _sentence(drawing: Drawing) -> str:
    unit, told = drawing.chart.unit, []
    for one in drawing.lines[:4]:
        known = one.known
        if known:
            range_text = f"from {format_value(min(known), unit)} to {format_value(max(known), unit)}"
            told.append(f"{one.series.name}: {range_text}, {format_value(known[-1], unit)} at the end")
    return "; ".join(told) + "." if told else "No data."


def _within(share: float) -> float:
    return min(1.0, max(0.0, share))
