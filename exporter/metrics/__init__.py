"""Tables that samplers write into, and the text that Prometheus reads."""

from exporter.metrics.cap import LabelCap, shorten
from exporter.metrics.exposition import Exposition, gzip_parts
from exporter.metrics.histogram import Histogram
from exporter.metrics.table import SeriesTable
from exporter.metrics.text import Format

__all__ = ["Exposition", "Format", "Histogram", "LabelCap", "SeriesTable", "gzip_parts", "shorten"]
