"""Texts and characters as Go quotes them.

Source: strconv/quote.go of Go.
"""

import unicodedata
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


def quote(text: str, *, ascii_only: bool = False) -> str:
    """The text as a Go string literal in double quotes."""
    return '"' + "".join(_escape(char, '"', ascii_only) for char in text) + '"'


def quote_character(code: int, *, ascii_only: bool = False) -> str:
    """The character as a Go character literal; what is no character becomes U+FFFD."""
    return "'" + _escape(to_character(code), "'", ascii_only) + "'"


def can_backquote(text: str) -> bool:
    """Whether the text can stand between backquotes on one line."""
    return all((char >= " " or char == "\t") and char not in "`\x7f\ufeff" for char in text)


def to_character(code: int) -> str:
    """The character with this code; U+FFFD where there is none."""
    return chr(code) if 0 <= code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else "\ufffd"


def is_printable(char: str) -> bool:
    """Go's notion: letters, marks, numbers, punctuation, symbols, and the space of ASCII."""
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
