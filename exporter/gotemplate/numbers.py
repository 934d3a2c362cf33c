"""Numbers are written as Go's fmt package does.

Source: fmt/format.go and strconv/ftoa.go of Go.
"""

import math
from dataclasses import dataclass, replace
from typing import Final


@dataclass(frozen=True, slots=True)
class Style:
    """The flags, width and precision of one directive such as `%-08.3f`."""

    width: int | None = None
    precision: int | None = None
    minus: bool = False
    plus: bool = False
    sharp: bool = False
    space: bool = False
    zero: bool = False
    fields: bool = False
    syntax: bool = False


PLAIN: Final = Style()
_EXPONENT_FROM: Final = 6
_PREFIXES: Final = {2: "0b", 8: "0", 16: "0x"}


def pad(text: str, style: Style, *, zero: bool = False) -> str:
    """The text at the width of the style, counted in characters; zeros only ever stand on the left."""
    missing = (style.width or 0) - len(text)
    if missing <= 0:
        return text
    if style.minus:
        return text + " " * missing
    return ("0" if zero else " ") * missing + text


def format_integer(
    value: int, base: int, style: Style, *, upper: bool = False, octal_mark: bool = False
) -> str:
    """An integer to a base; `octal_mark` is the `0o` of `%O`."""
    if style.precision == 0 and value == 0:
        return pad("", style)
    sign = "-" if value < 0 else "+" if style.plus else " " if style.space else ""
    digits = _to_base(abs(value), base)
    width = style.precision or 0
    if style.precision is None and style.zero and style.width and not style.minus:
        width = style.width - len(sign)
    digits = digits.rjust(width, "0")
    if octal_mark:
        digits = "0o" + digits
    elif style.sharp and base in _PREFIXES and not (base == 8 and digits.startswith("0")):
        digits = _PREFIXES[base] + digits
    return pad(sign + (digits.upper() if upper else digits), style)


def _to_base(value: int, base: int) -> str:
    return format(value, {2: "b", 8: "o", 10: "d", 16: "x"}[base])


def format_float(value: float, verb: str, style: Style) -> str:
    """A float for one of the verbs e E f g G x X b; without a precision 6 digits, or the shortest for g."""
    if math.isnan(value) or math.isinf(value):
        return _pad_signed("NaN" if math.isnan(value) else "Inf", value, replace(style, zero=False))
    return _pad_signed(_digits(abs(value), verb, style), value, style)


def _pad_signed(digits: str, value: float, style: Style) -> str:
    negative = math.copysign(1.0, value) < 0 and not math.isnan(value)
    # Infinity alone shows its plus sign unasked.
    positive = "+" if style.plus or (math.isinf(value) and not style.space) else " " if style.space else ""
    sign = "-" if negative else positive
    if style.zero and not style.minus and style.width is not None:
        return sign + digits.rjust(style.width - len(sign), "0")
    return pad(sign + digits, style)


def _digits(value: float, verb: str, style: Style) -> str:
    """The digits of a positive float."""
    sharp = "#" if style.sharp else ""
    if verb in "xX":
        text = _hexadecimal(value, style.precision)
        return text.upper() if verb == "X" else text
    if verb == "b":
        return _binary(value)
    if verb in "gG" and style.precision is None and not sharp:
        return shortest(value, "e" if verb == "g" else "E")
    precision = 6 if style.precision is None else style.precision
    return f"{value:{sharp}.{precision}{verb}}"


def shortest(value: float, mark: str = "e") -> str:
    """The fewest digits that read back as the same float; with an exponent from 1e+06 on and below 1e-04."""
    digits, power = _decompose(value)
    if power < -4 or power >= _EXPONENT_FROM:
        tail = f".{digits[1:]}" if len(digits) > 1 else ""
        return f"{digits[0]}{tail}{mark}{'-' if power < 0 else '+'}{abs(power):02d}"
    if power < 0:
        return "0." + "0" * (-power - 1) + digits
    whole, fraction = digits[: power + 1].ljust(power + 1, "0"), digits[power + 1 :]
    return f"{whole}.{fraction}" if fraction else whole


def _decompose(value: float) -> tuple[str, int]:
    """The significant digits of a positive float, and the power of ten of the first."""
    mantissa, _, exponent = f"{value!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    power = int(exponent or "0") + len(whole) - 1
    digits = whole + fraction
    stripped = digits.lstrip("0")
    if not stripped:
        return "0", 0
    return stripped.rstrip("0") or "0", power - (len(digits) - len(stripped))


def _hexadecimal(value: float, precision: int | None) -> str:
    if value == 0.0:
        return "0x0" + ("." + "0" * precision if precision else "") + "p+00"
    fraction, exponent = math.frexp(value)
    bits = int(math.ldexp(fraction, 53))  # 1.xxx in 53 bits
    power = exponent - 1
    digits = 13
    if precision is not None and precision < 13:
        drop = 4 * (13 - precision)
        half, rest = 1 << (drop - 1), bits & ((1 << drop) - 1)
        bits >>= drop
        bits += rest > half or (rest == half and bits & 1)
        digits = precision
        if bits >> (4 * digits) >= 2:
            bits >>= 1
            power += 1
    text = format(bits, f"0{digits + 1}x")
    tail = text[1:].rstrip("0") if precision is None else text[1:].ljust(precision, "0")
    return f"0x{text[0]}{'.' + tail if tail else ''}p{'-' if power < 0 else '+'}{abs(power):02d}"


def _binary(value: float) -> str:
    """`%b`: the mantissa as an integer, and the power of two it is scaled by."""
    if value == 0.0:
        return "0p-1074"
    fraction, exponent = math.frexp(value)
    power = exponent - 53
    if power < -1074:
        return f"{int(math.ldexp(value, 1074))}p-1074"
    return f"{int(math.ldexp(fraction, 53))}p{power:+d}"
