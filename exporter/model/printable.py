"""Texts of others, for a terminal: names of keys, queues and clients may hold what it obeys."""


def printable(text: str) -> str:
    """The text in one line; what is no printable character, a line break too, is `?`."""
    return text if text.isprintable() else "".join(char if char.isprintable() else "?" for char in text)


def printable_lines(text: str) -> str:
    """The same for a text of several lines."""
    return "\n".join(printable(line) for line in text.split("\n"))
