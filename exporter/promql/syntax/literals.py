"""Numbers, durations and strings as PromQL writes them."""

import math
import re
import string
from typing import Final

from exporter.gotemplate.quoting import quote_character
from exporter.model.duration import UNITS, InvalidDurationError, parse_duration

_SIMPLE_ESCAPES: Final = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "\\": "\\",
}
_ESCAPE: Final = re.compile(
    r"\\(?:([abfnrtv\\'\"])|([0-7]{3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.)|$)",
    re.DOTALL,
)
# The digits that an escape goes on with.
_DIGITS: Final = {
    **dict.fromkeys("xuU", string.hexdigits),
    **dict.fromkeys(string.octdigits, string.octdigits),
}
_UNIT: Final = re.compile(r"[0-9]+([a-z]+)")
_INTEGER: Final = re.compile(r"0[xX](?:_?[0-9a-fA-F])+|0(?:_?[0-7])*|[1-9](?:_?[0-9])*")
_UNDERSCORES: Final = re.compile(r"(?<=[0-9])_(?=[0-9])")
_LONGEST_INTEGER: Final = 60
_MAX_INTEGER: Final = 2**63 - 1


def parse_number(text: str) -> float:
    """A number literal: decimal, hexadecimal, octal with a leading zero, `Inf` or `NaN` in any case.

    Raises `ValueError`. As in Prometheus an integer is tried first (Go's `ParseInt` with base 0): `010` is 8.
    """
    if len(text) <= _LONGEST_INTEGER and _INTEGER.fullmatch(text):
        digits = text.replace("_", "")
        integer = int(digits, 16 if digits[:2] in ("0x", "0X") else 8 if digits[0] == "0" else 10)
        if integer <= _MAX_INTEGER:
            return float(integer)
    plain = _UNDERSCORES.sub("", text)
    if "_" in plain:
        raise ValueError(f'error parsing number: strconv.ParseFloat: parsing "{text}": invalid syntax')
    value = float(plain)
    if math.isinf(value) and "inf" not in plain:
        raise ValueError(f'error parsing number: strconv.ParseFloat: parsing "{text}": value out of range')
    return value


def parse_seconds(text: str) -> float:
    """A duration literal in seconds. Raises `ValueError`."""
    try:
        return parse_duration(text) / 1000
    except InvalidDurationError:
        for unit in _UNIT.findall(text):
            if unit not in UNITS:
                raise ValueError(f'unknown unit "{unit}" in duration "{text}"') from None
        raise ValueError(_explain_duration(text)) from None


def _explain_duration(text: str) -> str:
    """What is wrong with a duration whose units all exist."""
    found = _UNIT.findall(text)
    if "." not in text and found == sorted(set(found), key=UNITS.index):
        return "duration out of range"
    return f'not a valid duration string: "{text}"'


def unquote(text: str) -> str:
    """The value of a string literal, with its quotes: raw between backticks, else with Go's escapes.

    Raises `ValueError` for a bad escape, worded as Prometheus does, and for bytes that are no UTF-8.
    """
    quote, body = text[0], text[1:-1]
    if quote == "`" or "\\" not in body:
        return body
    parts: list[bytes] = []
    position = 0
    for match in _ESCAPE.finditer(body):
        parts.append(body[position : match.start()].encode())
        parts.append(_unescape(match, quote))
        position = match.end()
    parts.append(body[position:].encode())
    try:
        return b"".join(parts).decode()
    except UnicodeDecodeError:
        raise ValueError("string is not valid UTF-8") from None


def _unescape(match: re.Match[str], quote: str) -> bytes:
    simple, octal, byte, short, long, other = match.groups()
    if simple is not None and (simple not in "'\"" or simple == quote):
        return _SIMPLE_ESCAPES.get(simple, simple).encode()
    if octal is not None or byte is not None:
        code = int(octal, 8) if octal is not None else int(byte, 16)
        if code > 255:
            raise ValueError("escape sequence is an invalid Unicode code point")
        return bytes([code])
    if short is not None or long is not None:
        code = int(short if short is not None else long, 16)
        if code > 0x10FFFF or 0xD800 <= code < 0xE000:
            raise ValueError("escape sequence is an invalid Unicode code point")
        return chr(code).encode()
    if other is not None and other in _DIGITS:
        raise ValueError(_explain_digits(match, quote))
    if simple is None and other is None:
        raise ValueError("escape sequence not terminated")
    raise ValueError(f"unknown escape sequence {_name(simple or other)}")


def _explain_digits(match: re.Match[str], quote: str) -> str:
    """What is wrong with an escape that does not have the digits it needs."""
    allowed = _DIGITS[match[6]]
    start = match.end() if match[6] in "xuU" else match.end() - 1
    for character in match.string[start:] + quote:
        if character not in allowed:
            return f"illegal character {_name(character)} in escape sequence"
    return "escape sequence not terminated"


def _name(character: str) -> str:
    return f"U+{ord(character):04X} {quote_character(ord(character))}"
