"""Replies of several commands in the forms that they share."""

from typing import Final

from exporter.connection import Reply
from exporter.metrics import shorten
from exporter.model.floats import parse_float

# CONFIG GET * tells some hundreds.
_MAX_PAIRS: Final = 2_000


def text(reply: Reply) -> str:
    """Bytes as text fit for a label: what is not UTF-8 is shown escaped, what is very long is cut."""
    return shorten(reply.decode("utf-8", "backslashreplace")) if isinstance(reply, bytes) else ""


def number(reply: Reply) -> float | None:
    """An integer, or bytes that say a number as redis_exporter reads them; None for anything else."""
    if isinstance(reply, int | float):
        return float(reply)
    return parse_float(reply.decode("ascii", "replace")) if isinstance(reply, bytes) else None


def pairs(reply: Reply) -> dict[str, Reply]:
    """A flat list of names and values, as far as any server goes."""
    if not isinstance(reply, list):
        return {}
    read = reply[: 2 * _MAX_PAIRS]
    return {text(name): value for name, value in zip(read[::2], read[1::2], strict=False)}
