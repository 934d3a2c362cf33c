"""Comments in expressions: `# …` to the end of a line, as PromQL has them."""

import re
from collections.abc import Iterator
from typing import Final

# A text may hold the sign that begins a comment.
_TEXT_OR_COMMENT: Final = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`[^`]*`|#[^\n]*", re.DOTALL)


def comments_of(query: str) -> Iterator[tuple[int, str]]:
    """The comments of an expression, each with the offset of its sign."""
    for match in _TEXT_OR_COMMENT.finditer(query):
        if match[0].startswith("#"):
            yield match.start(), match[0]


def in_one_line(query: str) -> str:
    """An expression in one line, without comments."""
    bare = _TEXT_OR_COMMENT.sub(lambda match: "" if match[0].startswith("#") else match[0], query)
    return " ".join(bare.split())


def blanked(query: str) -> str:
    """An expression of the same length in which texts and comments are underscores."""
    return _TEXT_OR_COMMENT.sub(lambda match: "_" * len(match[0]), query)
