"""Prometheus' XOR chunks: timestamps as differences of differences, values as what differs from the last.

Source of the format: tsdb/docs/format/chunks.md and tsdb/chunkenc/xor.go of github.com/prometheus/prometheus,
after "Gorilla: A Fast, Scalable, In-Memory Time Series Database". The bits of a chunk are gathered in one
integer, which costs less than writing them byte by byte.
"""

from array import array
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from exporter.remote.protocol.varint import uvarint, varint

CHUNK_SAMPLES: Final = 120
"""The most samples in a chunk, as in Prometheus' own database."""

_WORD: Final = (1 << 64) - 1
# No block of bits has been written yet: none has so many leading zeros.
_NO_WINDOW: Final = 65
# The bits in which a difference of differences fits, its prefix, and the length of that.
_BUCKETS: Final = ((14, 0b10, 2), (17, 0b110, 3), (20, 0b1110, 4))


class ChunkTimes:
    """The timestamps of one chunk (milliseconds, in order), encoded once for all series that share them."""

    __slots__ = ("_codes", "_constant", "count", "first_ms", "last_ms")

    def __init__(self, times: Sequence[int]) -> None:
        self.count = len(times)
        self.first_ms = times[0]
        self.last_ms = times[-1]
        self._codes = list(_codes_of(times))
        self._constant: tuple[int, int] | None = None

    def encode(self, values: Sequence[float]) -> bytes:
        """Return the chunk of a series with one value at each of these moments."""
        patterns = memoryview(array("d", values)).cast("B").cast("Q").tolist()
        head = self.count.to_bytes(2, "big") + varint(self.first_ms) + patterns[0].to_bytes(8, "big")
        if patterns.count(patterns[0]) == self.count:
            bits, size = self._unmoved()
        else:
            bits, size = self._moved(patterns)
        padding = -size % 8
        return head + (bits << padding).to_bytes((size + padding) // 8, "big")

    def _unmoved(self) -> tuple[int, int]:
        """The bits of all but the first sample where the value stays as it is, and how many they are."""
        if self._constant is None:
            bits = total = 0
            for code, size in self._codes:
                bits = bits << size + 1 | code << 1
                total += size + 1
            self._constant = bits, total
        return self._constant

    def _moved(self, patterns: Sequence[int]) -> tuple[int, int]:
        """The bits of all but the first sample, and how many they are."""
        bits = total = trailing = width = 0
        leading = _NO_WINDOW
        before = patterns[0]
        for (code, size), pattern in zip(self._codes, patterns[1:], strict=True):
            delta = pattern ^ before
            if not delta:
                bits = bits << size + 1 | code << 1
                total += size + 1
                continue
            before = pattern
            zeros = 64 - delta.bit_length()
            if zeros > 31:
                zeros = 31
            end = (delta & -delta).bit_length() - 1
            if zeros >= leading and end >= trailing:
                bits = bits << size + 2 + width | (code << 2 | 0b10) << width | delta >> trailing
                total += size + 2 + width
            else:
                leading, trailing, width = zeros, end, 64 - zeros - end
                # A width of 64 is written as 0, which never occurs else.
                window = 0b11 << 11 | leading << 6 | width & 63
                bits = bits << size + 13 + width | (code << 13 | window) << width | delta >> trailing
                total += size + 13 + width
        return bits, total


def chunk_times(times: Sequence[int]) -> Sequence[ChunkTimes]:
    """Return timestamps in pieces of a chunk each."""
    return [ChunkTimes(times[start : start + CHUNK_SAMPLES]) for start in range(0, len(times), CHUNK_SAMPLES)]


def _codes_of(times: Sequence[int]) -> Iterable[tuple[int, int]]:
    """The code of each timestamp after the first: its bits, and how many they are."""
    before = 0
    for number in range(1, len(times)):
        delta = times[number] - times[number - 1]
        if number == 1:
            encoded = uvarint(delta)
            yield int.from_bytes(encoded, "big"), 8 * len(encoded)
        else:
            yield _difference_code(delta - before)
        before = delta


@lru_cache(8192)
def _difference_code(difference: int) -> tuple[int, int]:
    # Kept, since the same few come again and again: timestamps are held as what this returns.
    if difference == 0:
        return 0, 1
    for size, prefix, prefix_size in _BUCKETS:
        half = 1 << size - 1
        if -half < difference <= half:
            return prefix << size | difference & (1 << size) - 1, prefix_size + size
    return 0b1111 << 64 | difference & _WORD, 68
