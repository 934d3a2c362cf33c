"""Holds the samples of the last hours in memory, stored as changes."""

from exporter.store.chunk import Chunk, Relabel, relabelled
from exporter.store.chunk_reader import ChunkReader
from exporter.store.memory_limiter import MemoryLimiter
from exporter.store.renaming import Move
from exporter.store.required_selectors import RequiredSelector
from exporter.store.row_reader import RowReader, Rows
from exporter.store.series import Series
from exporter.store.store import Store

__all__ = [
    "Chunk",
    "ChunkReader",
    "MemoryLimiter",
    "Move",
    "Relabel",
    "RequiredSelector",
    "RowReader",
    "Rows",
    "Series",
    "Store",
    "relabelled",
]
