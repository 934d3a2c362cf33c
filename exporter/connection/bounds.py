"""Bounds on replies: counts what they are made of before anything is parsed.

Format: https://redis.io/docs/latest/develop/reference/protocol-spec/ — a parser makes room for as many
elements as an array announces, before the first has come.
"""

import re
from collections import deque
from typing import Final

MAX_ELEMENTS: Final = 250_000
"""How many elements the replies to what is asked together may have, nested ones and those to come included.

SLOWLOG GET, the largest that is asked for, has some forty per entry."""
MAX_DEPTH: Final = 32
TOO_LARGE: Final = "a reply is too large"
_MAX_LINE: Final = 65_536
# So much cannot be too many elements, unless it announces more: it is not taken apart.
_HARMLESS_BYTES: Final = 65_536
_HARMLESS_ELEMENTS: Final = 10_000
# An array of a hundred or more: also within a text, which then is taken apart for nothing. Such a line may be
# cut between two pieces.
_ANNOUNCED: Final = re.compile(rb"\n[*%~>|]\+?(\d{3,})")
_LONGEST_ANNOUNCEMENT: Final = 24
_BULK: Final = frozenset(b"$=!")
_AGGREGATES: Final = frozenset(b"*%~>|")
_OF_PAIRS: Final = frozenset(b"%|")
_END: Final = b"\r\n"


class ReplyBoundError(ValueError):
    """A reply is made of more than any server needs, or is none."""


class ReplyBounds:
    """Looks at all that arrives on a connection, before it is parsed.

    Little is looked at closely: what is short and announces little cannot do any harm. Anything else is taken
    apart, from where the last reply has ended (`rest`). No text may be longer than `max_bytes`.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._size = 0
        self._announced = 0
        self._pieces: deque[bytes] = deque()
        self._last = b"\n"
        self._walk: _Walk | None = None

    @property
    def is_strict(self) -> bool:
        """Whether what comes is taken apart, which takes time."""
        return self._walk is not None

    def begin(self) -> None:
        """Something is asked: count anew."""
        if self._walk is not None:
            self._walk.elements = 0

    def rest(self) -> None:
        """All replies are complete, and nothing else has come."""
        self._size, self._announced, self._last, self._walk = 0, 0, b"\n", None
        self._pieces.clear()

    def note(self, data: bytes) -> None:
        """This comes next. Raises `ReplyBoundError`."""
        walk = self._walk
        if walk is not None:
            walk.advance(data)
            return
        self._size += len(data)
        self._pieces.append(data)
        if self._size > _HARMLESS_BYTES or self._announces_much(data):
            walk = self._walk = _Walk(self._max_bytes)
            while self._pieces:
                walk.advance(self._pieces.popleft())

    def _announces_much(self, data: bytes) -> bool:
        text = self._last + data
        self._last = text[-_LONGEST_ANNOUNCEMENT:]
        found = _ANNOUNCED.findall(text)
        if found:
            self._announced += sum(map(_count, found))
        return self._announced > _HARMLESS_ELEMENTS


class _Walk:
    """Goes through replies line by line; `elements` are those that have come or are announced."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self.elements = 0
        self._line = b""
        self._to_skip = 0
        # How many elements are still to come, of the array that is open and of those around it.
        self._open: list[int] = []

    def advance(self, data: bytes) -> None:
        """The next piece. Raises `ReplyBoundError`."""
        position = min(self._to_skip, len(data))
        self._to_skip -= position
        if self._line and position < len(data):
            data, self._line = self._line + data, b""
        size = len(data)
        while position < size:
            end = data.find(_END, position)
            if end < 0:
                self._keep(data[position:])
                return
            position = self._pass(data, position, end)
        self._to_skip += position - size

    def _keep(self, line: bytes) -> None:
        if len(line) > _MAX_LINE:
            raise ReplyBoundError("a line of a reply does not end")
        self._line = line

    def _pass(self, data: bytes, begin: int, end: int) -> int:
        """Go over a line, and the text that it announces; gives where the next line begins."""
        kind = data[begin]
        following = end + len(_END)
        if self._open:
            # Those of an array are counted as soon as they are announced.
            self._open[-1] -= 1
        else:
            self._count(1)
        if kind in _BULK:
            length = _length(data[begin + 1 : end])
            if length > self._max_bytes:
                raise ReplyBoundError(TOO_LARGE)
            following += length + len(_END) if length >= 0 else 0
        elif kind in _AGGREGATES:
            self._enter(_length(data[begin + 1 : end]) * (2 if kind in _OF_PAIRS else 1))
        while self._open and self._open[-1] <= 0:
            self._open.pop()
        return following

    def _enter(self, length: int) -> None:
        self._count(max(0, length))
        self._open.append(length)
        if len(self._open) > MAX_DEPTH:
            raise ReplyBoundError(f"a reply is nested more than {MAX_DEPTH} levels deep")

    def _count(self, elements: int) -> None:
        self.elements += elements
        if self.elements > MAX_ELEMENTS:
            raise ReplyBoundError(f"a reply has more than {MAX_ELEMENTS:,} elements")


def _count(digits: bytes) -> int:
    # Python refuses to read very long numbers.
    return int(digits[:_LONGEST_ANNOUNCEMENT])


def _length(digits: bytes) -> int:
    """The number of a `$` or `*` line; raises `ReplyBoundError` for none."""
    if not digits.lstrip(b"-+").isdigit() or len(digits) > _LONGEST_ANNOUNCEMENT:
        raise ReplyBoundError("a length in a reply is no number")
    return int(digits)
