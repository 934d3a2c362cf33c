"""The form of a block: a header, pages, and an index of them.

A page is compressed, and has a checksum in the index: the timestamps of a source, the columns of some of its
series, or a schema (what tells the series of a source apart). The index is a page itself, and has its place
and checksum in the header, which has a checksum of its own: no byte counts that is not covered by one.
A block stays on the kind of machine that wrote it: the order of bytes is that of the machine.
"""

import json
import struct
import sys
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import cramjam

from exporter.errors import DamagedBlockError, NewerBlockError
from exporter.model.labels import Labels

VERSION: Final = 1
MAGIC: Final = b"\x89RVBLK\r\n"
IS_LITTLE: Final = sys.byteorder == "little"
HEADER_BYTES: Final = 64

# Magic number, version, order of bytes, resolution, start, end (ms), place, size and checksum of the index.
_HEADER: Final = struct.Struct("<8sHB5xqqqQII")
_CHECKSUM: Final = struct.Struct("<I")
# No page of ours is as large; whatever says so is not one.
_LARGEST_PAGE: Final = 1 << 28


class Place(NamedTuple):
    """Where a page is in the file, its size as it lies there, and its CRC-32."""

    offset: int
    size: int
    checksum: int


class Head(NamedTuple):
    """What a header says; times in milliseconds, `resolution_ms` 0: every sample is there."""

    resolution_ms: int
    start_ms: int
    end_ms: int
    index_place: Place


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """A source in the index: the labels that all its series have, and its pages.

    `schema` is the number of its schema. `firsts` are the numbers of the first series of each of `pages`.
    """

    source: str
    base: Labels
    schema: int
    rows: int
    times: Place
    firsts: Sequence[int]
    pages: Sequence[Place]


@dataclass(slots=True)
class Index:
    """All pages of a block. `replaces` are the names of the files that the block stands for."""

    sources: list[SourceEntry] = field(default_factory=list)
    schemas: list[tuple[str, Place]] = field(default_factory=list)
    replaces: list[str] = field(default_factory=list)

    def by_name(self) -> dict[str, SourceEntry]:
        """Its sources by their names."""
        return {entry.source: entry for entry in self.sources}


def pack_head(head: Head) -> bytes:
    """Return the header of a file."""
    data = _HEADER.pack(
        MAGIC, VERSION, IS_LITTLE, head.resolution_ms, head.start_ms, head.end_ms, *head.index_place
    )
    return (data + _CHECKSUM.pack(zlib.crc32(data))).ljust(HEADER_BYTES, b"\0")


def unpack_head(data: bytes, name: str) -> Head:
    """The inverse of `pack_head`, for the file `name`. Raises `DamagedBlockError`."""
    if len(data) < HEADER_BYTES:
        raise DamagedBlockError(f"{name} is too short to be a block")
    magic, version, is_little, resolution, start, end, offset, size, crc = _HEADER.unpack_from(data)
    if magic != MAGIC:
        raise DamagedBlockError(f"{name} is no block of redis-vigil")
    if version > VERSION:
        raise NewerBlockError(
            f"{name} was written by a later redis-vigil (format {version}, not {VERSION}): it is left alone"
        )
    if bool(is_little) != IS_LITTLE:
        raise DamagedBlockError(f"{name} was written on another kind of machine")
    if _CHECKSUM.unpack_from(data, _HEADER.size)[0] != zlib.crc32(data[: _HEADER.size]):
        raise DamagedBlockError(f"{name} is damaged: its header has another checksum")
    return Head(resolution, start, end, Place(offset, size, crc))


def pack_index(index: Index) -> bytes:
    """Return the index as text, to be compressed."""
    sources = [
        [one.source, one.base.pairs, one.schema, one.rows, one.times, one.firsts, one.pages]
        for one in index.sources
    ]
    return json.dumps([sources, index.schemas, index.replaces], separators=(",", ":")).encode()


def unpack_index(data: bytes) -> Index:
    """The inverse of `pack_index`. Raises `ValueError`, `TypeError`, `IndexError`."""
    sources, schemas, replaces = json.loads(data)
    return Index(
        [_entry(*one) for one in sources],
        [(digest, Place(*place)) for digest, place in schemas],
        list(replaces),
    )


def _entry(
    source: str, base: Any, schema: int, rows: int, times: Any, firsts: Any, pages: Any
) -> SourceEntry:
    labels = Labels([(name, value) for name, value in base])
    return SourceEntry(source, labels, schema, rows, Place(*times), firsts, [Place(*page) for page in pages])


def compress(data: bytes, level: int) -> bytes:
    """Return a page as it lies in the file."""
    return len(data).to_bytes(4, "little") + bytes(cramjam.zstd.compress(data, level=level))


def decompress(data: bytes) -> bytes:
    """The inverse of `compress`. Raises `ValueError`."""
    size = int.from_bytes(data[:4], "little")
    if size > _LARGEST_PAGE:
        raise ValueError("a page that is too large")
    try:
        found = bytes(cramjam.zstd.decompress(data[4:], output_len=size))
    except cramjam.DecompressionError as error:
        raise ValueError(str(error)) from None
    if len(found) != size:
        raise ValueError("a page of another size than it says")
    return found
