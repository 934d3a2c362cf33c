"""Humanizing functions write numbers for people, in rule and notification templates.

Source: template/template.go of Prometheus and helpers/templates of github.com/prometheus/common.
"""

import math
import re
from typing import Final

from exporter.gotemplate.durations import SECOND, Duration
from exporter.gotemplate.numbers import Style, format_float
from exporter.gotemplate.times import Time
from exporter.gotemplate.values import FunctionError, type_name

_LARGER: Final = ("", "k", "M", "G", "T", "P", "E", "Z", "Y")
_SMALLER: Final = ("", "m", "u", "n", "p", "f", "a", "z", "y")
_BINARY: Final = ("", "ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi")
_FOUR_DIGITS: Final = Style(precision=4)
_NUMBER: Final = re.compile(
    r"[+-]?(?:(?:[0-9]++\.?+[0-9]*+|\.[0-9]++)(?:e[+-]?[0-9]++)?|inf|infinity|nan)", re.IGNORECASE | re.ASCII
)
_HEXADECIMAL: Final = re.compile(
    r"[+-]?0x(?:[0-9a-f]++\.?+[0-9a-f]*+|\.[0-9a-f]++)p[+-]?[0-9]++", re.IGNORECASE | re.ASCII
)
_LONGEST_NUMBER: Final = 1_000


def to_float(value: object) -> float:
    """The number of a number, of a text, or of a duration in seconds.

    Raises `FunctionError`.
    """
    if isinstance(value, Duration):
        return value / SECOND
    if type(value) in (int, float):
        return float(value)  # type: ignore[arg-type]  # mypy does not narrow by `type(…) in`
    if type(value) is str:
        return _parse_float(value)
    raise FunctionError(f"can't convert {type_name(value)} to float")


def _parse_float(text: str) -> float:
    shown = text if len(text) <= 40 else text[:40] + "…"
    problem = FunctionError(f'parsing "{shown}": invalid syntax')
    if len(text) > _LONGEST_NUMBER:
        raise problem
    if _HEXADECIMAL.fullmatch(text):
        try:
            return float.fromhex(text)
        except OverflowError:
            raise FunctionError(f'parsing "{shown}": value out of range') from None
    if not _NUMBER.fullmatch(text):
        raise problem
    value = float(text)
    if math.isinf(value) and "inf" not in text.lower():
        raise FunctionError(f'parsing "{shown}": value out of range')
    return value


def four_digits(value: float) -> str:
    """The number as `%.4g` prints it."""
    return format_float(value, "g", _FOUR_DIGITS)


def humanize(value: object) -> str:
    """Format with a metric prefix: 1234567 is `1.235M`."""
    number = to_float(value)
    if number == 0 or not math.isfinite(number):
        return four_digits(number)
    if abs(number) >= 1:
        return _scale(number, _LARGER, 1000)
    return _scale_up(number)


def humanize1024(value: object) -> str:
    """Format with a binary prefix: 1048576 is `1Mi`."""
    number = to_float(value)
    if abs(number) <= 1 or not math.isfinite(number):
        return four_digits(number)
    return _scale(number, _BINARY, 1024)


def _scale(number: float, prefixes: tuple[str, ...], base: int) -> str:
    used = prefixes[0]
    for prefix in prefixes[1:]:
        if abs(number) < base:
            break
        used, number = prefix, number / base
    return four_digits(number) + used


def _scale_up(number: float) -> str:
    used = ""
    for prefix in _SMALLER[1:]:
        if abs(number) >= 1:
            break
        used, number = prefix, number * 1000
    return four_digits(number) + used


def humanize_duration(value: object) -> str:
    """Format seconds as `1d 2h 3m 4s`, below a minute with four digits, below a second with a prefix."""
    number = to_float(value)
    if not math.isfinite(number):
        return four_digits(number)
    if number == 0:
        return "0s"
    if abs(number) < 1:
        return _scale_up(number) + "s"
    sign, number = ("-" if number < 0 else ""), abs(number)
    if number < 60:
        return f"{sign}{four_digits(number)}s"
    # Go's conversion of a float that is too large for 64 bits.
    whole = int(number) if number < 2.0**63 else -(2**63)
    minutes, seconds = _divide(whole, 60)
    hours, minutes = _divide(minutes, 60)
    days, hours = _divide(hours, 24)
    if days:
        return f"{sign}{days}d {hours}h {minutes}m {seconds}s"
    return f"{sign}{hours}h {minutes}m {seconds}s" if hours else f"{sign}{minutes}m {seconds}s"


def _divide(number: int, by: int) -> tuple[int, int]:
    """Quotient and remainder, towards zero."""
    quotient, rest = divmod(abs(number), by)
    return (quotient, rest) if number >= 0 else (-quotient, -rest)


def humanize_percentage(value: object) -> str:
    """A ratio as a percentage."""
    return four_digits(to_float(value) * 100) + "%"


def humanize_timestamp(value: object) -> str:
    """Epoch seconds as a date, in UTC and to the millisecond."""
    number = to_float(value)
    return four_digits(number) if not math.isfinite(number) else to_time(number).format()


def to_time(value: object) -> Time:
    """Epoch seconds as a moment, to the millisecond.

    Raises `FunctionError`.
    """
    number = to_float(value)
    if not math.isfinite(number):
        raise FunctionError("value is NaN or Inf")
    nanoseconds = number * 1e9
    if not -(2.0**63) <= nanoseconds <= 2.0**63:
        raise FunctionError(
            f"{number} cannot be represented as a nanoseconds timestamp since it overflows int64"
        )
    milliseconds = int(nanoseconds / 1_000_000) if nanoseconds >= 0 else -int(-nanoseconds / 1_000_000)
    return Time(milliseconds * 1_000_000)
