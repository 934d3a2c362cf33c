"""Writes what a count stood at before its first event into the row before: mostly 0."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from exporter.model.sample import Absence, Layout
from exporter.store.segment import Segment


@dataclass(frozen=True, slots=True)
class Beginning:
    """A count that began while its source was watched.

    It stood at `value` at the moment `at_ms` (milliseconds), and at another value in the row that made this
    `version` of the group.
    """

    at_ms: int
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
    """Amend the newest row of a segment when quite another layout follows, with these values.

    `state` are the values of that row. Returns what each new count stood at, by index in the layout that
    follows.
    """
    before = last.layout
    if before.base != layout.base:
        return {}
    known = [before.schema.index_of(point.series) for point in layout.points]
    new = [
        index
        for index, old in enumerate(known)
        if values[index] is not None and (old is None or state[old] is None)
    ]
    begun = absence.beginnings(layout.points, new)
    missing = [layout.points[index] for index in begun if known[index] is None]
    if missing and not last.grow(Layout([*before.points, *missing], before.base, before.unexposed)):
        return {}
    index_of = last.layout.schema.index_of
    amended = {index_of(layout.points[index].series): value for index, value in begun.items()}
    last.amend(row, {index: value for index, value in amended.items() if index is not None})
    return begun
