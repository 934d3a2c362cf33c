"""Finds the series that satisfy matchers."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from exporter.errors import QueryError
from exporter.model.labels import Labels
from exporter.model.matcher import Matcher
from exporter.model.sample import Layout, Point, Schema
from exporter.store.layouts import distinct_series
from exporter.store.required_selectors import metric_name
from exporter.store.series import Series
from exporter.store.series_group import SeriesGroup

_Flags = tuple[bool, ...]
# How many points or series are looked at between two calls of `check`.
_PIECE = 500
# Fewer where regular expressions are large or many: so many steps per character of a value.
_MOST_STEPS = 10_000
# No label of a server is longer, so that only what is shorter for a matcher has to be looked at.
_LONGEST_VALUE = 65_536


def never_stop(found: int) -> None:
    """Do nothing: the `check` of callers that cannot give way."""


def select_series(
    groups: Iterable[SeriesGroup], matchers: Sequence[Matcher], check: Callable[[int], None] = never_stop
) -> Iterator[tuple[SeriesGroup, Series]]:
    """Yield the series of all groups that satisfy all matchers, the ended ones included.

    Each is an object of its own. The labels of a schema's points are matched once for all sources that share
    it, the labels in common once for each layout. Groups may change between two series, and whenever `check`
    is called (with 0), which is now and then: series that are new then may be left out.
    """
    fitting = _Fitting(matchers, check)
    for number, group in enumerate(list(groups)):
        if number % _PIECE == 0:
            check(0)
        for layout, index in distinct_series(group.layouts, fitting.indexes):
            yield group, Series(layout.labels(index), group, layout, index)


class _Fitting:
    """Finds the points of layouts that satisfy all matchers, once for each schema."""

    def __init__(self, matchers: Sequence[Matcher], check: Callable[[int], None]) -> None:
        self._matchers = matchers
        self._check = check
        self._piece = max(1, min(_PIECE, _MOST_STEPS // (1 + sum(matcher.steps for matcher in matchers))))
        self._are_bounded = any(matcher.most_characters < _LONGEST_VALUE for matcher in matchers)
        self._name = metric_name(matchers)
        self._by_base: dict[Labels, _Flags] = {}
        self._by_schema: dict[tuple[Schema, _Flags], Sequence[int]] = {}

    def indexes(self, layout: Layout) -> Sequence[int]:
        """Return the indexes in a layout of the points that fit."""
        flags = self._by_base.get(layout.base)
        if flags is None:
            # `Labels.get` would keep a dictionary for each base, which fragments the heap.
            base = dict(layout.base.pairs)
            flags = tuple([self._matches(matcher, base.get(matcher.name, "")) for matcher in self._matchers])
            self._by_base[layout.base] = flags
            if len(self._by_base) % self._piece == 0:
                self._check(0)
        key = (layout.schema, flags)
        found = self._by_schema.get(key)
        if found is None:
            found = self._by_schema[key] = self._find(layout.schema, flags)
        return found

    def _find(self, schema: Schema, flags: _Flags) -> Sequence[int]:
        indexes = schema.by_name.get(self._name, ()) if self._name else range(len(schema.points))
        found: list[int] = []
        for start in range(0, len(indexes), self._piece):
            piece = indexes[start : start + self._piece]
            found.extend([index for index in piece if self._fits(schema.points[index], flags)])
            self._check(0)
        return found

    def _fits(self, point: Point, flags: _Flags) -> bool:
        get = point.series.get
        for matcher, is_met in zip(self._matchers, flags, strict=True):
            own = get(matcher.name)
            if not (self._matches(matcher, own) if own else is_met):
                return False
        return True

    def _matches(self, matcher: Matcher, value: str) -> bool:
        if self._are_bounded and len(value) > matcher.most_characters:
            raise QueryError(
                f"the regular expression for {matcher.name} is too large for a value of {len(value):,} "
                f"characters: at most {matcher.most_characters:,} are matched with it"
            )
        return matcher.matches_value(value)
