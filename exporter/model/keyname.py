"""Patterns of keys' names as users write them: `session:{id}`, `cache:*:html`."""

import hashlib
import re
from typing import Final

# A placeholder stands for a part between separators, `*` for anything; braces of a hash tag are doubled.
_PARTS: Final = re.compile(r"\{\{|\}\}|\{[^{}]*\}|\*+")
_PART: Final = rb"[^:/|]+"
_MAX_SHOWN: Final = 128
_DIGEST_LENGTH: Final = 12


def compile_pattern(text: str) -> "re.Pattern[bytes]":
    """Compile a pattern of names.

    `{name}` is one or more characters without `:`, `/` and `|`; `*` is any run of characters; `{{` and `}}`
    are braces. Raises `ValueError` with a sentence where a brace stands alone.
    """
    parts: list[bytes] = []
    position = 0
    for match in _PARTS.finditer(text):
        parts.append(_literal(text, position, match.start()))
        parts.append(_expression(match[0]))
        position = match.end()
    parts.append(_literal(text, position, len(text)))
    return re.compile(b"".join(parts), re.DOTALL)


def _literal(text: str, start: int, end: int) -> bytes:
    literal = text[start:end]
    for brace in "{}":
        if brace in literal:
            raise ValueError(f'"{text}" has a single "{brace}": write {{name}}, or double it for a brace')
    return re.escape(literal.encode())


def _expression(part: str) -> bytes:
    if part in ("{{", "}}"):
        return re.escape(part[:1].encode())
    return rb".*" if part.startswith("*") else _PART


def show_bytes(name: bytes) -> str:
    """A name, or a part of one, as text: what is no UTF-8 or cannot be printed is shown escaped."""
    text = name.decode("utf-8", "backslashreplace")
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def show_name(name: bytes) -> str:
    """A key's name as text of bounded length.

    A longer one is `start…(10,000 bytes, #9f86d081884c)`, with the first digits of its SHA-256.
    """
    text = show_bytes(name)
    if len(text) <= _MAX_SHOWN:
        return text
    return f"{text[:_MAX_SHOWN]}…({len(name):,} bytes, #{_digest(name)})"


def hash_name(name: bytes) -> str:
    """A key's name, not told."""
    return f"sha256:{hashlib.sha256(name).hexdigest()[:16]}"


def shorten_pattern(pattern: str) -> str:
    """A pattern as text of bounded length: `start…(#9f86d081884c)` where it is longer."""
    if len(pattern) <= _MAX_SHOWN:
        return pattern
    return f"{pattern[:_MAX_SHOWN]}…(#{_digest(pattern.encode('utf-8', 'surrogatepass'))})"


def _digest(name: bytes) -> str:
    return hashlib.sha256(name).hexdigest()[:_DIGEST_LENGTH]
