"""Numbers as people read them: three digits that count, and a unit after a space that never breaks."""

import math
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

UNKNOWN: Final = "–"
_SPACE: Final = "\u00a0"
_BINARY: Final = ((2.0**50, "PiB"), (2.0**40, "TiB"), (2.0**30, "GiB"), (2.0**20, "MiB"), (2.0**10, "KiB"))
_DECIMAL: Final = ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_SPANS: Final = ((86_400.0, "d"), (3_600.0, "h"), (60.0, "min"), (1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))
# Below this whole numbers are written out, with separators.
_WRITTEN_OUT: Final = 10_000
_COUNTED_OUT: Final = 1e12


class Unit(StrEnum):
    """What a number counts."""

    NUMBER = "number"
    COUNT = "count"
    PER_SECOND = "per_second"
    BYTES = "bytes"
    BYTES_PER_SECOND = "bytes_per_second"
    SECONDS = "seconds"
    RATIO = "ratio"
    """1 is 100 %."""


def format_value(value: float | None, unit: Unit) -> str:
    """Return a figure as tables, legends and sentences have it; a dash for None and NaN."""
    if value is None or math.isnan(value):
        return UNKNOWN
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if unit is Unit.BYTES:
        return _scaled(value, _BINARY, "B")
    if unit is Unit.BYTES_PER_SECOND:
        return _scaled(value, _BINARY, "B") + "/s"
    if unit is Unit.SECONDS:
        return format_seconds(value)
    if unit is Unit.RATIO:
        return f"{_digits(value * 100)}{_SPACE}%"
    return _count(value) + ("/s" if unit is Unit.PER_SECOND else "")


def format_tick(value: float, unit: Unit) -> str:
    """Return a figure of an axis: as `format_value`, without zeros behind the point."""
    if value == 0:
        return f"0{_SPACE}%" if unit is Unit.RATIO else "0"
    text = format_value(value, unit)
    if "." not in text:
        return text
    # The unit begins after a space, or with the stroke of a rate.
    end = min(at for at in (text.find(_SPACE), text.find("/"), len(text)) if at >= 0)
    return text[:end].rstrip("0").rstrip(".") + text[end:]


def format_ticks(values: Sequence[float], unit: Unit) -> list[str]:
    """Return the figures of an axis, with as many digits as it takes to tell them apart."""
    texts = [format_tick(value, unit) for value in values]
    if len(set(texts)) == len(texts):
        return texts
    plain = next(
        (
            found
            for digits in range(4, 16)
            if len(set(found := [f"{one:,.{digits}g}" for one in values])) == len(values)
        ),
        texts,
    )
    return [f"{text}/s" for text in plain] if unit is Unit.PER_SECOND else plain


def format_seconds(value: float) -> str:
    """Return a length of time in one unit: `47 min`, `2.7 h`, `1.9 ms`."""
    if value < 0:
        return f"−{format_seconds(-value)}"
    if value == 0:
        return f"0{_SPACE}s"
    size, unit = next(((size, unit) for size, unit in _SPANS if value >= size * 0.9995), _SPANS[-1])
    return f"{_digits(value / size)}{_SPACE}{unit}"


def _scaled(value: float, units: Sequence[tuple[float, str]], smallest: str) -> str:
    for size, unit in units:
        # What would be rounded to 1,024 or 1,000 of the unit below is 1 of this one.
        if abs(value) >= size * 0.9995:
            return f"{_digits(value / size)}{_SPACE}{unit}"
    text = f"{value:,.0f}" if smallest or value == int(value) else _digits(value)
    return f"{text}{_SPACE}{smallest}" if smallest else text


def _count(value: float) -> str:
    if abs(value) < _WRITTEN_OUT and (value == int(value) or abs(value) >= 1_000):
        return f"{value:,.0f}"
    if abs(value) < _WRITTEN_OUT:
        return _digits(value)
    return _scaled(value, _DECIMAL, "")


def _digits(value: float) -> str:
    """Return three digits that count; a whole number is written without a point."""
    size = abs(value)
    if size >= _COUNTED_OUT:
        return f"{value:.3g}"
    if size >= 99.95 or value == int(value):
        return f"{value:,.0f}"
    if size >= 9.995:
        return f"{value:.1f}"
    if size >= 0.01:
        return f"{value:.2f}"
    return f"{value:.3g}"
