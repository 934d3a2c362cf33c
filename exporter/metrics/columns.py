"""Which series a table has. Tables of many targets have the same, and share what they know of them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from weakref import WeakValueDictionary

from exporter.metrics.cap import shorten
from exporter.model.labels import Labels, share
from exporter.model.sample import Family, Point, Shape, shape_of

# Family, suffix and label values: what a series is found by.
Key = tuple[Family, str, tuple[str, ...]]


class Columns:
    """The series of a table in order: their indexes by key, and their shape. Get it from `columns_of`."""

    __slots__ = ("__weakref__", "handles", "shape")

    def __init__(self, keys: tuple[Key, ...], shape: Shape) -> None:
        self.handles: Mapping[Key, int] = {key: index for index, key in enumerate(keys)}
        self.shape = shape


_COLUMNS: WeakValueDictionary[tuple[Key, ...], Columns] = WeakValueDictionary()


def columns_of(keys: Sequence[Key], points: Sequence[Point]) -> Columns:
    """The one set of columns with these keys in this order; the points are theirs."""
    key = tuple(keys)
    found = _COLUMNS.get(key)
    if found is None:
        found = _COLUMNS[key] = Columns(key, shape_of(points))
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
