"""Go's string literals: quoting, and the escape sequences of quoted ones.

Templates, PromQL and matchers share them. Source: strconv/quote.go of Go.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

_NAMED: Final = {
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
    "\\": "\\\\",
}
_ESCAPE: Final = re.compile(
    r"""\\(?:(?P<simple>[abfnrtv\\'"])|x(?P<byte>[0-9a-fA-F]{2})|(?P<octal>[0-7]{3})"""
    r"""|u(?P<short>[0-9a-fA-F]{4})|U(?P<long>[0-9a-fA-F]{8})|.?)""",
    re.DOTALL,
)
_SIMPLE: Final = {escape[1]: char for char, escape in _NAMED.items()}


class InvalidEscapeError(ValueError):
    """An escape sequence that Go does not have.

    `sequence` is the backslash and what is read of the escape, `rest` the text behind it. `is_complete`: the
    digits are all there, and stand for no byte or character.
    """

    def __init__(self, sequence: str, rest: str) -> None:
        super().__init__(f"invalid syntax: {sequence}")
        self.sequence = sequence
        self.rest = rest
        self.is_complete = len(sequence) > 2


def quote(text: str, *, ascii_only: bool = False) -> str:
    """Return the text as a Go string literal in double quotes."""
    return '"' + "".join(_escape(char, '"', ascii_only) for char in text) + '"'


def quote_character(code: int, *, ascii_only: bool = False) -> str:
    """Return the character as a Go character literal; a code that is no character becomes U+FFFD."""
    return "'" + _escape(to_character(code), "'", ascii_only) + "'"


def unescape(body: str, quote_mark: str) -> bytes:
    r"""Return the bytes of what stands between the quotes of a literal; UTF-8 unless its escapes are not.

    `\x` and octal escapes are bytes, the others characters; the other kind of quote cannot be escaped.
    Raises `InvalidEscapeError`.
    """
    return b"".join(_unescape_pieces(body, quote_mark))


def _unescape_pieces(body: str, quote_mark: str) -> Iterator[bytes]:
    position = 0
    for match in _ESCAPE.finditer(body):
        yield body[position : match.start()].encode("utf-8", "surrogateescape")
        yield _unescape_one(match, quote_mark)
        position = match.end()
    yield body[position:].encode("utf-8", "surrogateescape")


def _unescape_one(match: re.Match[str], quote_mark: str) -> bytes:
    simple, byte, octal, short, long = match.groups()
    if simple and (simple not in "'\"" or simple == quote_mark):
        return _SIMPLE.get(simple, simple).encode()
    if byte or octal:
        code = int(byte, 16) if byte else int(octal, 8)
        if code <= 0xFF:
            return bytes([code])
    elif short or long:
        code = int(short or long, 16)
        if code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF:
            return chr(code).encode()
    raise InvalidEscapeError(match.group(), match.string[match.end() :])


def can_backquote(text: str) -> bool:
    """Tell whether the text can stand between backquotes on one line."""
    return all((char >= " " or char == "\t") and char not in "`\x7f\ufeff" for char in text)


def to_character(code: int) -> str:
    """Return the character with this code; U+FFFD where there is none."""
    return chr(code) if 0 <= code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else "\ufffd"


def is_text(text: str) -> bool:
    """Tell whether all of it was UTF-8: bytes that are none are kept as surrogates (`surrogateescape`)."""
    return text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text)


def as_text(text: str) -> str:
    """Return the text with U+FFFD for bytes that are no UTF-8."""
    return text if is_text(text) else text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def is_printable(char: str) -> bool:
    """Tell whether Go prints it as it is: letters, marks, numbers, punctuation, symbols, ASCII's space."""
    return char == " " or unicodedata.category(char)[0] in "LMNPS"


def _escape(char: str, mark: str, ascii_only: bool) -> str:
    if char == mark:
        return "\\" + mark
    if char in _NAMED:
        return _NAMED[char]
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if is_printable(char) and (code < 128 or not ascii_only):
        return char
    if code < 128:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
