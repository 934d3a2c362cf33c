"""Texts of others, for a terminal: names of keys, queues and clients may hold what it obeys."""

import json


def printable(text: str) -> str:
    """The text in one line; what is no printable character, a line break too, is `?`."""
    return text if text.isprintable() else "".join(char if char.isprintable() else "?" for char in text)


def escaped_json(text: str) -> str:
    r"""Return a JSON text with escapes for all characters that are not printable, such as `\u009b`."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escape(char) for char in text)


def _escape(char: str) -> str:
    # Between the values of a document it is part of the layout.
    return char if char == "\n" else json.dumps(char)[1:-1]


def printable_lines(text: str) -> str:
    """The same for a text of several lines."""
    return "\n".join(printable(line) for line in text.split("\n"))
