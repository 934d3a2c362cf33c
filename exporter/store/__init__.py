"""The samples of the last hours, in memory, stored as changes."""

from exporter.store.series import ReadableSeries, Series
from exporter.store.store import Store

__all__ = ["ReadableSeries", "Series", "Store"]
