"""Texts of others in a picture: escaped, short, and without characters that do not show."""

from html import escape
from typing import Final

from exporter.model.visible import visible

_LONGEST: Final = 120
# Stands between a figure and its unit.
_NO_BREAK: Final = "\u00a0"


def shown(text: str, longest: int = _LONGEST) -> str:
    r"""Return a text as markup, cut at its end with … where it is longer, control characters as `\x1b`."""
    text = _NO_BREAK.join(map(visible, text.split(_NO_BREAK)))
    return escape(text if len(text) <= longest else text[: longest - 1] + "…")
