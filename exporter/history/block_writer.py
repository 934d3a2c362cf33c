"""Writes one block: all samples of a span of time. Everything here blocks: it runs in a thread."""

import contextlib
import hashlib
import json
import os
import zlib
from array import array
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from exporter.history.block_format import (
    HEADER_BYTES,
    Head,
    Index,
    Place,
    SourceEntry,
    compress,
    pack_head,
    pack_index,
)
from exporter.history.column import Column
from exporter.history.encoding import encode_columns, encode_times
from exporter.history.schema import factored
from exporter.model.labels import Labels

__all__ = ["FAST", "SMALL", "TEMPORARY", "BlockWriter", "Column"]

FAST: Final = 3
"""The level of compression of what does not stay."""

SMALL: Final = 9
"""That of what stays."""

TEMPORARY: Final = ".tmp"
"""What the name of a file ends with that is not a block yet."""

# A page has so many changes or columns at most: to read one series, one page is decoded.
_CHANGES_PER_PAGE: Final = 16_384
_COLUMNS_PER_PAGE: Final = 32


class BlockWriter:
    """Writes a block, which is there wholly after `close`, or not at all. Raises `OSError`.

    `resolution_ms` is the distance of samples where some were left out. `replaces` are the names of blocks
    that this one stands for: should they be there beside it after a crash, they do not count. `is_brief`: it
    is soon replaced itself, and written in a hurry.
    """

    def __init__(
        self,
        path: Path,
        *,
        resolution_ms: int = 0,
        level: int = FAST,
        replaces: Iterable[str] = (),
        is_brief: bool = False,
    ) -> None:
        self._path = path
        self._temporary = path.with_name(path.name + TEMPORARY)
        self._resolution_ms = resolution_ms
        self._level = level
        self._is_brief = is_brief
        self._index = Index(replaces=list(replaces))
        self._schemas: dict[str, int] = {}
        self._start_ms: int | None = None
        self._end_ms = 0
        descriptor = os.open(self._temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        self._file = os.fdopen(descriptor, "wb")
        self._file.write(b"\0" * HEADER_BYTES)

    def add(
        self,
        source: str,
        series: Sequence[Labels],
        times: "array[int]",
        columns: Iterable[Column],
        base: Labels | None = None,
    ) -> None:
        """Add all rows of a source; the columns run along the series.

        `base` are labels that all series have besides; None: they are found. Rows without any series tell
        that those of earlier blocks have ended.
        """
        if not times:
            return
        points = series
        if base is None:
            base, points = factored(series)
        firsts, pages = self._write_columns(columns, len(times))
        entry = SourceEntry(
            source,
            base,
            self._schema(points),
            len(times),
            self._write_page(encode_times(times)),
            firsts,
            pages,
        )
        self._index.sources.append(entry)
        self._start_ms = times[0] if self._start_ms is None else min(self._start_ms, times[0])
        self._end_ms = max(self._end_ms, times[-1])

    def _write_columns(self, columns: Iterable[Column], rows: int) -> tuple[list[int], list[Place]]:
        """Write the columns in pages; returns the numbers of the first columns, and the places."""
        firsts: list[int] = []
        pages: list[Place] = []
        waiting: list[Column] = []
        changes = done = 0
        for column in columns:
            waiting.append(column)
            changes += len(column.rows)
            if changes >= _CHANGES_PER_PAGE or len(waiting) == _COLUMNS_PER_PAGE:
                firsts.append(done)
                pages.append(self._write_columns_page(waiting, rows))
                done += len(waiting)
                waiting, changes = [], 0
        if waiting:
            firsts.append(done)
            pages.append(self._write_columns_page(waiting, rows))
        return firsts, pages

    def _write_columns_page(self, columns: Sequence[Column], rows: int) -> Place:
        return self._write_page(encode_columns(columns, rows, is_brief=self._is_brief))

    def _schema(self, points: Sequence[Labels]) -> int:
        """Return the number of a schema, which is written once."""
        text = json.dumps([point.pairs for point in points], separators=(",", ":")).encode()
        digest = hashlib.blake2b(text, digest_size=16).hexdigest()
        number = self._schemas.get(digest)
        if number is None:
            number = self._schemas[digest] = len(self._schemas)
            self._index.schemas.append((digest, self._write_page(text)))
        return number

    def _write_page(self, data: bytes) -> Place:
        packed = compress(data, self._level)
        place = Place(self._file.tell(), len(packed), zlib.crc32(packed))
        self._file.write(packed)
        return place

    def close(self) -> None:
        """Finish the block."""
        place = self._write_page(pack_index(self._index))
        self._file.seek(0)
        self._file.write(pack_head(Head(self._resolution_ms, self._start_ms or 0, self._end_ms, place)))
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._temporary.replace(self._path)
        sync_directory(self._path.parent)

    def abort(self) -> None:
        """Leave off, and leave nothing behind."""
        with contextlib.suppress(OSError):
            self._file.close()
        with contextlib.suppress(OSError):
            self._temporary.unlink()


def sync_directory(directory: Path) -> None:
    """Have names of files that were made or changed outlive a crash. Raises `OSError`."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
