"""Finds the series of a table by family and label values; tables with the same series share the index."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from exporter.metrics.cap import shorten
from exporter.model.interning import IdentityInterner, Interner
from exporter.model.labels import Labels, intern
from exporter.model.sample import Family, Point, Schema, schema_of

# Family, suffix and label values of a series.
Key = tuple[Family, str, tuple[str, ...]]


class KeyIndex:
    """Maps the keys of a table's series to their indexes in the table's `schema`.

    Made by `key_index_of` and `extended` only, which return the same object for the same series.
    """

    __slots__ = ("__weakref__", "indexes", "schema")

    def __init__(self, indexes: Mapping[Key, int], schema: Schema) -> None:
        self.indexes = indexes
        self.schema = schema

    def extended(self, added: Mapping[Key, int], points: Sequence[Point]) -> "KeyIndex":
        """Return an index with `added` behind the keys of this one; `points` are theirs, one each."""
        return _known_or(schema_of([*self.schema.points, *points]), lambda: {**self.indexes, **added})


# A key index holds its schema, as an `IdentityInterner` demands.
_KEY_INDEXES: IdentityInterner[KeyIndex] = IdentityInterner()


def key_index_of(keys: Iterable[Key], points: Sequence[Point]) -> KeyIndex:
    """Return the one index of these keys in this order; the points are theirs, one each."""
    return _known_or(schema_of(points), lambda: {key: index for index, key in enumerate(keys)})


def _known_or(schema: Schema, make_indexes: Callable[[], Mapping[Key, int]]) -> KeyIndex:
    """Return the key index of a schema: a point belongs to one key only."""
    return _KEY_INDEXES.get((schema,), lambda: KeyIndex(make_indexes(), schema))


# Series that many tables have, each once.
_POINTS: Interner[Key, tuple[Key, Point]] = Interner(limit=20_000)


def point_of(key: Key, names: Iterable[str]) -> tuple[Key, Point]:
    """Return the one key like this, and the one point of it; `names` are those of the label values."""

    def make(key: Key) -> tuple[Key, Point]:
        pairs = [intern((name, shorten(value))) for name, value in zip(names, key[2], strict=True)]
        return key, Point(key[0], key[1], Labels(pairs))

    return _POINTS.get(key, make)


NO_KEYS: Final = key_index_of((), ())
