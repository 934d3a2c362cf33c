"""From matchers to series: which ones satisfy them."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from exporter.model.labels import Labels
from exporter.model.matcher import Matcher
from exporter.model.sample import Layout, Point, Shape
from exporter.store.required_selectors import metric_name
from exporter.store.series import Series
from exporter.store.series_group import SeriesGroup, distinct_series

_Flags = tuple[bool, ...]
# How many points or series are looked at between two calls of `check`.
_PIECE = 500


def go_on(found: int) -> None:
    """The `check` of those who cannot give way."""


def select_series(
    groups: Iterable[SeriesGroup], matchers: Sequence[Matcher], check: Callable[[int], None] = go_on
) -> Iterator[tuple[SeriesGroup, Series]]:
    """The series of all groups that satisfy all matchers, the ended ones included; each an object of its own.

    What the points of a shape have of their own is looked at once for all sources that share it, what all
    series of a layout have in common once for each layout. Blocks may change between two series, and whenever
    `check` is called (with 0), which is now and then: what is new comes or not.
    """
    fitting = _Fitting(matchers, check)
    for number, group in enumerate(list(groups)):
        if number % _PIECE == 0:
            check(0)
        for layout, position in distinct_series(group.layouts, fitting.positions):
            yield group, Series(layout.labels(position), group, layout, position)


class _Fitting:
    """Finds the points of layouts that satisfy all matchers."""

    def __init__(self, matchers: Sequence[Matcher], check: Callable[[int], None]) -> None:
        self._matchers = matchers
        self._check = check
        self._name = metric_name(matchers)
        self._by_base: dict[Labels, _Flags] = {}
        self._by_shape: dict[tuple[Shape, _Flags], Sequence[int]] = {}

    def positions(self, layout: Layout) -> Sequence[int]:
        """The positions in a layout of the points that fit."""
        flags = self._by_base.get(layout.base)
        if flags is None:
            # Not by its `get`, which would keep a dictionary for each base, all over the heap.
            base = dict(layout.base.pairs)
            flags = tuple([matcher.matches_value(base.get(matcher.name, "")) for matcher in self._matchers])
            self._by_base[layout.base] = flags
        key = (layout.shape, flags)
        found = self._by_shape.get(key)
        if found is None:
            found = self._by_shape[key] = self._find(layout.shape, flags)
        return found

    def _find(self, shape: Shape, flags: _Flags) -> Sequence[int]:
        places = shape.by_name.get(self._name, ()) if self._name else range(len(shape.points))
        found: list[int] = []
        for start in range(0, len(places), _PIECE):
            piece = places[start : start + _PIECE]
            found.extend([place for place in piece if self._fits(shape.points[place], flags)])
            self._check(0)
        return found

    def _fits(self, point: Point, flags: _Flags) -> bool:
        get = point.series.get
        for matcher, is_met in zip(self._matchers, flags, strict=True):
            own = get(matcher.name)
            if not (matcher.matches_value(own) if own else is_met):
                return False
        return True
