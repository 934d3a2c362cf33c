"""Durations as Prometheus writes them: `1h30m`, `15s`, `250ms`."""

import re
from typing import Final

_UNITS: Final = {
    "y": 365 * 86_400_000,
    "w": 7 * 86_400_000,
    "d": 86_400_000,
    "h": 3_600_000,
    "m": 60_000,
    "s": 1_000,
    "ms": 1,
}
_PATTERN: Final = re.compile(
    r"(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?", re.ASCII
)
# The units that there are, largest first.
UNITS: Final = tuple(_UNITS)
# Prometheus keeps durations in 64 bits of nanoseconds.
_MAX_MILLISECONDS: Final = (2**63 - 1) // 1_000_000


class InvalidDurationError(ValueError):
    """A text that is not a Prometheus duration."""


def parse_duration(text: str) -> int:
    """Whole milliseconds of a Prometheus duration: units `y w d h m s ms`, largest first, none twice, or `0`.

    Raises `InvalidDurationError`. Source: `ParseDuration` of github.com/prometheus/common, model/time.go.
    """
    if text == "0":
        return 0
    match = _PATTERN.fullmatch(text)
    if not text or match is None:
        example = f"{text}s" if text.isascii() and text.isdecimal() else "15s"
        raise InvalidDurationError(
            f'"{text}" is not a duration: write whole numbers with units y, w, d, h, m, s, ms, '
            f"largest first, such as {example} or 1h30m"
        )
    parts = zip(match.groups(), _UNITS.values(), strict=True)
    total = sum(int(number) * unit for number, unit in parts if number)
    if total > _MAX_MILLISECONDS:
        raise InvalidDurationError(f'"{text}" is longer than 292 years')
    return total


def format_duration(milliseconds: int) -> str:
    """The shortest Prometheus duration of this many milliseconds; years and weeks only where they are exact.

    Source: `Duration.String` of github.com/prometheus/common, model/time.go.
    """
    if milliseconds == 0:
        return "0s"
    rest = milliseconds
    text = ""
    for unit, size in _UNITS.items():
        if unit in ("y", "w") and rest % size:
            continue
        count, rest = divmod(rest, size)
        if count:
            text += f"{count}{unit}"
    return text
