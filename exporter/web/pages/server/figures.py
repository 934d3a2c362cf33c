"""Figures with their units, as tiles and tables write them; a dash for what is not known."""

from exporter.charts import Unit, format_value
from exporter.charts.units import UNKNOWN

__all__ = ["UNKNOWN", "bytes_figure", "count_figure", "percent_figure", "time_figure"]


def bytes_figure(value: float | None) -> str:
    """`5.95 GiB`."""
    return format_value(value, Unit.BYTES)


def count_figure(value: float | None) -> str:
    """`4,120`, `18.4 k`."""
    return format_value(value, Unit.COUNT)


def percent_figure(ratio: float | None) -> str:
    """`98.1 %`."""
    return format_value(ratio, Unit.RATIO)


def time_figure(seconds: float | None) -> str:
    """`1.9 ms`: how long work took."""
    return format_value(seconds, Unit.SECONDS)
