"""Replies of commands as texts of labels, as values of metrics, and as fields with names."""

from typing import Final

from exporter.connection import Reply
from exporter.metrics import shorten
from exporter.model.floats import parse_float

# CONFIG GET * tells some hundreds.
_MAX_PAIRS: Final = 2_000


def label_text(reply: Reply) -> str:
    """Decode bytes as a label value: what is not UTF-8 is escaped, what is very long is cut."""
    return shorten(reply.decode("utf-8", "backslashreplace")) if isinstance(reply, bytes) else ""


def parse_value(reply: Reply) -> float | None:
    """Read a metric's value from an integer or a text, as redis_exporter does: infinite ones and NaN too.

    Returns None for anything else.
    """
    if isinstance(reply, int | float):
        return float(reply)
    return parse_float(reply.decode("ascii", "replace")) if isinstance(reply, bytes) else None


def field_map(reply: Reply) -> dict[str, Reply]:
    """Read a flat list of names and values, of which no server has more than some hundreds."""
    if not isinstance(reply, list):
        return {}
    read = reply[: 2 * _MAX_PAIRS]
    return {label_text(name): value for name, value in zip(read[::2], read[1::2], strict=False)}
