"""Literals are Go's: strings, characters, numbers.

Source: strconv.Unquote and strconv.ParseInt of Go, and newNumber of text/template/parse/node.go.
"""

import re
from typing import Final

from exporter.gotemplate.nodes import Number
from exporter.model.quoting import unescape

_UNDERSCORE: Final = re.compile(r"(?<![0-9a-fA-FxXoObB])_|_(?![0-9a-fA-F])")
_SMALLEST_INT: Final = -(2**63)
_LARGEST_UINT: Final = 2**64 - 1
_LARGEST_INT: Final = 2**63 - 1
_DIGITS_OF_A_FLOAT: Final = 400


def unquote(literal: str) -> str:
    """The text that a Go string literal stands for, quotes included.

    Raises `ValueError`.
    """
    quote, inner = literal[0], literal[1:-1]
    if quote == "`":
        return inner.replace("\r", "")
    return unescape(inner, quote).decode("utf-8", "surrogateescape")


def parse_character(literal: str, offset: int) -> Number:
    """The number that a character constant stands for.

    Raises `ValueError`.
    """
    char = unquote(literal)
    if len(char) != 1:
        raise ValueError(f"malformed character constant: {literal}")
    code = ord(char) if ord(char) < 0xDC80 or ord(char) > 0xDCFF else ord(char) - 0xDC00
    return Number(offset, literal, code, float(code), code)


def parse_number(text: str, offset: int) -> Number:
    """The number that a literal stands for.

    Raises `ValueError`.
    """
    whole = _parse_whole(text)
    if whole is not None:
        fits = whole <= _LARGEST_INT
        return Number(offset, text, whole if fits else None, float(whole), whole if fits else None)
    real = _parse_real(text)
    if real is None:
        raise ValueError(f'illegal number syntax: "{text}"')
    if not set(text) & set(".eEpP"):
        raise ValueError(f'integer overflow: "{text}"')
    is_whole = real.is_integer() and _SMALLEST_INT <= real <= _LARGEST_INT
    return Number(offset, text, int(real) if is_whole else None, real, real)


def _parse_whole(text: str) -> int | None:
    digits = text.lstrip("+-")
    if not _is_plain(digits):
        return None
    # A leading zero makes a number octal in Go, as `0o` does.
    if len(digits) > 1 and digits[0] == "0" and digits[1] in "01234567_":
        digits = "0o" + digits[1:]
    try:
        value = int(digits, 0)
    except ValueError:
        return None
    value = -value if text.startswith("-") else value
    return value if _SMALLEST_INT <= value <= _LARGEST_UINT else None


def _parse_real(text: str) -> float | None:
    digits = text.lstrip("+-")
    if not _is_plain(digits):
        return None
    sign = -1.0 if text.startswith("-") else 1.0
    digits = digits.replace("_", "")
    try:
        if digits[:2] in ("0x", "0X"):
            # Go wants the binary exponent of a hexadecimal float, Python does not.
            value = float.fromhex(digits) if "p" in digits.lower() else None
        elif digits[:2].lower() in ("0o", "0b"):
            value = None
        else:
            value = float(digits)
    except (ValueError, OverflowError):
        return None
    return None if value is None or value == float("inf") else sign * value


def _is_plain(digits: str) -> bool:
    """Tell whether underscores separate digits, of which there are not too many to convert quickly."""
    return len(digits) <= _DIGITS_OF_A_FLOAT and _UNDERSCORE.search(digits) is None
