"""The format of a file of the write-ahead log: a header, and records with a checksum each.

A record is its length, the CRC-32 of what follows, a type, and a payload. SCHEMA and STREAM say what the
numbers in ROWS mean: a stream is one layout of one source. SHIFT moves all rows before it in time. The file
stays on the machine that wrote it, so rows are arrays as they lie in memory.
"""

import json
import struct
import sys
import zlib
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, TypeVar

from exporter.errors import ForeignWalError, NewerWalError
from exporter.model.labels import Labels
from exporter.store import Rows

VERSION: Final = 1
MAX_RECORD_BYTES: Final = 256 << 20
"""A length beyond this one is damage."""

_MAGIC: Final = b"\x89RVWAL\r\n"
# Magic, version, whether the machine is little-endian.
_HEADER: Final = struct.Struct("<8sHB5x")
HEADER_BYTES: Final = _HEADER.size
_FRAME: Final = struct.Struct("<IIB")
FRAME_BYTES: Final = _FRAME.size
# The number of a stream, the number of rows, whether there is a base.
_ROWS: Final = struct.Struct("<IIB7x")
_TIME: Final = struct.Struct("=q")
_SHIFT: Final = struct.Struct("<q")
_NUMBER: Final = struct.Struct("<I")
_IS_LITTLE: Final = sys.byteorder == "little"
_LEVEL: Final = 1
_NumberT = TypeVar("_NumberT", int, float)


class RecordType(IntEnum):
    """What a record holds."""

    SCHEMA = 1
    STREAM = 2
    ROWS = 3
    SHIFT = 4


def encode_header() -> bytes:
    """Return the header of a file."""
    return _HEADER.pack(_MAGIC, VERSION, _IS_LITTLE)


def check_header(data: bytes, name: str) -> None:
    """Raise `ForeignWalError` or `NewerWalError` for the header of a file that cannot be read."""
    magic, version, is_little = _HEADER.unpack(data)
    if magic != _MAGIC:
        raise ForeignWalError(f"{name} is no write-ahead log of redis-vigil")
    if version > VERSION:
        raise NewerWalError(
            f"{name} was written by a later redis-vigil (format {version}, this one reads {VERSION}): "
            "it stays as it is until that version runs again"
        )
    if is_little != _IS_LITTLE:
        raise ForeignWalError(f"{name} was written on a machine with another order of bytes")


def is_beginning(data: bytes) -> bool:
    """Whether this is how a file begins whose header was not written to its end."""
    return encode_header().startswith(data)


def encode_record(kind: RecordType, *parts: bytes) -> bytes:
    """Return a record with this payload."""
    payload = b"".join(parts)
    return _FRAME.pack(len(payload), _checksum(kind, payload), kind) + payload


def decode_frame(frame: bytes) -> tuple[int, int, int]:
    """Return the length of the payload of a record, its checksum, and its type."""
    length, checksum, kind = _FRAME.unpack(frame)
    return length, checksum, kind


def is_valid(frame: bytes, payload: bytes) -> bool:
    """Whether a payload is the one that was written behind this frame."""
    length, checksum, kind = decode_frame(frame)
    return len(payload) == length and _checksum(kind, payload) == checksum


def _checksum(kind: int, payload: bytes) -> int:
    return zlib.crc32(payload, kind)


def encode_schema(number: int, series: Sequence[Labels]) -> bytes:
    """Return the record of the series that streams have, apart from their labels in common."""
    text = json.dumps([one.pairs for one in series]).encode()
    return encode_record(RecordType.SCHEMA, _NUMBER.pack(number), zlib.compress(text, _LEVEL))


def decode_schema(payload: bytes, known: dict[str, Labels]) -> tuple[int, Sequence[Labels]]:
    """Return what `encode_schema` was given; series that are `known` from others are shared with them.

    A source whose series become more has a schema each time, which differ little.
    """
    (number,) = _NUMBER.unpack_from(payload)
    found = json.loads(zlib.decompress(payload[_NUMBER.size :]))
    return number, [_shared(pairs, known) for pairs in found]


