"""Reads Prometheus' XOR chunks, whose format `xor_chunk` writes."""

from array import array
from collections.abc import Iterator, Sequence
from typing import Final

from exporter.errors import VigilError
from exporter.remote.protocol.varint import read_uvarint

# The bits in which a difference of differences stands, by how many ones come before it.
_BUCKETS: Final = (0, 14, 17, 20, 64)


class DamagedChunkError(VigilError):
    """The bytes are no XOR chunk."""


def read_chunk(data: bytes) -> tuple[Sequence[int], Sequence[float]]:
    """Return timestamps (milliseconds) and values. Raises `DamagedChunkError`."""
    try:
        count = int.from_bytes(data[:2], "big")
        if len(data) < 2 or not count:
            return (), ()
        encoded, at = read_uvarint(data, 2)
        moment, pattern = (encoded >> 1) ^ -(encoded & 1), int.from_bytes(data[at : at + 8], "big")
        at += 8
        if at > len(data):
            raise ValueError("no bits are left")
        delta, at = read_uvarint(data, at) if count > 1 else (0, at)
        patterns, times = array("Q", [pattern]), [moment]
        for step, bits in _samples(_Bits(data[at:]), count - 1, delta, pattern):
            moment += step
            times.append(moment)
            patterns.append(bits)
    except (IndexError, ValueError, OverflowError):
        raise DamagedChunkError("a chunk ends too early") from None
    return times, memoryview(patterns.tobytes()).cast("d").tolist()


class _Bits:
    """Bits that are taken from the front."""

    __slots__ = ("_left", "_number")

    def __init__(self, data: bytes) -> None:
        self._number = int.from_bytes(data, "big")
        self._left = 8 * len(data)

    def take(self, count: int) -> int:
        """The next bits as a number. Raises `ValueError` where there are not so many."""
        self._left -= count
        if self._left < 0:
            raise ValueError("no bits are left")
        return self._number >> self._left & (1 << count) - 1


def _samples(bits: _Bits, count: int, delta: int, pattern: int) -> Iterator[tuple[int, int]]:
    """Yield of each sample after the first the time since the one before it, and the bits of its value."""
    take = bits.take
    leading = width = 0
    for number in range(count):
        if number:
            delta += _difference(bits)
        if take(1):
            if take(1):
                window = take(11)
                leading, width = window >> 6, window & 63 or 64
            pattern ^= take(width) << 64 - leading - width
        yield delta, pattern


def _difference(bits: _Bits) -> int:
    ones = 0
    while ones < 4 and bits.take(1):
        ones += 1
    size = _BUCKETS[ones]
    if not size:
        return 0
    found = bits.take(size)
    # The largest number of so many bits is one more than usual, but in 64 of them.
    is_negative = found >> 63 if size == 64 else found > 1 << size - 1
    return found - (1 << size) if is_negative else found
