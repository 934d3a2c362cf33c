"""Reads one block. Everything here blocks: it runs in a thread."""

import json
import os
import weakref
import zlib
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import TypeVar

from exporter.errors import DamagedBlockError
from exporter.history.block_format import (
    HEADER_BYTES,
    Index,
    Place,
    SourceEntry,
    decompress,
    unpack_head,
    unpack_index,
)
from exporter.history.column import Column
from exporter.history.encoding import decode_columns, decode_times
from exporter.history.page_cache import BlockCache
from exporter.history.reading import never_yield
from exporter.history.schema import Schema, SeriesList
from exporter.model.labels import Labels
from exporter.model.matcher import Matcher

# About what a decoded column takes besides its numbers, and an entry of the index.
_COLUMN_BYTES = 250
_ENTRY_BYTES = 900
_PAGE_ENTRY_BYTES = 150
# Labels that are made in some milliseconds.
_POINTS_AT_ONCE = 500
_LoadedT = TypeVar("_LoadedT")
_NUMBERS = count()


class BlockSource:
    """The rows of one source in a block, decoded page by page when they are asked for."""

    def __init__(self, block: "Block", entry: SourceEntry, schema: Schema) -> None:
        self.source = entry.source
        self.base = entry.base
        self.schema = schema
        self._block = block
        self._entry = entry

    @property
    def series(self) -> Sequence[Labels]:
        """The labels of its series."""
        return SeriesList(self.base, self.schema)

    def times(self) -> "array[int]":
        """The timestamps of its rows, in milliseconds. Raises `DamagedBlockError`."""
        return self._block.times(self._entry)

    def column(self, index: int) -> Column:
        """The changes of a series. Raises `DamagedBlockError`."""
        page = bisect_right(self._entry.firsts, index) - 1
        return self._block.columns(self._entry, page, len(self.schema.points))[
            index - self._entry.firsts[page]
        ]


