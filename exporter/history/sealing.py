"""Seals files of the write-ahead log: each becomes a block. Everything here blocks: it runs in a thread."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from exporter.errors import ForeignWalError, NewerWalError
from exporter.history.block_writer import BlockWriter, Column
from exporter.history.blocks import Blocks
from exporter.history.damaged import set_aside
from exporter.history.source_columns import SourceColumns, columns_of
from exporter.history.wal_files import WalFiles
from exporter.history.wal_reader import BROKEN, WalReader
from exporter.log import get_logger
from exporter.model.labels import Labels
from exporter.store import Chunk

_log = get_logger(__name__)


class StoppedError(Exception):
    """The daemon ends before a file is sealed; the next start does it."""


@dataclass(slots=True)
class SealingNumbers:
    """What was sealed since the start: files, those that were damaged, and the bytes that were lost."""

    sealed: int = 0
    damaged: int = 0
    lost_bytes: int = 0


class Sealer:
    """Seals files of the write-ahead log. `has_stopped` is asked now and then whether to leave off."""

    def __init__(self, files: WalFiles, blocks: Blocks, has_stopped: Callable[[], bool]) -> None:
        self.numbers = SealingNumbers()
        self._files = files
        self._blocks = blocks
        self._has_stopped = has_stopped
        self._told: set[str] = set()

    @property
    def last_number(self) -> int:
        """The highest number of a file, or of the sequence of a block. Raises `OSError`."""
        return max([self._blocks.last_sequence, *self._files.numbers])

    def adopt(self, chunks: Sequence[Chunk]) -> bool:
        """Write what an earlier version saved as a block; whether that went well. Raises `OSError`."""
        columns = columns_of(chunks)
        times = [at for one in columns.values() for at in (one.times[0], one.times[-1])]
        if times:
            sources = ((source, None, columns[source]) for source in sorted(columns))
            self._write_block(self.last_number + 1, min(times), max(times), sources)
        return True

    def seal_all(self, open_number: Callable[[], int | None]) -> None:
        """Seal every file but the one that is being written. Raises `OSError`, `StoppedError`."""
        # Asked after the files: one gets its number before it is made.
        for number in self._files.numbers:
            if number != open_number():
                self._seal(number, self._files.path_of(number))

    def _seal(self, number: int, path: Path) -> None:
        try:
            reader = WalReader(path)
        except NewerWalError as error:
            self._tell(path, str(error))
            return
        except ForeignWalError as error:
            self._set_aside(path, str(error))
            return
        try:
            self._seal_rows(number, reader)
        except BROKEN as error:
            # Its checksums are right, and what it says makes no sense.
            self._set_aside(path, f"{path.name} is damaged: {error}")
            return
        finally:
            reader.close()
        self._remove(path, reader)

    def _seal_rows(self, number: int, reader: WalReader) -> None:
        if reader.sources:
            # Its number makes the block what it is, should it be written twice.
            self._write_block(number, reader.start_ms, reader.end_ms, _columns_in(reader))
            self.numbers.sealed += 1

    def _write_block(
        self,
        number: int,
        start_ms: int,
        end_ms: int,
        sources: Iterable[tuple[str, Labels | None, SourceColumns]],
    ) -> None:
        path = self._blocks.path_of(start_ms, end_ms, number)
        writer = BlockWriter(path, is_brief=True)
        try:
            for source, base, found in sources:
                if self._has_stopped():
                    raise StoppedError
                columns = (Column(column.rows, column.values) for column in found.columns.values())
                writer.add(source, list(found.columns), found.times, columns, base)
            writer.close()
        except BaseException:
            writer.abort()
            raise
        self._blocks.add(path)

    def _remove(self, path: Path, reader: WalReader) -> None:
        """Remove a file that is a block now, or set it aside where not all of it could be read."""
        self.numbers.lost_bytes += reader.lost_bytes
        if reader.is_damaged:
            self._set_aside(path, f"{path.name} is damaged, its last {reader.lost_bytes} bytes are lost")
            return
        if reader.lost_bytes:
            _log.warning(
                "the write-ahead log was not written to its end, the last record is cut off",
                file=path.name,
                bytes=reader.lost_bytes,
            )
        path.unlink()

    def _set_aside(self, path: Path, why: str) -> None:
        self.numbers.damaged += 1
        kept = set_aside(path)
        _log.error("a file of the write-ahead log is set aside", reason=why, kept_as=kept)

    def _tell(self, path: Path, why: str) -> None:
        if path.name not in self._told:
            self._told.add(path.name)
            _log.error("a file of the write-ahead log cannot be read", reason=why)


def _columns_in(reader: WalReader) -> Iterator[tuple[str, Labels | None, SourceColumns]]:
    """Yield each source of a file, the labels that stand apart, and its columns, one at a time in memory."""
    for source in reader.sources:
        columns = SourceColumns()
        base = reader.base_of(source)
        for one in reader.read(source, apart=base):
            columns.add(one.series, one.rows)
        yield source, base, columns
