"""`SourceState`: the values of one source as they were sent last."""

import sys
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from struct import pack
from typing import Final

from exporter.model.sample import STALE, Layout
from exporter.remote.write.message import EncodedLayout

STALE_BYTES: Final = pack("<d", STALE)
_VALUE_BYTES: Final = 8
_NO_LAYOUT: Final = Layout(())
_NOTHING: Final = EncodedLayout(())


def packed_values(packed: bytes) -> list[bytes]:
    """Take packed doubles of this machine apart, as protobuf has each of them."""
    if sys.byteorder == "big":
        numbers = array("d")
        numbers.frombytes(packed)
        numbers.byteswap()
        packed = numbers.tobytes()
    return [packed[at : at + _VALUE_BYTES] for at in range(0, len(packed), _VALUE_BYTES)]


@dataclass(slots=True)
class Ended:
    """Series that a layout had with a value, and that the next one does not have: they are marked stale."""

    layout: EncodedLayout
    indexes: Sequence[int]


@dataclass(slots=True)
class SourceState:
    """The values after the row that was taken last, by index in the layout.

    `absent` are the indexes of series without a value, whose end was sent, and of those that are never sent.
    `begun` and `ended` are what the last row changed about that.
    """

    layout: Layout = _NO_LAYOUT
    encoded: EncodedLayout = _NOTHING
    last_ms: int = -1
    values: list[bytes] = field(default_factory=list)
    absent: set[int] = field(default_factory=set)
    begun: list[int] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)

    def finish_row(self) -> None:
        """The row that was taken last is sent: series that ended in it are left out of the next."""
        self.absent.update(self.ended)
        self.ended = []
        self.begun = []

    def move(self, indexes: Sequence[int], values: Sequence[bytes]) -> None:
        """Take a row in which these series have other values than before."""
        own, absent, unsent = self.values, self.absent, self.encoded.unsent
        for index, value in zip(indexes, values, strict=True):
            own[index] = value
            if value == STALE_BYTES:
                if index not in absent:
                    self.ended.append(index)
            elif index in absent and index not in unsent:
                absent.discard(index)
                self.begun.append(index)

    def grow(self, layout: Layout, encoded: EncodedLayout) -> None:
        """Go over to a layout that has the same series, and more behind them, without values so far."""
        count = len(self.layout)
        self.values.extend([STALE_BYTES] * (len(layout) - count))
        self.absent.update(range(count, len(layout)))
        self.layout, self.encoded = layout, encoded

    def replace(self, layout: Layout, encoded: EncodedLayout, values: list[bytes]) -> Ended:
        """Take a whole row of any layout; returns the series that are not in it any more."""
        before = self.layout
        alive = [index for index in range(len(before)) if index not in self.absent]
        kept = dict(self._kept(layout, alive))
        gone = [index for index in alive if index not in kept]
        ended = Ended(self.encoded, gone)
        known = set(kept.values())
        self.layout, self.encoded, self.values = layout, encoded, values
        self.absent, self.ended = set(encoded.unsent), []
        for index, value in enumerate(values):
            if value != STALE_BYTES or index in encoded.unsent:
                continue
            if index in known:
                self.ended.append(index)
            else:
                self.absent.add(index)
        self.begun = [index for index in range(len(values)) if index not in known | self.absent]
        return ended

    def _kept(self, layout: Layout, alive: Sequence[int]) -> Iterator[tuple[int, int]]:
        """Yield the indexes, in both layouts, of series that both have."""
        before = self.layout
        is_same = before.base == layout.base
        for index in alive:
            if is_same:
                found = layout.schema.index_of(before.points[index].series)
            else:
                found = layout.index_of(before.labels(index))
            if found is not None:
                yield index, found
