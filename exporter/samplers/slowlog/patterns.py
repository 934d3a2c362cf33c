"""Patterns of slow commands: `HGETALL session:{id}`.

Ids are told by their looks; and where many names differ in just one place, that place is an id too, whatever
it looks like.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from exporter.keyspace.shapes import WILD, generalise, is_identifier, without_addresses
from exporter.samplers.slowlog.arguments import command_of, keys_of

ID: Final = "{id}"
_MAX_KEYS: Final = 3
_MAX_KEY_BYTES: Final = 256
_MAX_TEXT: Final = 160
# So many different names in one place make it an id.
_MAX_SIBLINGS: Final = 20
# So many places are watched at most; then learning starts anew.
_MAX_PLACES: Final = 5_000

_CUT_BYTES: Final = re.compile(rb"\.\.\. \(\d+ more bytes\)$")
# A `*` of the key itself, such as in KEYS session:*, is kept apart from our own.
_LITERAL_WILD: Final = b"\x00"
_PLACEHOLDER: Final = re.compile(r"\{\w+\}")
_COMMAND_WORD: Final = re.compile(rb"[a-z0-9._-]{1,40}")

Place = tuple[str | None, ...]


class PatternNames:
    """Gives slow commands their pattern.

    `configured` are names of keys with placeholders (`user:{name}:cart`). `renamed` is called with the names
    that were given before and the one that stands for all of them from now on.
    """

    def __init__(
        self,
        configured: Iterable[str] = (),
        *,
        hide_keys: bool = False,
        renamed: Callable[[Sequence[str], str], None] | None = None,
    ) -> None:
        self._configured = [(text, _compile(text)) for text in configured]
        self._hide_keys = hide_keys
        self._renamed = renamed
        self._siblings: dict[Place, set[str] | None] = {}

    def name(self, arguments: Sequence[bytes]) -> str:
        """Return the pattern of one logged command."""
        command = command_name(arguments)
        if self._hide_keys:
            return command
        keys = keys_of(arguments)
        names = list(dict.fromkeys(self.name_key(key) for key in keys[: _MAX_KEYS + 1]))
        more = len(keys) > _MAX_KEYS or len(names) > _MAX_KEYS
        texts = [command, *names[:_MAX_KEYS], *(["…"] if more else [])]
        if len(names) == 1:
            return self._learn(" ".join(texts))
        return " ".join(texts)[:_MAX_TEXT]

    def name_key(self, key: bytes) -> str:
        """Return a key with `{id}` in place of its ids."""
        key = _CUT_BYTES.sub(b"", key[: _MAX_KEY_BYTES + 32])[:_MAX_KEY_BYTES]
        text = _printable(key)
        for pattern, matches in self._configured:
            if matches(text):
                return pattern
        pieces = without_addresses(key.replace(b"*", _LITERAL_WILD)).split(b":")
        named = b":".join([WILD if is_identifier(piece) else generalise(piece) for piece in pieces])
        return _printable(named.replace(WILD, ID.encode()).replace(_LITERAL_WILD, b"*"))

    def _learn(self, text: str) -> str:
        """Return the same, with `{id}` where too many names differ."""
        pieces: list[str] = text[:_MAX_TEXT].split(":")
        for index in range(1, len(pieces)):
            if pieces[index] not in (ID, "*"):
                self._watch(pieces, index)
        return ":".join(pieces)

    def _watch(self, pieces: list[str], index: int) -> None:
        place: Place = (*pieces[:index], None, *pieces[index + 1 :])
        if place not in self._siblings:
            if len(self._siblings) >= _MAX_PLACES:
                self._siblings = {place: names for place, names in self._siblings.items() if names is None}
            self._siblings[place] = set()
        names = self._siblings[place]
        if names is not None:
            names.add(pieces[index])
            if len(names) <= _MAX_SIBLINGS:
                return
            self._siblings[place] = None
            self._rename(pieces, index, names)
        pieces[index] = ID

    def _rename(self, pieces: Sequence[str], index: int, names: Iterable[str]) -> None:
        if self._renamed is not None:
            before, after = pieces[:index], pieces[index + 1 :]
            old = [":".join([*before, name, *after]) for name in names]
            self._renamed(old, ":".join([*before, ID, *after]))


def command_name(arguments: Sequence[bytes]) -> str:
    """Return the words of a command's name, in capitals: `CONFIG GET`."""
    words = [word for word in command_of(arguments) if _COMMAND_WORD.fullmatch(word)]
    return " ".join(word.decode() for word in words).upper() or "?"


def _compile(text: str) -> Callable[[str], object]:
    parts = re.split(_PLACEHOLDER, text)
    return re.compile("[^:]+".join(re.escape(part) for part in parts)).fullmatch


def _printable(text: bytes) -> str:
    decoded = text.decode("utf-8", "backslashreplace")
    if decoded.isprintable():
        return decoded
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in decoded)
