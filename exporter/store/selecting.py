"""From matchers to series: which ones satisfy them."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from exporter.model.labels import Labels
from exporter.model.matcher import Matcher
from exporter.model.sample import Layout, Point, Schema
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

    What the points of a schema have of their own is looked at once for all sources that share it, what all
    series of a layout have in common once for each layout. Blocks may change between two series, and whenever
    `check` is called (with 0), which is now and then: what is new comes or not.
    """
    fitting = _Fitting(matchers, check)
    for number, group in enumerate(list(groups)):
        if number % _PIECE == 0:
            check(0)
        for layout, index in distinct_series(group.layouts, fitting.indexes):
            yield group, Series(layout.labels(index), group, layout, index)


class _Fitting:
    """Finds the points of layouts that satisfy all matchers."""

    def __init__(self, matchers: Sequence[Matcher], check: Callable[[int], None]) -> None:
        self._matchers = matchers
        self._check = check
        self._name = metric_name(matchers)
        self._by_base: dict[Labels, _Flags] = {}
        self._by_schema: dict[tuple[Schema, _Flags], Sequence[int]] = {}

    def indexes(self, layout: Layout) -> Sequence[int]:
        """The indexes in a layout of the points that fit."""
        flags = self._by_base.get(layout.base)
        if flags is None:
            # Not by its `get`, which would keep a dictionary for each base, all over the heap.
            base = dict(layout.base.pairs)
            flags = tuple([matcher.matches_value(base.get(matcher.name, "")) for matcher in self._matchers])
            self._by_base[layout.base] = flags
        key = (layout.schema, flags)
        found = self._by_schema.get(key)
        if found is None:
            found = self._by_schema[key] = self._find(layout.schema, flags)
        return found

    def _find(self, schema: Schema, flags: _Flags) -> Sequence[int]:
        indexes = schema.by_name.get(self._name, ()) if self._name else range(len(schema.points))
        found: list[int] = []
        for start in range(0, len(indexes), _PIECE):
            piece = indexes[start : start + _PIECE]
            found.extend([index for index in piece if self._fits(schema.points[index], flags)])
            self._check(0)
        return found

    def _fits(self, point: Point, flags: _Flags) -> bool:
        get = point.series.get
        for matcher, is_met in zip(self._matchers, flags, strict=True):
            own = get(matcher.name)
            if not (matcher.matches_value(own) if own else is_met):
                return False
        return True
