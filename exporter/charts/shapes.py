"""The lines of a drawing as paths, the same on a page and in a picture."""

from collections.abc import Iterator
from dataclasses import dataclass

from exporter.charts import paths
from exporter.charts.chart import Kind
from exporter.charts.lines import Drawing, Line


@dataclass(frozen=True, slots=True)
class Outline:
    """A path; `kind` is a class of the stylesheet: `ln`, `ln fc` (a forecast), `ar`, `st` (of a stack)."""

    kind: str
    line: Line
    path: str


def shapes(drawing: Drawing, width: int = paths.WIDTH, height: int = paths.HEIGHT) -> Iterator[Outline]:
    """Yield the shapes of a drawing on a plot of this size, those that are to be painted first first."""
    xs = paths.across(max((len(line.values) for line in drawing.lines), default=0), width)
    floor: list[int] = [drawing.scale.heights([0.0], height)[0]] * len(xs)
    kind = drawing.chart.kind
    for index, (line, tops) in enumerate(zip(drawing.lines, drawing.tops, strict=True)):
        if kind is Kind.STACKED:
            ys = drawing.scale.heights(tops, height)
            yield Outline("st", line, _layer(line, xs, floor, ys))
            floor = ys
            continue
        parted = paths.runs(line.values, xs, drawing.scale.heights(line.known, height))
        if kind is Kind.STEPS:
            parted = [paths.stairs(run) for run in parted]
        if kind is Kind.AREA and index == 0:
            yield Outline("ar", line, paths.area(parted, height))
        yield Outline("ln fc" if line.series.is_forecast else "ln", line, paths.line(parted))


def _layer(line: Line, xs: list[int], lower: list[int], upper: list[int]) -> str:
    is_there = [value == value for value in line.values]
    low, top = (
        paths.runs(line.values, xs, [y for y, there in zip(ys, is_there, strict=True) if there])
        for ys in (lower, upper)
    )
    return paths.layer(low, top)
