"""What a chart is made of: series over one range of time, with what is worth knowing about it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from exporter.charts.units import Unit

FURTHEST: Final = 1e300
"""What is further from 0 is drawn there: sums and differences stay numbers."""

Point = tuple[int, float]
"""A moment in epoch milliseconds, and a value; NaN and what is infinite is a gap, as a moment without one."""


class Kind(StrEnum):
    """How the series are drawn."""

    LINES = "lines"
    AREA = "area"
    """The first series is filled from 0; for one that is shown alone."""
    STACKED = "stacked"
    """Parts of a sum, the first one lowest."""
    STEPS = "steps"
    """Counts that jump: each value holds until the next."""
    LOGARITHMIC = "logarithmic"
    """Lines over decades; values of 0 and less lie at the bottom."""


class MarkKind(StrEnum):
    """What happened at a moment; each has a shape of its own."""

    ALERT = "alert"
    FAILOVER = "failover"
    RESTART = "restart"
    CONFIGURATION = "config"


@dataclass(frozen=True, slots=True)
class Series:
    """One line. `colour` is 1 to 8, of the stylesheet's `--s1` to `--s8`; 8 is grey, for what is at rest.

    0 is the colour that the meaning of the name has (`colours.MEANINGS`), else one that is free.
    `points` are in order of time; where one is missing the line has a gap. `is_forecast`: it is dotted, and
    `note` stands in the legend instead of figures.
    """

    name: str
    points: Sequence[Point]
    colour: int = 0
    is_forecast: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Threshold:
    """A value at which something happens: `alert at 10 s`. `severity`: critical, warning or info."""

    value: float
    text: str
    severity: str = "warning"


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened; `href` leads to it."""

    at_ms: int
    kind: MarkKind
    title: str
    severity: str = "quiet"
    href: str = ""


@dataclass(frozen=True, slots=True)
class Band:
    """A time in which an alert was pending or firing."""

    start_ms: int
    end_ms: int
    severity: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Series from `start_ms` to `end_ms`, with a value at every `step_ms` where there is one.

    `lowest` and `highest` are what the axis reaches at least; `is_from_zero`: it begins at 0 unless values
    are negative.
    """

    title: str
    unit: Unit
    start_ms: int
    end_ms: int
    step_ms: int
    series: Sequence[Series]
    kind: Kind = Kind.LINES
    thresholds: Sequence[Threshold] = ()
    marks: Sequence[Mark] = ()
    bands: Sequence[Band] = ()
    lowest: float | None = None
    highest: float | None = None
    is_from_zero: bool = True

    def position(self, at_ms: float) -> float:
        """Where a moment lies, from 0 (start) to 1 (end)."""
        return (at_ms - self.start_ms) / max(1, self.end_ms - self.start_ms)

    def shifted(self, by_ms: int) -> "Chart":
        """The same so much later: the times at its axis, which are UTC, become those of a zone."""
        return replace(
            self,
            start_ms=self.start_ms + by_ms,
            end_ms=self.end_ms + by_ms,
            series=[
                replace(one, points=[(at_ms + by_ms, value) for at_ms, value in one.points])
                for one in self.series
            ],
            marks=[replace(one, at_ms=one.at_ms + by_ms) for one in self.marks],
            bands=[
                replace(one, start_ms=one.start_ms + by_ms, end_ms=one.end_ms + by_ms) for one in self.bands
            ],
        )


def drawable(value: float | None) -> float:
    """Return a value as it is drawn: NaN, which is a gap, where there is none or it is infinite."""
    if value is None or not math.isfinite(value):
        return math.nan
    return max(-FURTHEST, min(FURTHEST, value))
