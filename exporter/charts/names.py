"""Texts of others in a picture: escaped, short, and without characters that do not show."""

from html import escape
from typing import Final

from exporter.model.visible import shorten

_LONGEST: Final = 120


def shown(text: str, longest: int = _LONGEST) -> str:
    r"""Return a text as markup, cut at its end with … where it is longer, control characters as `\x1b`."""
    return escape(shorten(text, longest))
