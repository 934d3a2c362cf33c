"""Names of others (keys, clients, queues) as they may be shown: nothing hidden, nothing endless."""

from typing import Final

_SHORT: Final = 80


def visible(text: str) -> str:
    r"""The text with control and other characters that do not show as escapes, such as `\x1b`."""
    text = str(text)
    return text if text.isprintable() else "".join(map(_visible, text))


def shorten(text: str, longest: int = _SHORT) -> str:
    """Return the visible text, cut at its end with … where it is longer."""
    shown = visible(text)
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def _visible(char: str) -> str:
    return char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
