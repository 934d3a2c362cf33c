"""Writes one file of the write-ahead log. Everything here blocks: it runs in a thread."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from exporter.history.wal_format import (
    HEADER_BYTES,
    Stream,
    encode_header,
    encode_rows,
    encode_schema,
    encode_shift,
    encode_stream,
)
from exporter.model.sample import Layout, Schema
from exporter.store import Rows


class WalWriter:
    """A new file; after an error it holds what was appended before, and must not be appended to any more.

    `bytes` is how large it is. Its first rows of each source need a base. Raises `OSError`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.bytes = 0
        # With the layouts and schemas themselves, since they are told apart by their identities.
        self._streams: dict[tuple[str, int], tuple[Layout, int]] = {}
        self._schemas: dict[int, tuple[Schema, int]] = {}
        # Size and time of the last write, by which those of others are noticed.
        self._written = (0, 0)
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            self._write(encode_header())
        except OSError:
            self.close()
            with contextlib.suppress(OSError):
                path.unlink()
            raise

    @property
    def is_empty(self) -> bool:
        """Whether nothing was appended."""
        return self.bytes <= HEADER_BYTES

    @property
    def is_in_place(self) -> bool:
        """Whether the file is still where it was made, and nobody else has written into it."""
        try:
            mine, there = os.fstat(self._descriptor), os.stat(self.path)
        except OSError:
            return False
        return os.path.samestat(mine, there) and (mine.st_size, mine.st_mtime_ns) == self._written

    def append(self, found: Sequence[Rows], shift_ms: int = 0) -> None:
        """Append rows, and have them on the disk; `shift_ms` moves all rows before them in time."""
        records = [encode_shift(shift_ms)] if shift_ms else []
        for rows in found:
            records.extend(self._encode(rows))
        self._write(b"".join(records))

    def close(self) -> None:
        """Close the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _encode(self, rows: Rows) -> Iterator[bytes]:
        known = self._streams.get((rows.source, id(rows.layout)))
        if known is None:
            yield from self._encode_schema(rows.layout.schema)
            number = len(self._streams)
            self._streams[rows.source, id(rows.layout)] = rows.layout, number
            schema = self._schemas[id(rows.layout.schema)][1]
            yield encode_stream(number, Stream(rows.source, schema, rows.layout.base))
        else:
            number = known[1]
        yield encode_rows(number, rows)

    def _encode_schema(self, schema: Schema) -> Iterator[bytes]:
        if id(schema) not in self._schemas:
            number = len(self._schemas)
            self._schemas[id(schema)] = schema, number
            yield encode_schema(number, [point.series for point in schema.points])

    def _write(self, data: bytes) -> None:
        """Write all of it, or leave the file as it was."""
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(self._descriptor, view) :]
            os.fdatasync(self._descriptor)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, self.bytes)
            raise
        self.bytes += len(data)
        status = os.fstat(self._descriptor)
        self._written = status.st_size, status.st_mtime_ns
