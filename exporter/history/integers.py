"""Packs whole numbers by their width: what is small takes a byte, and bytes of one rank stand together.

Numbers of one width go to one stream, so that the compressor sees what is alike side by side.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from operator import sub
from typing import Final

CODES: Final = ("", "b", "h", "i", "q")
"""The type codes of `array` by width: none, one, two, four and eight bytes."""

_LIMITS: Final = (0, 1 << 7, 1 << 15, 1 << 31, 1 << 63)


def width_of(numbers: Sequence[int]) -> int:
    """Return the index into `CODES` of the narrowest type that holds all numbers; 0 where all are 0.

    Raises `OverflowError` for numbers that eight bytes do not hold.
    """
    low, high = min(numbers, default=0), max(numbers, default=0)
    for width, limit in enumerate(_LIMITS):
        if -limit <= low and high < max(limit, 1):
            return width
    raise OverflowError("a number of more than eight bytes")


def differences(numbers: Sequence[int]) -> list[int]:
    """Return each number less the one before it, from the second on."""
    return list(map(sub, numbers[1:], numbers))


def summed(first: int, steps: Iterable[int]) -> list[int]:
    """The inverse of `differences`."""
    return list(accumulate(steps, initial=first))


def shuffled(data: bytes, size: int) -> bytes:
    """Return the first bytes of all items, then the second ones, and so on."""
    return data if size == 1 else b"".join(data[rank::size] for rank in range(size))


def unshuffled(data: memoryview, size: int) -> bytes | memoryview:
    """The inverse of `shuffled`."""
    if size == 1:
        return data
    count = len(data) // size
    found = bytearray(len(data))
    for rank in range(size):
        found[rank::size] = data[rank * count : (rank + 1) * count]
    return bytes(found)


class Streams:
    """Numbers by type code, appended column by column."""

    def __init__(self, codes: Sequence[str]) -> None:
        self._parts: dict[str, array[int] | array[float]] = {code: array(code) for code in codes}

    def add(self, code: str, numbers: "Iterable[int] | Iterable[float]") -> None:
        """Append to the stream of a type."""
        self._parts[code].extend(numbers)  # type: ignore[arg-type]  # what the code says

    def pack(self) -> Iterator[bytes]:
        """Yield the bytes of all streams, each after its length in items."""
        for part in self._parts.values():
            yield len(part).to_bytes(4, "little")
            yield shuffled(part.tobytes(), part.itemsize)


class StreamReader:
    """Takes numbers from the streams that `Streams.pack` has written.

    Raises `ValueError` for data that is too short.
    """

    def __init__(self, codes: Sequence[str], data: memoryview) -> None:
        self._streams: dict[str, array[int] | array[float]] = {}
        self._places = dict.fromkeys(codes, 0)
        position = 0
        for code in codes:
            stream: array[int] | array[float] = array(code)
            size = int.from_bytes(data[position : position + 4], "little") * stream.itemsize
            position += 4
            if position + size > len(data):
                raise ValueError("shorter than it says")
            stream.frombytes(unshuffled(data[position : position + size], stream.itemsize))
            position += size
            self._streams[code] = stream

    def take(self, code: str, count: int) -> "array[int]":
        """Return the next numbers of a type."""
        start = self._places[code]
        self._places[code] = end = start + count
        found = self._streams[code][start:end]
        if len(found) != count:
            raise ValueError("fewer numbers than it says")
        return found  # type: ignore[return-value]  # callers of "d" know

    def take_floats(self, count: int) -> "array[float]":
        """Return the next doubles."""
        return self.take("d", count)  # type: ignore[return-value]
