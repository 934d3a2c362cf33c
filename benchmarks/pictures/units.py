"""Values as people read them, by the unit that a panel names."""

import math
from collections.abc import Sequence
from typing import Final

_BINARY: Final = ("B", "KiB", "MiB", "GiB", "TiB")
_SHORT: Final = ("", " K", " Mil", " Bil")
_TIMES: Final = ((86_400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))
_SUFFIXES: Final = {"binBps": "/s", "ops": " ops/s", "cps": "/s"}


def write(value: float, unit: str) -> str:
    """A value with its unit; an infinite or unknown one in words."""
    if not math.isfinite(value):
        return "never" if value > 0 else "–"
    if unit == "percentunit":
        return f"{_digits(value * 100)} %"
    if unit == "s":
        return _time(value)
    if unit in ("bytes", "binBps"):
        return _scaled(value, 1024, [f" {name}" for name in _BINARY]) + _SUFFIXES.get(unit, "")
    return _scaled(value, 1000, _SHORT) + _SUFFIXES.get(unit, "")


def _time(value: float) -> str:
    size, name = next(((size, name) for size, name in _TIMES if abs(value) >= size), _TIMES[-1])
    return f"{_digits(value / size)} {name}" if value else "0 s"


def _scaled(value: float, base: float, names: Sequence[str]) -> str:
    power = 0
    while abs(value) >= base and power < len(names) - 1:
        value, power = value / base, power + 1
    return f"{_digits(value)}{names[power]}"


def _digits(value: float) -> str:
    if abs(value) >= 100 or value == int(value):
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}".rstrip("0").rstrip(".")
