"""Reads XOR chunks as their documentation describes them, bit by bit."""

import struct
from collections.abc import Sequence


class _Bits:
    def __init__(self, data: bytes) -> None:
        self._text = "".join(f"{byte:08b}" for byte in data)
        self._at = 0

    def take(self, count: int) -> int:
        """The next bits as a number."""
        assert self._at + count <= len(self._text), "the chunk ends too early"
        text = self._text[self._at : self._at + count]
        self._at += count
        return int(text, 2) if count else 0

    def signed(self, count: int) -> int:
        """The next bits, of which the greatest is 2^(count-1)."""
        number = self.take(count)
        return number - (1 << count) if number > 1 << (count - 1) else number

    def uvarint(self) -> int:
        """Seven bits a byte, the lowest first."""
        number = shift = 0
        while True:
            byte = self.take(8)
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return number

    def rest(self) -> str:
        """What is left."""
        return self._text[self._at :]


def decode(chunk: bytes) -> Sequence[tuple[int, int]]:
    """Timestamps, and the bits of the values as numbers."""
    count = int.from_bytes(chunk[:2], "big")
    bits = _Bits(chunk[2:])
    zigzag = bits.uvarint()
    moment, value = (zigzag >> 1) ^ -(zigzag & 1), bits.take(64)
    found = [(moment, value)]
    delta = leading = width = 0
    for number in range(1, count):
        delta = bits.uvarint() if number == 1 else delta + _difference(bits)
        moment += delta
        if bits.take(1):
            if bits.take(1):
                leading, width = bits.take(5), bits.take(6) or 64
            value ^= bits.take(width) << (64 - leading - width)
        found.append((moment, value))
    assert set(bits.rest()) <= {"0"}
    assert len(bits.rest()) < 8
    return found


def _difference(bits: _Bits) -> int:
    for size in (0, 14, 17, 20):
        if not bits.take(1):
            return bits.signed(size) if size else 0
    number = bits.take(64)
    return number - (1 << 64) if number >> 63 else number


def pattern(value: float) -> int:
    """The bits of a value as a number."""
    return int(struct.unpack("<Q", struct.pack("<d", value))[0])
