"""Numbers, durations and strings as PromQL writes them."""

import math
import re
from typing import Final

from exporter.model.duration import InvalidDurationError, parse_duration

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
        raise ValueError(f'invalid number "{text}"')
    value = float(plain)
    if math.isinf(value) and "inf" not in plain:
        raise ValueError(f'"{text}" is too large')
    return value


def parse_seconds(text: str) -> float:
    """A duration literal in seconds. Raises `ValueError`."""
    try:
        return parse_duration(text) / 1000
    except InvalidDurationError as error:
        raise ValueError(str(error)) from None


def unquote(text: str) -> str:
    """The value of a string literal, with its quotes: raw between backticks, else with Go's escapes.

    Raises `ValueError` for a bad escape and for bytes that are no UTF-8.
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
    if simple is None and other is None:
        raise ValueError("escape sequence not terminated")
    raise ValueError(f"unknown escape sequence \\{simple or other}")
