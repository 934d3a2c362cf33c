"""The few forms of protobuf that requests are made of, written without a library.

Most of a request is the same from one to the next: labels of series, encoded once; a sample has the same 18
bytes but for its value and its timestamp. So a request is one `bytes.join` of pieces that are there already,
which takes a fifteenth of the time of the protobuf library (docs/performance.md has the figures). Tests parse
every form with the library.

Source of the forms: https://protobuf.dev/programming-guides/encoding/.
"""

from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from typing import Final

from exporter.remote.protocol.varint import uvarint

_LENGTH: Final = 2
# One sample: 16 bytes follow, the first field is a double.
SAMPLE_HEAD: Final = b"\x12\x10\x09"
SAMPLE_BYTES: Final = 18
"""The size of a sample: its head, its value, and what `timestamp_field` returns."""

# Enough until the year 2109; earlier ones are padded to it, so that all samples are of one size.
_TIMESTAMP_BYTES: Final = 6


varint = lru_cache(1 << 14)(uvarint)
"""A number that is not negative; the same ones come again and again."""


def field(number: int, payload: bytes) -> bytes:
    """A field of a message that holds a text, bytes, or another message."""
    return varint(number << 3 | _LENGTH) + varint(len(payload)) + payload


def number_field(number: int, value: int) -> bytes:
    """A field that holds a number; nothing for 0, as the protocol has it."""
    return varint(number << 3) + varint(value) if value else b""


def timestamp_field(moment_ms: int) -> bytes:
    """The second field of a sample: its timestamp, always of the same length.

    Raises `ValueError` for a moment before 1970 or after 2109.
    """
    if not 0 <= moment_ms < 1 << 7 * _TIMESTAMP_BYTES:
        raise ValueError("a timestamp outside of what can be sent")
    pieces = [moment_ms >> shift & 0x7F | 0x80 for shift in range(0, 7 * _TIMESTAMP_BYTES, 7)]
    pieces[-1] &= 0x7F
    return b"\x10" + bytes(pieces)


def join_row(
    heads: Sequence[bytes], values: Sequence[bytes], timestamp: bytes, absent: Collection[int]
) -> bytes:
    """One row of samples: of each series what stands before its value, and the value in eight bytes.

    The series at the indexes `absent` are left out.
    """
    count = len(heads)
    pieces: list[bytes] = [timestamp] * (3 * count)
    pieces[0::3] = heads
    pieces[1::3] = values
    for index in absent:
        pieces[3 * index] = pieces[3 * index + 1] = pieces[3 * index + 2] = b""
    return b"".join(pieces)


def labels_fields(pairs: Iterable[tuple[str, str]]) -> bytes:
    """The labels of a series of protocol 1.0, in the order in which they are given."""
    return b"".join(_label_field(pair) for pair in pairs)


@lru_cache(1 << 14)
def _label_field(pair: tuple[str, str]) -> bytes:
    name, value = pair
    return field(1, field(1, name.encode()) + field(2, value.encode()))