def _shared(pairs: Sequence[Sequence[str]], known: dict[str, Labels]) -> Labels:
    key = repr(pairs)
    labels = known.get(key)
    if labels is None:
        labels = known[key] = _labels(pairs)
    return labels


@dataclass(frozen=True, slots=True)
class Stream:
    """One layout of one source: the number of its schema, and the labels that all series have in common."""

    source: str
    schema: int
    base: Labels


def encode_stream(number: int, stream: Stream) -> bytes:
    """Return the record of a stream."""
    data = [stream.source, stream.schema, stream.base.pairs]
    text = json.dumps(data).encode()
    return encode_record(RecordType.STREAM, _NUMBER.pack(number), text)


def decode_stream(payload: bytes) -> tuple[int, Stream]:
    """Return what `encode_stream` was given."""
    (number,) = _NUMBER.unpack_from(payload)
    source, schema, pairs = json.loads(payload[_NUMBER.size :])
    return number, Stream(str(source), int(schema), _labels(pairs))


def _labels(pairs: Sequence[Sequence[str]]) -> Labels:
    return Labels((str(name), str(value)) for name, value in pairs)


def encode_rows(stream: int, rows: Rows) -> bytes:
    """Return the record of rows of a stream."""
    base = b"" if rows.base is None else rows.base.tobytes()
    head = _ROWS.pack(stream, len(rows.times), rows.base is not None)
    lengths = array("I", map(len, rows.moved)).tobytes()
    parts = (head, rows.times.tobytes(), base, lengths, *rows.moved, *rows.values)
    return encode_record(RecordType.ROWS, *parts)


def decode_rows_head(payload: bytes) -> tuple[int, int, int]:
    """Return the number of the stream of rows, and their first and last timestamp (milliseconds)."""
    stream, count, _ = _ROWS.unpack_from(payload)
    first = _TIME.unpack_from(payload, _ROWS.size)[0]
    return stream, first, _TIME.unpack_from(payload, _ROWS.size + (count - 1) * _TIME.size)[0]


@dataclass(frozen=True, slots=True)
class WrittenRows:
    """Rows as they were written; `changes` has the packed indexes and values of each row."""

    stream: int
    times: "array[int]"
    base: "array[float] | None"
    changes: Sequence[tuple["array[int]", "array[float]"]]


def decode_rows(payload: bytes, series: int, code: str) -> WrittenRows:
    """Return what `encode_rows` was given; `series` is how many series the stream has, `code` of indexes."""
    stream, count, has_base = _ROWS.unpack_from(payload)
    view = memoryview(payload)[_ROWS.size :]
    times, view = _take(view, array("q"), count)
    base: array[float] | None = None
    if has_base:
        base, view = _take(view, array("d"), series)
    lengths, view = _take(view, array("I"), count)
    moved = []
    for length in lengths:
        indexes: array[int] = array(code)
        indexes, view = _take(view, indexes, length // indexes.itemsize)
        moved.append(indexes)
    changes: list[tuple[array[int], array[float]]] = []
    for indexes in moved:
        values, view = _take(view, array("d"), len(indexes))
        changes.append((indexes, values))
    return WrittenRows(stream, times, base, changes)


def _take(view: memoryview, numbers: "array[_NumberT]", count: int) -> tuple["array[_NumberT]", memoryview]:
    size = count * numbers.itemsize
    numbers.frombytes(view[:size])
    return numbers, view[size:]


def encode_shift(by_ms: int) -> bytes:
    """Return the record that moves all rows before it in time."""
    return encode_record(RecordType.SHIFT, _SHIFT.pack(by_ms))


def decode_shift(payload: bytes) -> int:
    """Return by how many milliseconds the rows before are moved."""
    by_ms: int = _SHIFT.unpack(payload)[0]
    return by_ms
