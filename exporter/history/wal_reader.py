"""Reads one file of the write-ahead log, source by source. Everything here blocks: it runs in a thread."""

import os
import struct
import zlib
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from exporter.history.wal_format import (
    FRAME_BYTES,
    HEADER_BYTES,
    MAX_RECORD_BYTES,
    RecordType,
    Stream,
    WrittenRows,
    check_header,
    decode_frame,
    decode_rows,
    decode_rows_head,
    decode_schema,
    decode_shift,
    decode_stream,
    is_beginning,
    is_valid,
)
from exporter.model.labels import Labels
from exporter.store.segment import index_code

BROKEN: Final = (ValueError, LookupError, TypeError, struct.error, zlib.error)
"""What decoding raises where a file says something that makes no sense."""

_PIECE_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class SourceRows:
    """Rows of one source; `series` are the labels along the base, the same object for rows of one stream."""

    series: Sequence[Labels]
    rows: WrittenRows


class WalReader:
    """Looks through a file once, and then reads the rows of each source.

    `start_ms` and `end_ms` are the timestamps of the first and the last row (milliseconds). `lost_bytes` is
    how much could not be read at the end; `is_damaged`: not only was the last record not written to its end.
    Raises `WalError` where it is no such file, and `OSError`. Close it.
    """

    def __init__(self, path: Path) -> None:
        self.start_ms = self.end_ms = 0
        self.lost_bytes = 0
        self.is_damaged = False
        self._rows: dict[str, array[int]] = {}
        self._streams: dict[int, Stream] = {}
        self._schemas: dict[int, Sequence[Labels]] = {}
        self._labels: dict[str, Labels] = {}
        # The names of the labels in each of the schemas.
        self._names: dict[int, set[str]] = {}
        # The streams of each source that have rows.
        self._of_source: dict[str, set[int]] = {}
        # Where rows were moved, and by how much.
        self._shifts: list[tuple[int, int]] = []
        self._has_rows = False
        # A pipe in its place has nobody who writes, and is empty.
        self._file: BinaryIO = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
        try:
            self._bytes = path.stat().st_size
            header = self._file.read(HEADER_BYTES)
            if len(header) == HEADER_BYTES or not is_beginning(header):
                check_header(header.ljust(HEADER_BYTES, b"\0"), path.name)
                self._scan()
        except BaseException:
            self._file.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    @property
    def sources(self) -> Sequence[str]:
        """The sources that have rows here, sorted."""
        return sorted(self._rows)

    def base_of(self, source: str) -> Labels | None:
        """Return the labels that all series of a source have apart from their own; None where there are none.

        To leave them apart, see `read`, is much cheaper than to put them to each series.
        """
        streams = [self._streams[number] for number in self._of_source[source]]
        bases = {stream.base for stream in streams}
        base = bases.pop()
        is_apart = base and not bases and all(self._is_disjoint(stream) for stream in streams)
        return base if is_apart else None

    def read(self, source: str, apart: Labels | None = None) -> Iterator[SourceRows]:
        """Yield the rows of a source in the order in which they were written, with their times of now.

        The series are without the labels `apart`, which are those of `base_of`.
        """
        known: dict[int, Sequence[Labels]] = {}
        for offset in self._rows[source]:
            payload = self._payload_at(offset)
            number, _, _ = decode_rows_head(payload)
            if number not in known:
                stream = self._streams[number]
                known[number] = self._series_of(stream) if apart is None else self._schemas[stream.schema]
            series = known[number]
            rows = decode_rows(payload, len(series), index_code(len(series)))
            by_ms = sum(shift for at, shift in self._shifts if at > offset)
            if by_ms:
                rows = WrittenRows(
                    rows.stream, array("q", [at + by_ms for at in rows.times]), rows.base, rows.changes
                )
            yield SourceRows(series, rows)

    def _series_of(self, stream: Stream) -> Sequence[Labels]:
        base, own = stream.base, self._schemas[stream.schema]
        if not base:
            return own
        if self._is_disjoint(stream):
            return [one.joined(base) for one in own]
        return [base.with_(one.as_dict()) for one in own]

    def _is_disjoint(self, stream: Stream) -> bool:
        """Whether no series has a label of its own with a name that the common ones have."""
        return self._names[stream.schema].isdisjoint(name for name, _ in stream.base)

    def _payload_at(self, offset: int) -> bytes:
        self._file.seek(offset)
        length, _, _ = decode_frame(self._file.read(FRAME_BYTES))
        return self._file.read(length)

    def _scan(self) -> None:
        offset = HEADER_BYTES
        while offset < self._bytes:
            frame = self._file.read(FRAME_BYTES)
            length = decode_frame(frame)[0] if len(frame) == FRAME_BYTES else MAX_RECORD_BYTES + 1
            payload = self._file.read(length) if length <= MAX_RECORD_BYTES else b""
            if (
                len(frame) < FRAME_BYTES
                or not is_valid(frame, payload)
                or not self._note(offset, frame, payload)
            ):
                self._end_at(offset, offset + FRAME_BYTES + length)
                return
            offset += FRAME_BYTES + length

    def _note(self, offset: int, frame: bytes, payload: bytes) -> bool:
        """Note what a record holds; whether it makes sense."""
        try:
            kind = RecordType(decode_frame(frame)[2])
            if kind is RecordType.SCHEMA:
                number, series = decode_schema(payload, self._labels)
                self._schemas[number] = series
                self._names[number] = {name for one in series for name, _ in one.pairs}
            elif kind is RecordType.STREAM:
                number, stream = decode_stream(payload)
                self._streams[number] = stream
            elif kind is RecordType.ROWS:
                self._note_rows(offset, payload)
            else:
                self._note_shift(offset, decode_shift(payload))
        except BROKEN:
            return False
        return True

    def _note_rows(self, offset: int, payload: bytes) -> None:
        number, first_ms, last_ms = decode_rows_head(payload)
        source = self._streams[number].source
        self._rows.setdefault(source, array("Q")).append(offset)
        self._of_source.setdefault(source, set()).add(number)
        self.start_ms = min(self.start_ms, first_ms) if self._has_rows else first_ms
        self.end_ms = max(self.end_ms, last_ms) if self._has_rows else last_ms
        self._has_rows = True

    def _note_shift(self, offset: int, by_ms: int) -> None:
        self._shifts.append((offset, by_ms))
        self.start_ms += by_ms
        self.end_ms += by_ms

    def _end_at(self, offset: int, record_end: int) -> None:
        """What follows cannot be read: the last record was cut off, or the file is damaged."""
        self.lost_bytes = self._bytes - offset
        self.is_damaged = record_end < self._bytes and not self._is_zero_from(offset)

    def _is_zero_from(self, offset: int) -> bool:
        """Whether only zeros follow: so a file may end after a power cut."""
        self._file.seek(offset)
        while piece := self._file.read(_PIECE_BYTES):
            if piece.strip(b"\0"):
                return False
        return True
