"""Names of patterns in which nothing can be the name of a person.

What a word of a key's name means cannot be told from the keys: `user:anna:*` and `user:cart:*` may have as
many, and look alike. So only words of a closed list are shown, and everything else is a `*`, in whatever
language it is.
"""

import re
from collections.abc import Iterable
from typing import Final

from exporter.keyspace.plain_words import PLAIN_WORDS
from exporter.keyspace.shapes import canonical

# Words that fewer keys have in common are not shown either.
LEAST_KEYS: Final = 10

# Letters, a version (`v2`), digits, a wildcard, any other sign.
_PARTS: Final = re.compile(r"(?<![^\W_])v[0-9]{1,2}(?![^\W_])|[^\W\d_]+|\d+|\\\*|.", re.DOTALL).findall
# The words of `UserProfile`.
_WORDS: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])").findall
_VERSION: Final = re.compile("v[0-9]{1,2}").fullmatch
_ADJACENT: Final = re.compile(r"\*{2,}").sub
_SIGNS: Final = frozenset(":./|_-{}#@ ?&=,;+~()[]<>")


class Redactor:
    """Hides names, but for the beginnings that somebody has given: those of queues."""

    def __init__(self, beginnings: Iterable[str] = ()) -> None:
        self._beginnings = tuple(beginning.encode("utf-8", "surrogateescape") for beginning in beginnings)

    def redact(self, pattern: bytes, keys: int) -> bytes:
        """The name of a pattern with `*` for what may not be shown; `keys` have that name."""
        begin = next((known for known in self._beginnings if pattern.startswith(known)), b"")
        rest = pattern[len(begin) :]
        parts = _PARTS(rest.decode("utf-8", "replace"))
        shown = "".join([_show(part) if part in _SIGNS or keys >= LEAST_KEYS else "*" for part in parts])
        return begin + canonical(_ADJACENT("*", shown).encode())

    def is_plain(self, token: bytes) -> bool:
        """Whether a part of a name may be shown as it is."""
        return self.redact(token, LEAST_KEYS) == token


def _show(part: str) -> str:
    """A part of a name, with `*` for what is no plain word."""
    if part in _SIGNS or _VERSION(part) is not None:
        return part
    if not part.isascii() or not part.isalpha():
        return "*"
    return "".join([word if word.lower() in PLAIN_WORDS else "*" for word in _WORDS(part)])
