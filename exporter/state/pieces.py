"""Pieces of sample history as bytes: arrays as they lie in memory, compressed.

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
from exporter.store import Piece

# Lengths: source and labels as JSON, rows, changes; and whether the piece is complete.
_HEAD: Final = struct.Struct("<III?")
_LEVEL: Final = 1


def encode_pieces(pieces: Iterable[Piece]) -> bytes:
    """All pieces as one text of bytes; only complete ones carry their labels."""
    return zlib.compress(b"".join(map(_encode, pieces)), _LEVEL)


def _encode(piece: Piece) -> bytes:
    labels = [series.pairs for series in piece.series] if piece.is_complete else None
    name = dump([piece.source, labels]).encode()
    head = _HEAD.pack(len(name), len(piece.times), len(piece.values), piece.is_complete)
    arrays = (piece.times, piece.columns, piece.rows, piece.values)
    return b"".join((head, name, *(one.tobytes() for one in arrays)))


class PieceReader:
    """Reads what was encoded, in the order in which it was written: a piece that is not complete has the
    series of the one before it."""

    def __init__(self) -> None:
        self._series: dict[str, tuple[Labels, ...]] = {}

    def read(self, data: bytes) -> Iterator[Piece]:
        """The pieces of one text; raises `ValueError` where it is damaged."""
        try:
            plain = memoryview(zlib.decompress(data))
            position = 0
            while position < len(plain):
                piece, position = self._read_one(plain, position)
                if piece is not None:
                    yield piece
        except (zlib.error, struct.error, IndexError, TypeError) as error:
            raise ValueError(f"damaged samples: {error}") from error

    def _read_one(self, plain: memoryview, position: int) -> tuple[Piece | None, int]:
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
            # What it continues was in a text that could not be read.
            return None, position
        return Piece(source, series, is_complete, *arrays), position  # type: ignore[arg-type]  # by code