class Block:
    """An open block: a file, of which nothing is held in memory but what the cache keeps.

    `resolution_ms` is 0 where all samples are there. The file stays readable when it is deleted, for those
    who still read it.
    """

    def __init__(self, path: Path, sequence: int, descriptor: int, cache: BlockCache) -> None:
        self.path = path
        self.sequence = sequence
        self.bytes = os.fstat(descriptor).st_size
        self._descriptor = descriptor
        self._cache = cache
        # Of this block only: another file may get the same name.
        self._number = next(_NUMBERS)
        head = unpack_head(os.pread(descriptor, HEADER_BYTES, 0), path.name)
        self.resolution_ms, self.start_ms, self.end_ms, self._index_place = head
        if self._index_place.offset + self._index_place.size != self.bytes:
            raise DamagedBlockError(
                f"{path.name} is damaged: it has {self.bytes} bytes, and not all or too many"
            )

    @classmethod
    def open(cls, path: Path, cache: BlockCache | None = None) -> "Block":
        """Open a block. Raises `DamagedBlockError`, and `OSError`."""
        number = path.name.removesuffix(".block").rpartition("-")[2]
        if not (number.isascii() and number.isdigit()):
            raise DamagedBlockError(f"{path.name} has not the name of a block")
        # A pipe in its place must not keep us waiting for somebody to write.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            block = cls(path, int(number), descriptor, cache or BlockCache())
        except BaseException:
            os.close(descriptor)
            raise
        weakref.finalize(block, os.close, descriptor)
        return block

    @property
    def replaces(self) -> Sequence[str]:
        """The names of the files that this block stands for. Raises `DamagedBlockError`."""
        return self._index()[0].replaces

    @property
    def sources(self) -> Iterator[BlockSource]:
        """All sources. Raises `DamagedBlockError`."""
        return self._sources(never_yield)

    def _sources(self, yield_control: Callable[[], None]) -> Iterator[BlockSource]:
        index, _ = self._index()
        for entry in index.sources:
            yield BlockSource(self, entry, self._schema(index, entry, yield_control))
            yield_control()

    def source(self, name: str) -> BlockSource | None:
        """The rows of a source; None where it has none. Raises `DamagedBlockError`."""
        index, by_name = self._index()
        entry = by_name.get(name)
        return None if entry is None else BlockSource(self, entry, self._schema(index, entry, never_yield))

    def select(
        self, matchers: Sequence[Matcher], yield_control: Callable[[], None] = never_yield
    ) -> Iterator[tuple[BlockSource, int]]:
        """The series that satisfy all matchers, as a source and an index. Raises `DamagedBlockError`.

        `yield_control` is called after each source, and now and then while a large one is read.
        """
        for source in self._sources(yield_control):
            for index in source.schema.find(matchers, source.base):
                yield source, index

    def times(self, entry: SourceEntry) -> "array[int]":
        """The timestamps of a source. Raises `DamagedBlockError`."""

        def load() -> tuple["array[int]", int]:
            times = decode_times(self._read(entry.times))
            if len(times) != entry.rows:
                raise ValueError("more or fewer timestamps than rows")
            return times, _COLUMN_BYTES + 8 * len(times)

        return self._cache.pages.get((self._number, entry.times.offset), lambda: self._checked(load))

    def columns(self, entry: SourceEntry, page: int, series: int) -> Sequence[Column]:
        """The columns of a page of a source that has so many series. Raises `DamagedBlockError`."""
        end = entry.firsts[page + 1] if page + 1 < len(entry.firsts) else series

        def load() -> tuple[Sequence[Column], int]:
            data = self._read(entry.pages[page])
            columns = decode_columns(data, end - entry.firsts[page], entry.rows)
            return columns, sum(_bytes_of(column, entry.rows) for column in columns)

        key = (self._number, entry.pages[page].offset)
        return self._cache.pages.get(key, lambda: self._checked(load))

    def _index(self) -> tuple[Index, dict[str, SourceEntry]]:
        """The index, and its sources by name."""

        def load() -> tuple[tuple[Index, dict[str, SourceEntry]], int]:
            index = unpack_index(self._read(self._index_place))
            pages = sum(len(entry.pages) for entry in index.sources)
            size = len(index.sources) * _ENTRY_BYTES + pages * _PAGE_ENTRY_BYTES
            return (index, index.by_name()), size

        return self._cache.pages.get((self._number, "index"), lambda: self._checked(load))

    def _schema(self, index: Index, entry: SourceEntry, yield_control: Callable[[], None]) -> Schema:
        digest, place = index.schemas[entry.schema]

        def load() -> tuple[Schema, int]:
            schema = Schema(_points(json.loads(self._read(place)), yield_control))
            return schema, schema.bytes

        # The same in every block that has it.
        return self._cache.schemas.get(digest, lambda: self._checked(load))

    def _read(self, place: Place) -> bytes:
        """Return what is compressed in a place. Raises `ValueError`, `OSError`."""
        data = os.pread(self._descriptor, place.size, place.offset)
        if len(data) < place.size or zlib.crc32(data) != place.checksum:
            raise ValueError("a page has another checksum")
        return decompress(data)

    def _checked(self, load: Callable[[], _LoadedT]) -> _LoadedT:
        try:
            return load()
        except (ValueError, TypeError, IndexError, KeyError, OSError) as error:
            raise DamagedBlockError(f"{self.path.name} is damaged: {error}") from error


def _points(series: Sequence[Sequence[Sequence[str]]], yield_control: Callable[[], None]) -> Iterator[Labels]:
    """The labels of series as they stand in a file: the daemon's own source has some for each server."""
    for number, pairs in enumerate(series, 1):
        yield Labels((name, value) for name, value in pairs)
        if number % _POINTS_AT_ONCE == 0:
            yield_control()


def _bytes_of(column: Column, rows: int) -> int:
    """About what a decoded column takes; series that changed in each row share the rows."""
    changes = len(column.rows)
    return _COLUMN_BYTES + (8 if changes == rows else 12) * changes
