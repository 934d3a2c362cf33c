"""Compares layouts: their series, once each, and the metric names that two of them differ in."""

from collections.abc import Callable, Iterator, Sequence, Set

from exporter.model.labels import Labels
from exporter.model.sample import Layout


def distinct_series(
    layouts: Sequence[Layout], find_indexes: Callable[[Layout], Sequence[int]]
) -> Iterator[tuple[Layout, int]]:
    """Yield pairs of a layout and an index in it, without the series that a layout before holds as well."""
    # Identity first, since most points are the very same objects in all layouts, and comparing labels
    # costs more.
    known: dict[Labels, tuple[set[int], set[Labels]]] = {}
    for number, layout in enumerate(layouts):
        points, indexes = layout.points, find_indexes(layout)
        ids, series = known.setdefault(layout.base, (set(), set()))
        if ids:
            indexes = [index for index in indexes if id(points[index]) not in ids]
            indexes = [index for index in indexes if points[index].series not in series]
        others = [one for one in layouts[:number] if one.base != layout.base and not one.is_apart(layout)]
        for index in indexes:
            if not any(one.holds(layout, index) for one in others):
                yield layout, index
        if number + 1 < len(layouts):
            ids.update([id(points[index]) for index in indexes])
            series.update([points[index].series for index in indexes])


def changed_names(before: Layout, after: Layout) -> Set[str]:
    """Return the metric names of which one layout has other series than the other."""
    if before.base == after.base:
        count = len(before)
        if after.points[:count] == before.points:
            return {point.series.name for point in after.points[count:]}
        old, new = set(map(id, before.points)), set(map(id, after.points))
        gone = {point for point in before.points if id(point) not in new}
        come = {point for point in after.points if id(point) not in old}
        return {point.series.name for point in gone ^ come}
    return before.schema.by_name.keys() | after.schema.by_name.keys()
