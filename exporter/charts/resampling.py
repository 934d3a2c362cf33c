"""Points of a series as values at even distances, as many as can be seen."""

import math
from array import array
from collections.abc import Sequence
from typing import Final

from exporter.charts.chart import Chart, Point, drawable

MOST_VALUES: Final = 220
GAP: Final = math.nan


def resample(chart: Chart, points: Sequence[Point]) -> "array[float]":
    """Return a value for every step of a chart; NaN is a gap.

    Where there are more steps than can be seen, each pair of values stands for many: for the lowest and the
    highest of them, in the order in which they came, so that no spike is lost.
    """
    steps = max(1, (chart.end_ms - chart.start_ms) // chart.step_ms)
    if steps < MOST_VALUES:
        values = array("d", [GAP]) * (steps + 1)
        for at_ms, value in points:
            index = round((at_ms - chart.start_ms) / chart.step_ms)
            if 0 <= index <= steps:
                values[index] = drawable(value)
        return values
    return _extremes(chart, points)


def _extremes(chart: Chart, points: Sequence[Point]) -> "array[float]":
    bins = MOST_VALUES // 2
    values = array("d", [GAP]) * (2 * bins)
    scale = bins / (chart.end_ms - chart.start_ms)
    low: list[Point | None] = [None] * bins
    high: list[Point | None] = [None] * bins
    for at_ms, value in points:
        point = at_ms, drawable(value)
        index = min(bins - 1, math.floor((at_ms - chart.start_ms) * scale))
        if index < 0 or math.isnan(point[1]):
            continue
        lowest, highest = low[index], high[index]
        if lowest is None or point[1] < lowest[1]:
            low[index] = point
        if highest is None or point[1] > highest[1]:
            high[index] = point
    for index, (lowest, highest) in enumerate(zip(low, high, strict=True)):
        if lowest is not None and highest is not None:
            first, second = (lowest, highest) if lowest[0] <= highest[0] else (highest, lowest)
            values[2 * index], values[2 * index + 1] = first[1], second[1]
    return values
