"""The samples of the last hours, in memory, stored as changes."""

from exporter.store.cap import MemoryCap
from exporter.store.merged import ReadableSeries
from exporter.store.needs import Need
from exporter.store.piece import Piece
from exporter.store.renaming import Move
from exporter.store.series import Series
from exporter.store.store import Store
from exporter.store.tail import Tail

__all__ = ["MemoryCap", "Move", "Need", "Piece", "ReadableSeries", "Series", "Store", "Tail"]
