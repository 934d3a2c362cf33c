"""Key patterns of one's own lists, such as `queue:{name}:{priority}`, and keys that fit two of them."""

import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_PART: Final = re.compile(r"(\{[a-z]+\})")
_COLON: Final = ord(":")
# What stands where both patterns leave a sign open.
_ANY_SIGN: Final = ord("0")


class Pattern:
    """A configured key pattern: recognises keys, takes them apart and puts them together."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._pieces = _PART.split(text)
        self.has_priority = "{priority}" in self._pieces
        self.is_literal = len(self._pieces) == 1
        self.fixed = sum(len(piece) for piece in self._pieces if not _PART.fullmatch(piece))
        self.regex = re.compile(b"".join(_piece_regex(piece) for piece in self._pieces), re.DOTALL)
        self.glob = b"".join(_piece_glob(piece) for piece in self._pieces)

    def parts(self, key: bytes) -> Mapping[str, bytes] | None:
        """The named parts of a key; None where it does not fit."""
        match = self.regex.fullmatch(key)
        return match.groupdict() if match else None

    def key(self, **parts: bytes) -> bytes:
        """The key with these parts."""
        return b"".join(
            parts[piece[1:-1]] if _PART.fullmatch(piece) else piece.encode() for piece in self._pieces
        )


def _piece_regex(piece: str) -> bytes:
    if not _PART.fullmatch(piece):
        return re.escape(piece.encode())
    # A name may hold the separator itself; the other parts are single words.
    form = rb".+" if piece == "{name}" else rb"[^:]+"
    return b"(?P<" + piece[1:-1].encode() + b">" + form + b")"


def _piece_glob(piece: str) -> bytes:
    return b"*" if _PART.fullmatch(piece) else re.sub(rb"([\\*?\[\]])", rb"\\\1", piece.encode())


@lru_cache(maxsize=4096)
def common_key(first: str, second: str, *, single_words: bool) -> bytes | None:
    """The shortest key that fits both patterns; None where there is none.

    `single_words`: only keys whose queue's name holds no `:` count.
    """
    one, other = _signs(first, single_words), _signs(second, single_words)
    if not _ends_agree(one, other):
        return None
    paths: dict[tuple[int, int], bytes] = {(0, 0): b""}
    queue = deque(paths)
    while queue:
        place = queue.popleft()
        for sign, following in _common_steps(one, other, place):
            if following not in paths:
                paths[following] = paths[place] + bytes((sign,))
                queue.append(following)
    ends = [
        path
        for (i, j), path in paths.items()
        if len(one) in _places(one, i) and len(other) in _places(other, j)
    ]
    return min(ends, key=len, default=None)


@dataclass(frozen=True, slots=True)
class _Sign:
    """One sign of a pattern.

    A letter, or where that is None any, once or (`repeats`) as often as one likes.
    """

    letter: int | None
    repeats: bool = False
    with_colon: bool = False

    def fits(self, letter: int) -> bool:
        return letter == self.letter if self.letter is not None else self.with_colon or letter != _COLON


def _signs(text: str, single_words: bool) -> Sequence[_Sign]:
    signs: list[_Sign] = []
    for piece in _PART.split(text):
        if _PART.fullmatch(piece):
            with_colon = piece == "{name}" and not single_words
            signs += [_Sign(None, False, with_colon), _Sign(None, True, with_colon)]
        else:
            signs += [_Sign(letter) for letter in piece.encode()]
    return signs


def _ends_agree(one: Sequence[_Sign], other: Sequence[_Sign]) -> bool:
    """Whether the fixed beginnings and ends leave it open that a key fits both: mostly they tell at once."""
    return _begin_alike(one, other) and _begin_alike(one[::-1], other[::-1])


def _begin_alike(one: Sequence[_Sign], other: Sequence[_Sign]) -> bool:
    for mine, its in zip(one, other, strict=False):
        if mine.letter is None or its.letter is None:
            return True
        if mine.letter != its.letter:
            return False
    return True


def _places(signs: Sequence[_Sign], place: int) -> Iterator[int]:
    """Where one may stand without another sign: what repeats may be left out."""
    yield place
    while place < len(signs) and signs[place].repeats:
        place += 1
        yield place


def _common_steps(
    one: Sequence[_Sign], other: Sequence[_Sign], place: tuple[int, int]
) -> Iterator[tuple[int, tuple[int, int]]]:
    for i in _places(one, place[0]):
        for j in _places(other, place[1]):
            if i < len(one) and j < len(other):
                letter = one[i].letter
                letter = other[j].letter if letter is None else letter
                letter = _ANY_SIGN if letter is None else letter
                if one[i].fits(letter) and other[j].fits(letter):
                    yield letter, (i if one[i].repeats else i + 1, j if other[j].repeats else j + 1)
