"""Units of thresholds, and numbers as people write them: `80%`, `2GiB`, `1h30m`."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from exporter.model.duration import InvalidDurationError, format_duration, parse_duration
from exporter.model.floats import format_float, parse_float
from exporter.promql import Expr, VectorSelector, walk
from exporter.rules.comparison import comparisons_of
from exporter.rules.measure import Printed, printed_as
from exporter.rules.model import AlertSpec

RATIO: Final = "ratio"
SECONDS: Final = "seconds"
BYTES: Final = "bytes"
PERCENT: Final = "percent"

_PRINTED: Final = {Printed.PERCENTAGE: RATIO, Printed.DURATION: SECONDS, Printed.BYTES: BYTES}
_ENDINGS: Final = {
    "_bytes": BYTES,
    "_seconds": SECONDS,
    ":seconds": SECONDS,
    "_sec": SECONDS,
    "_ratio": RATIO,
    ":ratio": RATIO,
    "_percentage": PERCENT,
    ":days": "days",
}
_WORDS: Final = {RATIO: "parts of one (0.8 or 80%)"}
_SPANS: Final = {SECONDS: 1, "minutes": 60, "hours": 3600, "days": 86_400}
_SHARE: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*%")
_SIZE: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([KMGT]?)(?:i?B)", re.IGNORECASE)
_FACTORS: Final = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


def unit_of(spec: AlertSpec) -> str:
    """The unit of a rule's values: as its annotations print them, else as the names of its metrics end."""
    printed = _PRINTED.get(printed_as(spec))
    if printed is not None:
        return printed
    whole = spec.expression.root
    roots = [whole if one is None else one.value for one in comparisons_of(whole)]
    units = {_of_name(next(_names(root), "")) for root in roots}
    return units.pop() if len(units) == 1 else ""


def parse_number(text: str, unit: str) -> tuple[float, str]:
    """A number in its unit, and how it is written in an expression.

    Raises `ValueError` with a sentence for what is none, or is in another unit.
    """
    number = parse_float(text)
    if number is not None and abs(number) != float("inf") and number == number:
        return number, format_float(number)
    for parse in (_share, _size, _span):
        value = parse(text, unit)
        if value is not None:
            return float(value), format_float(float(value))
    raise ValueError(f'must be a number such as 0.8, 80%, 2GiB or 5s, not "{text}"')


def tell_number(number: float, unit: str) -> str:
    """A number as people write it: `85%`, `100MiB`, `5m`, `1000`."""
    if unit == RATIO:
        return f"{format_float(float(Decimal(format_float(number)) * 100))}%"
    if unit == PERCENT:
        return f"{format_float(number)}%"
    if unit.split(" ")[0] == BYTES and number and number == int(number):
        return _tell_size(int(number))
    if unit == SECONDS and number and float(number * 1000).is_integer():
        return ("-" if number < 0 else "") + format_duration(round(abs(number) * 1000))
    return format_float(number)


def _tell_size(size: int) -> str:
    for name, factor in (("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if size % factor == 0:
            return f"{size // factor}{name}"
    return f"{size}B"


def _share(text: str, unit: str) -> Decimal | None:
    match = _SHARE.fullmatch(text)
    if match is None:
        return None
    if unit not in (RATIO, PERCENT):
        raise ValueError(_other_unit(text, "a share", unit))
    return Decimal(match[1]) / 100 if unit == RATIO else Decimal(match[1])


def _size(text: str, unit: str) -> Decimal | None:
    match = _SIZE.fullmatch(text)
    if match is None:
        return None
    if unit.split(" ")[0] != BYTES:
        raise ValueError(_other_unit(text, "a size", unit))
    return Decimal(match[1]) * _FACTORS[match[2].lower()]


def _span(text: str, unit: str) -> Decimal | None:
    try:
        milliseconds = parse_duration(text)
    except InvalidDurationError:
        return None
    if unit not in _SPANS:
        raise ValueError(_other_unit(text, "a duration", unit))
    return Decimal(milliseconds) / (1000 * _SPANS[unit])


def _other_unit(text: str, kind: str, unit: str) -> str:
    what = f"in {_WORDS.get(unit, unit)}" if unit else "a plain number"
    return f'"{text}" is {kind}, and the threshold is {what}: write a number'


def _names(node: Expr) -> Iterator[str]:
    return (one.name for one, _ in walk(node) if isinstance(one, VectorSelector))


def _of_name(name: str) -> str:
    return next((unit for ending, unit in _ENDINGS.items() if name.endswith(ending)), "")
