"""Caches the selections of the store, until a series comes or goes that may belong to them."""

from collections.abc import Iterable, Sequence
from typing import Final

from exporter.model.matcher import Matcher
from exporter.model.series import ReadableSeries
from exporter.store.required_selectors import metric_name

LARGEST_SELECTION: Final = 100_000
"""Of more series none is kept."""
# With longer matchers none is kept, and the key of one takes as much as so many series.
_LONGEST_KEY: Final = 2_000
_KEY_SERIES: Final = 50
# The most series in all cached selections.
_MOST_SELECTED: Final = 1_000_000


class Selections:
    """A cache of selected series by their matchers.

    `version` increases when any selection may have become another one.
    """

    def __init__(self) -> None:
        # By metric name ("" where the selector has none).
        self._by_name: dict[str, dict[tuple[Matcher, ...], Sequence[ReadableSeries]]] = {}
        # An upper bound of the series in all selections: those dropped since then count, too.
        self._selected = 0
        self.version = 0

    def get(self, key: tuple[Matcher, ...]) -> Sequence[ReadableSeries] | None:
        """Return the cached selection, if there is one."""
        return self._by_name.get(metric_name(key), {}).get(key)

    def keep(self, key: tuple[Matcher, ...], found: Sequence[ReadableSeries]) -> None:
        """Cache a selection, unless it is very large."""
        if len(found) > LARGEST_SELECTION or sum(len(matcher.value) for matcher in key) > _LONGEST_KEY:
            return
        weight = len(found) + _KEY_SERIES
        self._selected += weight
        if self._selected > _MOST_SELECTED:
            self._by_name.clear()
            self._selected = weight
        self._by_name.setdefault(metric_name(key), {})[key] = found

    def drop(self, names: Iterable[str]) -> None:
        """Drop the selections that series of these metric names, which came or went, may belong to."""
        self.version += 1
        for name in ("", *names):
            self._by_name.pop(name, None)
