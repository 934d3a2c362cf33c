"""Caps the number of values of a label, and their length."""

import zlib
from collections.abc import Mapping
from typing import Final

OTHER: Final = "other"
MAX_VALUE_LENGTH: Final = 512


def shorten(value: str) -> str:
    """Return a label value of at most `MAX_VALUE_LENGTH` characters.

    A longer one is cut off, and ends with its checksum so that it differs from others.
    """
    if len(value) <= MAX_VALUE_LENGTH:
        return value
    checksum = zlib.crc32(value.encode("utf-8", "surrogatepass"))
    return f"{value[: MAX_VALUE_LENGTH - 9]}…{checksum:08x}"


class LabelCap:
    """Lets the first `limit` different values through; later ones are folded into `other` and counted.

    A value that is itself called `other` goes there too. `left_out` counts those of which nothing is told.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._known: set[str] = set()
        self.folded = 0
        self.left_out = 0

    def fold(self, value: str) -> str:
        """Return the value itself while there is room, else `other`."""
        if value in self._known or value == OTHER:
            return value
        if len(self._known) < self._limit:
            self._known.add(value)
            return value
        self.folded += 1
        return OTHER

    def leave_out(self, count: int) -> None:
        """Count values over the limit (a negative number: none) that are not exposed at all."""
        self.left_out += max(0, count)

    def fold_counts(self, counts: Mapping[str, float]) -> dict[str, float]:
        """Return the `limit` greatest of counts by value; the rest is summed up as `other`."""
        if len(counts) <= self._limit:
            return dict(counts)
        ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        kept = dict(ranked[: self._limit])
        rest = ranked[self._limit :]
        self.folded += len(rest)
        kept[OTHER] = kept.get(OTHER, 0.0) + sum(count for _, count in rest)
        return kept

    def release(self, value: str) -> None:
        """Make room for another value: this one is gone for good."""
        self._known.discard(value)
