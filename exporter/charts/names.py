"""Texts of others in a picture: escaped, and without characters that do not show."""

from html import escape
from typing import Final

_LONGEST: Final = 120


def shown(text: str, longest: int = _LONGEST) -> str:
    r"""Return a text as markup, cut at its end with … where it is longer, control characters as `\x1b`."""
    return escape(_cut(visible(text), longest))


def visible(text: str) -> str:
    r"""Return a text with escapes such as `\x1b` for all that does not show."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text
    )


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"
