"""Durations are Go's `time.Duration` as templates see it."""

from collections.abc import Mapping
from typing import ClassVar, Final

from exporter.gotemplate.values import Function, FunctionError, Parameter

NANOSECOND: Final = 1
MICROSECOND: Final = 1_000
MILLISECOND: Final = 1_000_000
SECOND: Final = 1_000_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
LONGEST: Final = 2**63 - 1


class Duration(int):
    """A span of time in nanoseconds."""

    __slots__ = ()

    go_type: ClassVar[str] = "time.Duration"
    go_methods: ClassVar[Mapping[str, Function]] = {}

    def __str__(self) -> str:
        """Format it as Go does: `1h2m3.5s`, `150ms`, `0s`."""
        return _format(int(self))


def duration_of(seconds: float) -> Duration:
    """The duration of this many seconds.

    Raises `FunctionError` for what does not fit.
    """
    nanoseconds = seconds * SECOND
    if not -LONGEST <= nanoseconds <= LONGEST:
        raise FunctionError(f"{seconds} s is no duration")
    return Duration(int(nanoseconds))


def _format(nanoseconds: int) -> str:
    sign, size = ("-" if nanoseconds < 0 else ""), abs(nanoseconds)
    if size < SECOND:
        return sign + _format_small(size)
    hours, rest = divmod(size, HOUR)
    minutes, rest = divmod(rest, MINUTE)
    text = f"{hours}h" if hours else ""
    text += f"{minutes}m" if hours or minutes else ""
    return f"{sign}{text}{_decimal(rest, SECOND)}s"


def _format_small(size: int) -> str:
    for unit, name in ((MILLISECOND, "ms"), (MICROSECOND, "µs"), (NANOSECOND, "ns")):
        if size >= unit:
            return _decimal(size, unit) + name
    return "0s"


def _decimal(size: int, unit: int) -> str:
    whole, rest = divmod(size, unit)
    fraction = str(rest).rjust(len(str(unit)) - 1, "0").rstrip("0")
    return f"{whole}.{fraction}" if fraction else str(whole)


def _round(duration: Duration, multiple: Duration) -> Duration:
    """Round to the nearest multiple, halves away from zero."""
    if multiple <= 0:
        return duration
    size, sign = abs(duration), -1 if duration < 0 else 1
    return Duration(sign * ((size + multiple // 2) // multiple * multiple))


def _truncate(duration: Duration, multiple: Duration) -> Duration:
    if multiple <= 0:
        return duration
    return Duration((1 if duration >= 0 else -1) * (abs(duration) // multiple * multiple))


DURATION: Final = Parameter("time.Duration", lambda value: isinstance(value, Duration))

Duration.go_methods = {
    "String": Function(str),
    "Hours": Function(lambda duration: duration / HOUR),
    "Minutes": Function(lambda duration: duration / MINUTE),
    "Seconds": Function(lambda duration: duration / SECOND),
    "Milliseconds": Function(lambda duration: _quotient(duration, MILLISECOND)),
    "Microseconds": Function(lambda duration: _quotient(duration, MICROSECOND)),
    "Nanoseconds": Function(int),
    "Abs": Function(lambda duration: Duration(abs(duration))),
    "Round": Function(_round, (DURATION,)),
    "Truncate": Function(_truncate, (DURATION,)),
}


def _quotient(duration: Duration, unit: int) -> int:
    """Divide towards zero, as Go does."""
    return abs(duration) // unit * (1 if duration >= 0 else -1)
