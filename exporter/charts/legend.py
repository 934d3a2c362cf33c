"""The legend of a chart: a table of its series and their figures."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from exporter.charts.chart import Kind
from exporter.charts.lines import Drawing, Line
from exporter.charts.names import shown
from exporter.charts.units import UNKNOWN, format_value
from exporter.model.visible import visible

_LONGEST: Final = 80


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


_FIGURES: Final[Mapping[str, Callable[[Sequence[float]], float]]] = {
    "last": lambda values: values[-1],
    "min": min,
    "mean": _mean,
    "max": max,
}


def legend(drawing: Drawing, columns: Sequence[str] = ("last", "max")) -> str:
    """Return the legend as `<table class="legend">`, the largest last value first, a stack as it lies.

    `columns` are of last, min, mean and max. Without a line there is nothing to tell.
    """
    if not drawing.lines:
        return ""
    heads = "".join(f'<th scope="col">{column}</th>' for column in columns)
    rows = "".join(_row(drawing, one, columns) for one in ordered(drawing))
    return (
        '<table class="legend"><thead><tr><th scope="col"><span class="sr">series</span></th>'
        f"{heads}</tr></thead><tbody>{rows}</tbody></table>"
    )


def ordered(drawing: Drawing) -> Sequence[Line]:
    """The lines as a legend has them."""
    return drawing.lines[::-1] if drawing.chart.kind is Kind.STACKED else sorted(drawing.lines, key=_order)


def figures(drawing: Drawing, one: Line, columns: Sequence[str]) -> Sequence[str]:
    """The figures of a line, a text for each column; or its note alone."""
    if one.series.note:
        return [one.series.note]
    unit, known = drawing.chart.unit, one.known
    return [format_value(_FIGURES[column](known), unit) if known else UNKNOWN for column in columns]


def _row(drawing: Drawing, one: Line, columns: Sequence[str]) -> str:
    series = one.series
    swatch = "" if drawing.chart.kind is Kind.STACKED else " dash" if series.is_forecast else " line"
    title = f' title="{shown(series.name, 2_000)}"' if len(visible(series.name)) > _LONGEST else ""
    name = f'<i class="sw{swatch} c{series.colour}"></i>{shown(series.name, _LONGEST)}'
    texts = figures(drawing, one, columns)
    if series.note:
        cells = f'<td colspan="{len(columns)}">{shown(series.note)}</td>'
    else:
        cells = "".join(f"<td>{text}</td>" for text in texts)
    return f'<tr><th scope="row"{title}>{name}</th>{cells}</tr>'


def _order(one: Line) -> tuple[bool, float]:
    known = one.known
    return one.series.is_forecast, -known[-1] if known else 0.0
