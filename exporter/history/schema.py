"""The series of a source: labels that all of them have, and what tells them apart.

What tells them apart is the same for many sources and from block to block, so that it is matched once.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final

from exporter.model.interning import Interner
from exporter.model.labels import METRIC_NAME, Labels
from exporter.model.matcher import Matcher
from exporter.store.required_selectors import metric_name

# Selections that are kept for each schema.
_KEPT: Final = 8
_KEPT_BYTES: Final = 1_500
_POINT_BYTES: Final = 16
# Every server has a schema of its own as soon as one label differs, and nearly all of its points are those of
# the others.
_POINTS: Final[Interner[Labels, Labels]] = Interner(20_000)


def factored(series: Sequence[Labels]) -> tuple[Labels, list[Labels]]:
    """Return the labels that all series have, and of each the others."""
    common = set(series[0].pairs) if series else set()
    for one in series:
        common.intersection_update(one.pairs)
    common = {pair for pair in common if pair[0] != METRIC_NAME}
    base = Labels(sorted(common))
    names = [name for name, _ in base.pairs]
    return base, [one.without(*names) for one in series]


class Schema:
    """What tells the series of a source apart, one after the other."""

    __slots__ = ("_found", "_names", "points")

    def __init__(self, points: Iterable[Labels]) -> None:
        self.points = tuple([_POINTS.get(point, _itself) for point in points])
        self._names = tuple([point.name for point in self.points])
        self._found: dict[tuple[tuple[Matcher, ...], tuple[bool, ...]], Sequence[int]] = {}

    @property
    def bytes(self) -> int:
        """About how much memory it takes besides what all schemas share."""
        return _KEPT_BYTES + _POINT_BYTES * len(self.points)

    def find(self, matchers: Sequence[Matcher], base: Labels) -> Sequence[int]:
        """Return the indexes of the series that satisfy all matchers together with their common labels."""
        wanted = tuple(matchers)
        flags = _flags(wanted, base)
        key = (wanted, flags)
        found = self._found.get(key)
        if found is None:
            if len(self._found) >= _KEPT:
                self._found.clear()
            found = self._found[key] = tuple(self._search(matchers, flags))
        return found

    def _search(self, matchers: Sequence[Matcher], flags: Sequence[bool]) -> Iterator[int]:
        name = metric_name(matchers)
        for index in self._named(name) if name else range(len(self.points)):
            get = self.points[index].get
            own = [(one, get(one.name), flag) for one, flag in zip(matchers, flags, strict=True)]
            if all(one.matches_value(value) if value else flag for one, value, flag in own):
                yield index

    def _named(self, name: str) -> Iterator[int]:
        """The indexes of the series of a metric."""
        index = -1
        for _ in range(self._names.count(name)):
            index = self._names.index(name, index + 1)
            yield index


@lru_cache(maxsize=1024)
def _flags(matchers: tuple[Matcher, ...], base: Labels) -> tuple[bool, ...]:
    """Which of the matchers labels satisfy; a source has the same ones in block after block."""
    return tuple([one.matches_value(base.get(one.name)) for one in matchers])


def _itself(point: Labels) -> Labels:
    return point


class SeriesList(Sequence[Labels]):
    """The labels of all series of a source, put together when they are asked for."""

    def __init__(self, base: Labels, schema: Schema) -> None:
        self._base = base
        self._schema = schema

    def __len__(self) -> int:
        return len(self._schema.points)

    def __getitem__(self, index: int) -> Labels:  # type: ignore[override]  # nobody slices it
        return self._schema.points[index].joined(self._base)
