"""Which series a table has. Tables of many targets have the same, and share what they know of them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final
from weakref import WeakValueDictionary

from exporter.metrics.cap import shorten
from exporter.model.labels import Labels, share
from exporter.model.sample import Family, Point, Shape, shape_of

# Family, suffix and label values: what a series is found by.
Key = tuple[Family, str, tuple[str, ...]]


class Columns:
    """The series of a table in order: their indexes by key, and their shape. Get it from `extended`, or
    `columns_of`."""

    __slots__ = ("__weakref__", "handles", "shape")

    def __init__(self, handles: Mapping[Key, int], shape: Shape) -> None:
        self.handles = handles
        self.shape = shape

    def extended(self, added: Mapping[Key, int], points: Sequence[Point]) -> "Columns":
        """These columns, and others behind them with the indexes that they have there."""
        return _known_or(shape_of([*self.shape.points, *points]), lambda: {**self.handles, **added})


# By the identity of their shapes, which live as long as they do.
_COLUMNS: WeakValueDictionary[int, Columns] = WeakValueDictionary()


def columns_of(keys: Iterable[Key], points: Sequence[Point]) -> Columns:
    """The one set of columns with these keys in this order; the points are theirs, one each."""
    return _known_or(shape_of(points), lambda: {key: index for index, key in enumerate(keys)})


def _known_or(shape: Shape, make_handles: Callable[[], Mapping[Key, int]]) -> Columns:
    """The columns of a shape: a point belongs to one key only."""
    found = _COLUMNS.get(id(shape))
    if found is None:
        found = _COLUMNS[id(shape)] = Columns(make_handles(), shape)
    return found


# Series that many tables have, each once. Emptied where it grows beyond all reason: sharing saves memory and
# means nothing.
_POINTS: dict[Key, tuple[Key, Point]] = {}
_MAX_POINTS: Final = 20_000


def point_of(key: Key, names: Iterable[str]) -> tuple[Key, Point]:
    """The one key like this, and the one point of it; `names` are those of the label values."""
    found = _POINTS.get(key)
    if found is None:
        pairs = [share((name, shorten(value))) for name, value in zip(names, key[2], strict=True)]
        if len(_POINTS) >= _MAX_POINTS:
            _POINTS.clear()
        found = _POINTS[key] = key, Point(key[0], key[1], Labels(pairs))
    return found


NO_COLUMNS: Final = columns_of((), ())
