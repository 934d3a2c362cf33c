"""Encodes chunks of sample history: arrays as they lie in memory, compressed.

The file stays on the machine that wrote it, so the order of bytes is that of the machine.
"""

import json
import struct
import zlib
from array import array
from collections.abc import Iterable, Iterator
from typing import Final

from exporter.model.labels import Labels
from exporter.state.encoding import dump
from exporter.store import Chunk

# The lengths of source and labels as JSON, of rows and of changes, and whether the chunk is complete.
_HEAD: Final = struct.Struct("<III?")
_LEVEL: Final = 1


def encode_chunks(chunks: Iterable[Chunk]) -> bytes:
    """Return all chunks as bytes; only complete ones carry their labels."""
    return zlib.compress(b"".join(map(_encode, chunks)), _LEVEL)


def _encode(chunk: Chunk) -> bytes:
    labels = [series.pairs for series in chunk.series] if chunk.is_complete else None
    name = dump([chunk.source, labels]).encode()
    head = _HEAD.pack(len(name), len(chunk.times), len(chunk.values), chunk.is_complete)
    arrays = (chunk.times, chunk.columns, chunk.rows, chunk.values)
    return b"".join((head, name, *(one.tobytes() for one in arrays)))


class ChunkDecoder:
    """Decodes chunks in the order in which they were written.

    A chunk that is not complete has the series of the one before it.
    """

    def __init__(self) -> None:
        self._series: dict[str, tuple[Labels, ...]] = {}

    def read(self, data: bytes) -> Iterator[Chunk]:
        """Yield the chunks of one text; raises `ValueError` where it is damaged."""
        try:
            plain = memoryview(zlib.decompress(data))
            position = 0
            while position < len(plain):
                chunk, position = self._read_one(plain, position)
                if chunk is not None:
                    yield chunk
        except (zlib.error, struct.error, IndexError, TypeError) as error:
            raise ValueError(f"damaged samples: {error}") from error

    def _read_one(self, plain: memoryview, position: int) -> tuple[Chunk | None, int]:
        name_length, rows, changes, is_complete = _HEAD.unpack_from(plain, position)
        position += _HEAD.size
        source, labels = json.loads(bytes(plain[position : position + name_length]))
        position += name_length
        if is_complete:
            self._series[source] = tuple(Labels((str(n), str(v)) for n, v in pairs) for pairs in labels)
        arrays = []
        for code, length in (("q", rows), ("I", changes), ("I", changes), ("d", changes)):
            numbers: array[int] | array[float] = array(code)
            end = position + length * numbers.itemsize
            numbers.frombytes(plain[position:end])
            if len(numbers) != length:
                raise ValueError("damaged samples: they end too early")
            arrays.append(numbers)
            position = end
        series = self._series.get(source)
        if series is None:
            # The chunk that it continues could not be read.
            return None, position
        return Chunk(source, series, is_complete, *arrays), position  # type: ignore[arg-type]  # by code
