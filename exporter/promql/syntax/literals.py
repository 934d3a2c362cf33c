"""Literals are the numbers, durations and strings as PromQL writes them."""

import math
import re
import string
from typing import Final

from exporter.model.duration import UNITS, InvalidDurationError, parse_duration
from exporter.model.quoting import InvalidEscapeError, quote_character, unescape

# The digits that an escape goes on with.
_DIGITS: Final = {
    **dict.fromkeys("xuU", string.hexdigits),
    **dict.fromkeys(string.octdigits, string.octdigits),
}
_UNIT: Final = re.compile(r"[0-9]+([^0-9]+)")
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
    if "_" in plain or plain[:2] in ("0x", "0X"):
        raise ValueError(f'error parsing number: strconv.ParseFloat: parsing "{text}": invalid syntax')
    value = float(plain)
    if math.isinf(value) and "inf" not in plain.lower():
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
    """Say what is wrong with a duration whose units all exist."""
    found = _UNIT.findall(text)
    if found == sorted(set(found), key=UNITS.index):
        return "duration out of range"
    return f'not a valid duration string: "{text}"'


def unquote(text: str, *, any_bytes: bool = False) -> str:
    """The value of a string literal, with its quotes: raw between backticks, else with Go's escapes.

    Raises `ValueError` for a bad escape, worded as Prometheus does, and for bytes that are no UTF-8; with
    `any_bytes` these become surrogates (`surrogateescape`).
    """
    quote, body = text[0], text[1:-1]
    if quote == "`" or "\\" not in body:
        return body
    try:
        return unescape(body, quote).decode("utf-8", "surrogateescape" if any_bytes else "strict")
    except InvalidEscapeError as error:
        raise ValueError(_explain_escape(error, quote)) from None
    except UnicodeDecodeError:
        raise ValueError("string is not valid UTF-8") from None


def _explain_escape(error: InvalidEscapeError, quote: str) -> str:
    if error.is_complete:
        return "escape sequence is an invalid Unicode code point"
    letter = error.sequence[1:]
    if letter in _DIGITS:
        return _explain_digits(letter, error.rest + quote)
    return f"unknown escape sequence {_name(letter)}" if letter else "escape sequence not terminated"


def _explain_digits(letter: str, rest: str) -> str:
    """Say what is wrong with an escape that does not have the digits it needs."""
    start = "" if letter in "xuU" else letter
    for character in start + rest:
        if character not in _DIGITS[letter]:
            return f"illegal character {_name(character)} in escape sequence"
    return "escape sequence not terminated"


def _name(character: str) -> str:
    # Go's `%#U` shows what is printable as it is, a quote too.
    shown = f"'{character}'" if character in "'\\" else quote_character(ord(character))
    return f"U+{ord(character):04X} {shown}"
