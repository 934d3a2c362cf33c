"""Moments as the frameworks write them, as epoch seconds."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

# The years 2001 to 2286: what lies outside is not a moment in this unit.
_EARLIEST: Final = 1e9
_LATEST: Final = 1e10


def plausible(seconds: float) -> float | None:
    """The moment itself where it can be one."""
    return seconds if _EARLIEST <= seconds < _LATEST else None


def parse_number(value: object, unit: float) -> float | None:
    """A number of units (1 for seconds, 1e-3 for milliseconds, 1e-9 for nanoseconds), also one in a text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | bytes):
        return None
    try:
        return plausible(float(value) * unit)
    except (ValueError, OverflowError):
        return None


def parse_epoch(value: object) -> float | None:
    """A number whose unit shows by its size: seconds, milliseconds, microseconds or nanoseconds."""
    for unit in (1.0, 1e-3, 1e-6, 1e-9):
        found = parse_number(value, unit)
        if found is not None:
            return found
    return None


def parse_iso(value: object) -> float | None:
    """An ISO 8601 time; one without a zone is in UTC, as the frameworks mean it."""
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace")
    if not isinstance(value, str):
        return None
    try:
        parsed = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=UTC)
    try:
        return plausible(parsed.timestamp())
    except (OverflowError, OSError, ValueError):
        return None


def parse_moment(value: object, form: str) -> float | None:
    """A moment in the named form: `iso`, `seconds`, `milliseconds`, or `auto`, which tries all."""
    match form:
        case "iso":
            return parse_iso(value)
        case "seconds":
            return parse_number(value, 1.0)
        case "milliseconds":
            return parse_number(value, 1e-3)
        case _:
            return parse_epoch(value) or parse_iso(value)


def at_path(document: Mapping[str, Any], path: str) -> object:
    """The value under a dotted path (`meta.createdAt`) in a JSON object; None where there is none."""
    value: object = document
    for part in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value
