"""Counts that begin with their first event: what they stood at before is written into the row before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from exporter.model.sample import Absence, Layout
from exporter.store.segment import Segment


@dataclass(frozen=True, slots=True)
class Beginning:
    """A count that began while its source was watched: it stood at `value` at a moment (milliseconds), and at
    another in the row that made this `version` of the group."""

    at: int
    value: float
    version: int


def begin_before(
    last: Segment,
    row: int,
    state: Sequence[float | None],
    layout: Layout,
    values: Sequence[float | None],
    absence: Absence,
) -> Mapping[int, float]:
    """Amend the newest row of a segment whose layout is followed by quite another one, with these values.

    `state` are the values of that row. Returns what has begun, by position in the layout that follows.
    """
    before = last.layout
    if before.base != layout.base:
        return {}
    places = [before.shape.position(point.series) for point in layout.points]
    new = [
        at
        for at, place in enumerate(places)
        if values[at] is not None and (place is None or state[place] is None)
    ]
    begun = absence.beginnings(layout.points, new)
    missing = [layout.points[at] for at in begun if places[at] is None]
    if missing and not last.grow(Layout([*before.points, *missing], before.base, before.unexposed)):
        return {}
    position = last.layout.shape.position
    amended = {position(layout.points[at].series): value for at, value in begun.items()}
    last.amend(row, {place: value for place, value in amended.items() if place is not None})
    return begun
