"""Numbers as people read them, for the pages."""

from collections.abc import Sequence
from typing import Final

_BINARY: Final = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
_DECIMAL: Final = ("", "k", "M", "G", "T", "P")
_SPANS: Final = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))
UNKNOWN: Final = "–"


def bytes_text(value: float | None) -> str:
    """`1.5 GiB`; a dash for None."""
    return UNKNOWN if value is None else _scaled(value, 1024, _BINARY)


def count_text(value: float | None) -> str:
    """`1.5 k`; a dash for None."""
    return UNKNOWN if value is None else _scaled(value, 1000, _DECIMAL)


def _scaled(value: float, base: int, units: Sequence[str]) -> str:
    index = 0
    while abs(value) >= base and index < len(units) - 1:
        value /= base
        index += 1
    number = f"{value:.0f}" if index == 0 or abs(value) >= 100 else f"{value:.1f}"
    return f"{number} {units[index]}".rstrip()


def duration_text(seconds: float | None) -> str:
    """`3d 4h`, the two largest units; a dash for None."""
    if seconds is None:
        return UNKNOWN
    rest = max(0, int(seconds))
    parts = []
    for unit, size in _SPANS:
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts[:2]) or "0s"
