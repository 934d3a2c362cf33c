"""What lies over the time of a chart: gaps, bands, marks; and where the text of a threshold has room."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from exporter.charts.chart import Band, Chart, Mark
from exporter.charts.lines import Drawing

# Marks that lie so near to each other become one with a count.
_NEAR: Final = 0.02
_SEVERITIES: Final = ("critical", "warning", "info", "quiet")
_TEXT_HEIGHT: Final = 0.14
_TOP: Final = 0.06
_EDGE: Final = 0.001


@dataclass(frozen=True, slots=True)
class Span:
    """From a share of the time to another."""

    start: float
    end: float


@dataclass(frozen=True, slots=True)
class PlacedMark:
    """One mark, or the worst of several that would hide each other, with the titles of all."""

    share: float
    mark: Mark
    titles: Sequence[str]

    @property
    def title(self) -> str:
        """What happened there."""
        return "; ".join(self.titles)


def gaps(drawing: Drawing) -> Iterator[Span]:
    """Yield times in which no line has a value, of two steps and more."""
    measured = drawing.lines
    if any(len(one.known) == len(one.values) for one in measured):
        return
    count = max((len(one.values) for one in measured), default=2)
    is_empty = [all(one.values[index] != one.values[index] for one in measured) for index in range(count)]
    step, begin = 1 / max(1, count - 1), None
    for index, empty in enumerate([*is_empty, False]):
        if empty and begin is None:
            begin = index
        elif not empty and begin is not None:
            if index - begin > 1:
                yield Span(max(0.0, (begin - 1) * step), min(1.0, index * step))
            begin = None


def bands(chart: Chart) -> Iterator[tuple[Span, Band]]:
    """Yield the part of each band that lies within the time."""
    for band in chart.bands:
        span = Span(_within(chart.position(band.start_ms)), _within(chart.position(band.end_ms)))
        if span.end > span.start:
            yield span, band


def marks(chart: Chart) -> list[PlacedMark]:
    """The marks by time."""
    placed: list[PlacedMark] = []
    for mark in sorted(chart.marks, key=lambda one: one.at_ms):
        share = chart.position(mark.at_ms)
        if not 0 <= share <= 1:
            continue
        if placed and share - placed[-1].share < _NEAR:
            before = placed[-1]
            placed[-1] = PlacedMark(
                before.share, min(before.mark, mark, key=_badness), [*before.titles, mark.title]
            )
        else:
            placed.append(PlacedMark(share, mark, [mark.title]))
    return placed


def threshold_share(drawing: Drawing, value: float) -> float | None:
    """Where a threshold lies, from 0 (top) to 1; None where that is not on the chart."""
    share = math.nan if math.isnan(value) else drawing.scale.place(value)
    return _within(share) if -_EDGE <= share <= 1 + _EDGE else None


def has_room_above(drawing: Drawing, share: float) -> bool:
    """Whether the text of a threshold is better above its line than below: the beginnings of lines tell."""
    place = drawing.scale.place
    beginnings = [value for top in drawing.tops for value in top[: max(1, len(top) // 5)] if value == value]
    places = [place(value) for value in beginnings]
    above = sum(share - _TEXT_HEIGHT <= one <= share for one in places)
    return share >= _TOP and above <= sum(share <= one <= share + _TEXT_HEIGHT for one in places)


def _badness(mark: Mark) -> int:
    return _SEVERITIES.index(mark.severity) if mark.severity in _SEVERITIES else len(_SEVERITIES)


def _within(share: float) -> float:
    return min(1.0, max(0.0, share))
