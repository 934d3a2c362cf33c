"""Moments and spans of time as pages write them: `03:12`, `Fri 13 Mar 19:00`, `47 min`."""

from datetime import UTC, datetime
from typing import Final

_DAY: Final = 86_400
# From so many of the next smaller unit on, the larger one is used.
_UNITS: Final = (("d", _DAY, 2), ("h", 3600, 1.5), ("min", 60, 1.5), ("s", 1, 0))
_MOST_SECONDS: Final = 253_402_300_799.0
_NO_BREAK: Final = "\N{NO-BREAK SPACE}"


def moment_text(at: float, now: float, *, seconds: bool = False) -> str:
    """`03:12` today, `Fri 13 Mar 19:00` else, with the year where it is another one (epoch seconds, UTC).

    `seconds`: with them, `03:12:04`.
    """
    moment, today = _utc(at), _utc(now)
    time = f"{moment:%H:%M:%S}" if seconds else f"{moment:%H:%M}"
    if moment.date() == today.date():
        return time
    year = "" if moment.year == today.year else f" {moment.year}"
    return f"{moment:%a} {moment.day} {moment:%b}{year} {time}"


def span_text(seconds: float) -> str:
    """`38 s`, `47 min`, `2.7 h`, `12 d`: one unit, two digits that count below ten."""
    seconds = max(0.0, seconds)
    name, size = next((name, size) for name, size, least in _UNITS if seconds >= size * least)
    count = seconds / size
    number = f"{count:.1f}".removesuffix(".0") if name in ("h", "d") and count < 10 else f"{count:.0f}"
    return f"{number}{_NO_BREAK}{name}"


def _utc(at: float) -> datetime:
    return datetime.fromtimestamp(min(max(at, 0.0), _MOST_SECONDS), UTC)
