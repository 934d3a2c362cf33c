"""Floating-point numbers as Go writes them, digit for digit, and reads them."""

import math
import re
from decimal import Decimal
from typing import Final

# Digits once taken are not given back (`++`): thousands before a letter would take their number squared.
_DECIMAL: Final = re.compile(r"[+-]?(\d++\.?+\d*+|\.\d++)(e[+-]?\d++)?", re.ASCII | re.IGNORECASE)
_HEXADECIMAL: Final = re.compile(
    r"[+-]?0x([\da-f]++\.?+[\da-f]*+|\.[\da-f]++)p[+-]?\d++", re.ASCII | re.IGNORECASE
)
_WORD: Final = re.compile(r"[+-]?inf(inity)?|nan", re.IGNORECASE)


def parse_float(text: str) -> float | None:
    """Return the number that a text is, as `strconv.ParseFloat(s, 64)`; None for anything else.

    None also for digits with underscores between them, which is how people write identifiers. Python's own
    `float` takes spaces around a number, digits of other scripts, and numbers too large for it.
    """
    if _DECIMAL.fullmatch(text):
        number = float(text)
    elif _WORD.fullmatch(text):
        return float(text)
    elif _HEXADECIMAL.fullmatch(text):
        try:
            number = float.fromhex(text)
        except OverflowError:
            return None
    else:
        return None
    return number if math.isfinite(number) else None


def format_float(value: float) -> str:
    """The shortest decimal notation without exponent, as `strconv.FormatFloat(v, 'f', -1, 64)`."""
    if value != value:
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    text = repr(value)
    if "e" in text:
        text = format(Decimal(text), "f")
    return text.removesuffix(".0")


def format_general(value: float, digits: int | None = None) -> str:
    """As Go's `%g` prints; with `digits` as `%.<digits>g`."""
    if value != value:
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if digits is not None:
        return f"{value:.{digits}g}"
    exponent = Decimal(repr(value)).adjusted() if value else 0
    return format_float(value) if -5 < exponent < 6 else format_exponent(value)


def format_exponent(value: float) -> str:
    """The shortest notation with an exponent, as `strconv.FormatFloat(v, 'e', -1, 64)`."""
    if not math.isfinite(value):
        return format_float(value)
    mantissa, _, exponent = f"{Decimal(repr(value)).normalize():e}".partition("e")
    return f"{mantissa}e{exponent[0]}{exponent[1:]:0>2}"


def format_json(value: float) -> str:
    """As Prometheus' HTTP API writes a value: with an exponent where it is tiny or huge.

    Source: `MarshalFloat` of github.com/prometheus/prometheus, util/jsonutil.
    """
    size = abs(value)
    return format_exponent(value) if 0 < size < 1e-6 or size >= 1e21 else format_float(value)


def normalize_bound(text: str) -> str:
    """Return a label `le` or `quantile` as Prometheus 3 has it: `1.0` for `1`, `1e+06` for a million.

    A text that is no number stays. Source: `FormatOpenMetricsFloat` of github.com/prometheus/prometheus.
    """
    try:
        shown = format_general(float(text))
    except ValueError:
        return text
    return shown if any(character in shown for character in ".eIN") else f"{shown}.0"
