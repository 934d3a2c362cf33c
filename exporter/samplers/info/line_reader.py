"""Readers of single lines of INFO: what stands after the colon becomes values of series.

A reader is made when its line is first seen and kept for as long as the lines of the reply stay the same (see
`diff`). Values are written by index into the values of a `SeriesTable`.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final

from exporter.model.labels import intern
from exporter.sampling.info_text import parse_amount, parse_named_amounts

# Numbers without signs, exponents or words, which are parsed many at once.
_PLAIN: Final = re.compile(r"[0-9.]+")
# Where a number goes: its place in the line, the index of its value, and its factor.
Target = tuple[int, int, float]


class LineReader:
    """Reads one line; subclasses say how.

    `separator` stands between name and number in lines that may be read many at once; it is empty for others.
    """

    __slots__ = ()
    separator = ""

    def read(self, text: str, values: list[float | None]) -> bool:
        """Write the values that the text of the line stands for.

        Returns False if the line now stands for other series, so that the whole reply has to be parsed again.
        """
        raise NotImplementedError

    def is_plain(self, text: str) -> bool:
        """Return whether the text is as expected and of plain numbers, fit to be read in a batch."""
        return False

    def batch_names(self, head: str) -> Sequence[str]:
        """Return the names before the numbers of the line; `head` is its own, with the colon."""
        return ()

    @property
    def targets(self) -> Sequence[Target]:
        """The values that its numbers are written to."""
        return ()


class _Ignored(LineReader):
    """Reads nothing."""

    def read(self, text: str, values: list[float | None]) -> bool:
        return True


class _FullReparse(LineReader):
    """Has everything parsed again, since other lines' labels depend on this one."""

    def read(self, text: str, values: list[float | None]) -> bool:
        return False


IGNORED: Final[LineReader] = _Ignored()
FULL_REPARSE: Final[LineReader] = _FullReparse()


class CallbackReader(LineReader):
    """Reads a line by a function of its section's reader: takes the text, returns what `read` returns."""

    __slots__ = ("_callback",)

    def __init__(self, callback: Callable[[str], bool]) -> None:
        self._callback = callback

    def read(self, text: str, values: list[float | None]) -> bool:
        """See `LineReader`."""
        return self._callback(text)


class NumberReader(LineReader):
    """Reads a line that is one number, `used_memory:1024`."""

    __slots__ = ("_index",)
    separator = ":"

    def __init__(self, index: int) -> None:
        self._index = index

    def read(self, text: str, values: list[float | None]) -> bool:
        """See `LineReader`."""
        values[self._index] = parse_amount(text)
        return True

    def is_plain(self, text: str) -> bool:
        """See `LineReader`."""
        return _PLAIN.fullmatch(text) is not None

    def batch_names(self, head: str) -> Sequence[str]:
        """See `LineReader`."""
        return (head.removesuffix(":"),)

    @property
    def targets(self) -> Sequence[Target]:
        """See `LineReader`."""
        return ((0, self._index, 1.0),)


def read_number(index: int | None, text: str, values: list[float | None]) -> LineReader:
    """Write a line's one number to the value of this index, and return the reader for the next time.

    None: the table of series has no room for it.
    """
    if index is None:
        return IGNORED
    values[index] = parse_amount(text)
    return NumberReader(index)


class NamedNumbersReader(LineReader):
    """Reads a line of named numbers, `calls=21,usec=175`, whose names stay the same."""

    __slots__ = ("_targets", "names")
    separator = "="

    def __init__(self, names: tuple[str, ...]) -> None:
        # Targets' lines mostly have the same names.
        self.names = intern(names)
        self._targets: list[Target] = []

    @property
    def targets(self) -> Sequence[Target]:
        """See `LineReader`."""
        return self._targets

    def add(self, place: int, index: int | None, scale: float = 1.0) -> None:
        """Have the number at this place written to the value of this index, times `scale`.

        None: the table of series has no room for it.
        """
        if index is not None:
            self._targets.append(intern((place, index, scale)))

    def read(self, text: str, values: list[float | None]) -> bool:
        """See `LineReader`."""
        names, amounts = parse_named_amounts(text)
        if names != self.names:
            return False
        for place, index, scale in self._targets:
            amount = amounts[place]
            values[index] = None if amount is None else amount * scale
        return True

    def is_plain(self, text: str) -> bool:
        """See `LineReader`."""
        parts = text.replace(",", "=").split("=")
        return tuple(parts[::2]) == self.names and all(map(_PLAIN.fullmatch, parts[1::2]))

    def batch_names(self, head: str) -> Sequence[str]:
        """See `LineReader`."""
        # As lines are cut in a batch, their own name is part of that of the first number.
        return (head + self.names[0], *self.names[1:])
