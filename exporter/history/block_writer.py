"""Writes one block: all samples of a span of time. Everything here blocks: it runs in a thread.

A block is a magic number and version, the sources one after the other, an index, and the place of the index.
A source is the timestamps of its rows, and a column of changes for each of its series, compressed together.
"""

import contextlib
import json
import os
import struct
import sys
import zlib
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from exporter.model.labels import Labels

VERSION: Final = 1
HEADER: Final = struct.Struct("<8sHB5x")
"""Magic number, version, whether the machine is little-endian."""
FOOTER: Final = struct.Struct("<QII")
"""Where the index is, how long it is, and its CRC-32."""
MAGIC: Final = b"\x89RVBLK\r\n"
IS_LITTLE: Final = sys.byteorder == "little"
_LEVEL: Final = 6


@dataclass(frozen=True, slots=True)
class Column:
    """The changes of one series: `values[i]` from row `rows[i]` on, the stale marker for none.

    The first row is 0.
    """

    rows: "array[int]"
    values: "array[float]"


class BlockWriter:
    """Writes a block, which is there wholly after `close`, or not at all. Raises `OSError`."""

    def __init__(self, path: Path, resolution_ms: int = 0) -> None:
        self._path = path
        self._temporary = path.with_name(path.name + ".tmp")
        self._resolution_ms = resolution_ms
        self._index: list[object] = []
        self._start_ms = self._end_ms = 0
        descriptor = os.open(self._temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        self._file = os.fdopen(descriptor, "wb")
        self._file.write(HEADER.pack(MAGIC, VERSION, IS_LITTLE))

    def add(
        self, source: str, series: Sequence[Labels], times: "array[int]", columns: Iterable[Column]
    ) -> None:
        """Add all rows of a source; the columns run along the series."""
        if not times:
            return
        found = list(columns)
        counts = array("I", [len(column.rows) for column in found])
        parts = [times.tobytes(), counts.tobytes()]
        parts += [column.rows.tobytes() for column in found]
        parts += [column.values.tobytes() for column in found]
        data = zlib.compress(b"".join(parts), _LEVEL)
        offset = self._file.tell()
        self._file.write(data)
        labels = [one.pairs for one in series]
        self._index.append([source, labels, len(times), offset, len(data), zlib.crc32(data)])
        self._start_ms = min(self._start_ms or times[0], times[0])
        self._end_ms = max(self._end_ms, times[-1])

    def close(self) -> None:
        """Finish the block."""
        text = json.dumps([self._start_ms, self._end_ms, self._resolution_ms, self._index]).encode()
        data = zlib.compress(text, _LEVEL)
        offset = self._file.tell()
        self._file.write(data + FOOTER.pack(offset, len(data), zlib.crc32(data)))
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._temporary.replace(self._path)
        directory = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def abort(self) -> None:
        """Leave off, and leave nothing behind."""
        with contextlib.suppress(OSError):
            self._file.close()
        with contextlib.suppress(OSError):
            self._temporary.unlink()
