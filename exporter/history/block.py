"""Reads one block. Everything here blocks: it runs in a thread."""

import json
import os
import struct
import weakref
import zlib
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path

from exporter.errors import DamagedBlockError
from exporter.history.block_writer import FOOTER, HEADER, IS_LITTLE, MAGIC, VERSION, Column
from exporter.model.labels import Labels
from exporter.model.matcher import Matcher


class BlockSource:
    """The rows of one source in a block."""

    def __init__(self, block: "Block", entry: Sequence[object]) -> None:
        source, labels, rows, offset, size, checksum = entry
        self.source = str(source)
        self.series: Sequence[Labels] = [Labels((n, v) for n, v in pairs) for pairs in labels]  # type: ignore[attr-defined]
        self._block = block
        self._place = (offset, size, checksum)
        self._rows: int = rows  # type: ignore[assignment]
        self._read: tuple[array[int], list[Column]] | None = None

    def times(self) -> "array[int]":
        """The timestamps of its rows, in milliseconds. Raises `DamagedBlockError`."""
        return self._load()[0]

    def column(self, index: int) -> Column:
        """The changes of a series. Raises `DamagedBlockError`."""
        return self._load()[1][index]

    def _load(self) -> "tuple[array[int], list[Column]]":
        if self._read is None:
            self._read = self._decode(self._block.read(*self._place))  # type: ignore[arg-type]
        return self._read

    def _decode(self, data: bytes) -> "tuple[array[int], list[Column]]":
        view = memoryview(data)
        times, counts = array("q"), array("I")
        times.frombytes(view[: self._rows * 8])
        position = self._rows * 8
        counts.frombytes(view[position : position + len(self.series) * 4])
        position += len(self.series) * 4
        values_at = position + sum(counts) * 4
        columns = []
        for count in counts:
            rows, values = array("I"), array("d")
            rows.frombytes(view[position : position + count * 4])
            values.frombytes(view[values_at : values_at + count * 8])
            position += count * 4
            values_at += count * 8
            columns.append(Column(rows, values))
        return times, columns


class Block:
    """An open block; `resolution_ms` is 0 where all samples are there."""

    def __init__(self, path: Path, sequence: int, descriptor: int) -> None:
        self.path = path
        self.sequence = sequence
        self.bytes = os.fstat(descriptor).st_size
        self._descriptor = descriptor
        # Whoever holds the block can read it, also when its file has been deleted.
        weakref.finalize(self, os.close, descriptor)
        self.start_ms, self.end_ms, self.resolution_ms, index = self._load_index()
        self.sources: Sequence[BlockSource] = [BlockSource(self, entry) for entry in index]

    @classmethod
    def open(cls, path: Path) -> "Block":
        """Open a block. Raises `DamagedBlockError`, and `OSError`."""
        sequence = int(path.name.removesuffix(".block").rpartition("-")[2])
        return cls(path, sequence, os.open(path, os.O_RDONLY | os.O_CLOEXEC))

    def read(self, offset: int, size: int, checksum: int) -> bytes:
        """Return what is compressed in a place. Raises `DamagedBlockError`."""
        data = os.pread(self._descriptor, size, offset)
        if len(data) < size or zlib.crc32(data) != checksum:
            raise DamagedBlockError(f"{self.path.name} is damaged")
        return zlib.decompress(data)

    def source(self, name: str) -> BlockSource | None:
        """The rows of a source; None where it has none."""
        return next((one for one in self.sources if one.source == name), None)

    def select(self, matchers: Sequence[Matcher]) -> Iterator[tuple[BlockSource, int]]:
        """The series that satisfy all matchers, as a source and an index."""
        for source in self.sources:
            for index, labels in enumerate(source.series):
                if all(one.matches(labels) for one in matchers):
                    yield source, index

    def _load_index(self) -> tuple[int, int, int, list[list[object]]]:
        name = self.path.name
        try:
            magic, version, is_little = HEADER.unpack(os.pread(self._descriptor, HEADER.size, 0))
            if magic != MAGIC or bool(is_little) != IS_LITTLE:
                raise DamagedBlockError(f"{name} is no block of redis-vigil")
            if version > VERSION:
                raise DamagedBlockError(f"{name} was written by a later redis-vigil")
            footer = os.pread(self._descriptor, FOOTER.size, max(0, self.bytes - FOOTER.size))
            found = json.loads(self.read(*FOOTER.unpack(footer)))
            return int(found[0]), int(found[1]), int(found[2]), found[3]
        except (struct.error, ValueError, OSError, zlib.error) as error:
            raise DamagedBlockError(f"{name} is damaged: {error}") from error
