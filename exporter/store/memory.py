"""Measures about how much memory samples take."""

from collections.abc import Generator, Sequence
from typing import Final
from weakref import ref

from exporter.model.sample import Schema
from exporter.store.series import Series
from exporter.store.series_group import SeriesGroup

# The bytes of a point of a schema, its labels included; targets with the same series share it.
_POINT_BYTES: Final = 450
# After how many groups or series others may have a turn.
_PIECE: Final = 500


def measure(groups: Sequence[SeriesGroup], readers: Sequence[ref[Series]]) -> Generator[None, None, int]:
    """Return the bytes of groups and of what is materialized for those who read them.

    A generator of small steps: the caller does other things between two of them.
    """
    schemas: set[Schema] = set()
    total = 0
    for number, group in enumerate(groups):
        schemas.update([layout.schema for layout in group.layouts])
        total += group.bytes
        if number % _PIECE == 0:
            yield
    for first in range(0, len(readers), _PIECE):
        found = [reference() for reference in readers[first : first + _PIECE]]
        total += sum([series.bytes for series in found if series is not None])
        yield
    return total + sum([len(schema.points) for schema in schemas]) * _POINT_BYTES
