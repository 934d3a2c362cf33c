"""A timeline: the rows of a group, as its series read them."""

from array import array
from collections.abc import Sequence
from typing import Protocol

from exporter.store.segment import Segment


class Timeline(Protocol):
    """The part of a group that its series share.

    `times[i]` is the timestamp of row `first_row + i` in milliseconds; the rows are held in `segments`;
    `state` are the newest values, along the layout of the last segment.
    """

    @property
    def times(self) -> "array[int]":
        """The timestamps of the rows, in milliseconds."""
        ...

    @property
    def first_row(self) -> int:
        """The number of the oldest row."""
        ...

    @property
    def end_row(self) -> int:
        """The number of the row that comes next."""
        ...

    @property
    def segments(self) -> Sequence[Segment]:
        """The segments that hold the rows, the oldest first."""
        ...

    @property
    def state(self) -> Sequence[float | None]:
        """The newest value of each series."""
        ...
