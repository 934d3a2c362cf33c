"""INFO read by difference: a line that says the same as last time costs one comparison.

A server answers with some 250 lines, of which a few dozen have moved since the last pass. Each line is given
a reader when it is first seen; from then on only the readers of moved lines run. When lines come or go, or
one moves in a way that changes labels, everything is read anew. Lines that are numbers and nothing else are
read all at once.
"""

import re
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from math import isfinite
from operator import mul, ne
from typing import Final

from exporter.model.labels import intern
from exporter.sampling.info_text import parse_amount, parse_named_amounts
from exporter.time_slice import TimeSlice

# Numbers that nothing has to be thought about: no signs, exponents or words.
_PLAIN: Final = re.compile(r"[0-9.]+")
# Takes the text after the colon and writes the values; False: the labels have changed, read everything anew.
Reader = Callable[[str], bool]


@dataclass(slots=True)
class NumbersLine:
    """A line of named amounts, `calls=21,usec=175`: their names, and where to which of them goes.

    `targets` are the place of the number, the index of its value, and what it is multiplied by.
    """

    names: tuple[str, ...]
    targets: list[tuple[int, int, float]]

    def __post_init__(self) -> None:
        self.names = intern(self.names)

    def add(self, place: int, handle: int | None, scale: float = 1.0) -> None:
        """Write a number into a value too; None: there is no room for that one."""
        if handle is not None:
            self.targets.append(intern((place, handle, scale)))

    def read(self, text: str, values: list[float | None]) -> bool:
        """Write the values; False where the line has other names than before."""
        names, amounts = parse_named_amounts(text)
        if names != self.names:
            return False
        for place, handle, scale in self.targets:
            amount = amounts[place]
            values[handle] = None if amount is None else amount * scale
        return True

    def is_plain(self, text: str) -> bool:
        """Whether a text of these names has plain numbers only."""
        parts = text.replace(",", "=").split("=")
        return tuple(parts[::2]) == self.names and all(map(_PLAIN.fullmatch, parts[1::2]))


# What reads a line: a reader, named numbers, the index of the one value that the line is, or nothing.
LineReader = Reader | NumbersLine | int | None


def always_anew(text: str) -> bool:
    """The reader of lines that are labels of others: whatever moves here changes those."""
    return False


class _Batch:
    """Lines that are read at once, by index; `between` stands between the parts of a line."""

    __slots__ = ("_between", "_handles", "_names", "_order", "_places", "_scales", "indexes")

    def __init__(self, between: str, indexes: Sequence[int], lines: Mapping[int, NumbersLine]) -> None:
        self.indexes = frozenset(indexes)
        self._order = indexes
        self._between = between
        self._names: list[str] = []
        self._places: list[int] = []
        self._handles: list[int] = []
        self._scales: list[float] = []
        for index in indexes:
            line = lines[index]
            for place, handle, scale in line.targets:
                self._places.append(len(self._names) + place)
                self._handles.append(handle)
                self._scales.append(scale)
            self._names += line.names

    def wanted_for(self, moved: Sequence[int]) -> Sequence[int] | None:
        """The lines that are better read at once than these; None where those that moved are among these, and
        few others."""
        limit = 2 * len(moved)
        if self.indexes.issuperset(moved) and len(self.indexes) <= limit:
            return None
        both = self.indexes.union(moved)
        return sorted(both) if len(both) <= limit else moved

    def read(self, lines: Sequence[str], values: list[float | None]) -> bool:
        """Write the values; False, and nothing written, where a line is not as it was."""
        if not self._order:
            return True
        parts = ",".join([lines[index] for index in self._order]).replace(self._between, ",").split(",")
        texts = parts[1::2]
        if parts[::2] != self._names or len(parts) % 2 or not _PLAIN.fullmatch("".join(texts)):
            return False
        try:
            numbers = list(map(float, texts))
        except ValueError:
            return False
        if not isfinite(sum(numbers)):
            return False
        found = map(mul, [numbers[place] for place in self._places], self._scales)
        for handle, number in zip(self._handles, found, strict=True):
            values[handle] = number
        return True


class _Together:
    """Lines of one make, which are read at once: those that moved in the last passes, since they mostly move
    again. The names of a line begin with its own (see `_Batch`)."""

    def __init__(self, between: str) -> None:
        self._between = between
        self._lines: dict[int, NumbersLine] = {}
        self._batch = _Batch(between, [], {})

    def add(self, index: int, line: NumbersLine) -> None:
        """The line of this index is one of them."""
        self._lines[index] = line

    def __contains__(self, index: int) -> bool:
        return index in self._lines

    def read(self, moved: Sequence[int], lines: Sequence[str], values: list[float | None]) -> bool:
        """Write the values of the lines of these indexes; False, and nothing written, where one is not as it
        was."""
        wanted = self._batch.wanted_for(moved)
        if wanted is not None:
            self._batch = _Batch(self._between, wanted, self._lines)
        if self._batch.read(lines, values):
            return True
        # What could not be read is not taken along the next time.
        self._batch = _Batch(self._between, [], {})
        return False


class LineMemory:
    """The lines of the last reply, what reads each of them, and the fields of the given names."""

    def __init__(self, kept: Collection[str]) -> None:
        self.fields: dict[str, str] = {}
        self._kept = {f"{name}:": name for name in kept}
        self.clear()

    def clear(self) -> None:
        """Forget everything: the next reply is read anew."""
        self.fields = {}
        self._lines: Sequence[str] = ()
        self._heads: list[str] = []
        self._readers: list[LineReader] = []
        # Those that are one number each, and those of named numbers.
        self._single, self._named = _Together(":"), _Together("=")

    def note(self, name: str, text: str) -> None:
        """A field of a reply that is read anew."""
        if f"{name}:" in self._kept:
            self.fields[sys.intern(name)] = text

    def add(self, head: str, text: str, reader: LineReader) -> None:
        """The next line of a reply that is read anew: `head` stays (the name and the colon), `text` what
        comes after."""
        # The same for all targets.
        head = sys.intern(head)
        self._heads.append(head)
        self._readers.append(reader)
        index = len(self._readers) - 1
        if isinstance(reader, NumbersLine) and reader.is_plain(text):
            # As the lines are cut, their own name, with the colon, is part of that of the first number. The
            # targets are one list: what is added to the reader's later is read here too.
            names = (sys.intern(head + reader.names[0]), *reader.names[1:])
            self._named.add(index, NumbersLine(names, reader.targets))
        elif isinstance(reader, int) and head not in self._kept and _PLAIN.fullmatch(text):
            name = sys.intern(head.removesuffix(":"))
            self._single.add(index, NumbersLine((name,), [intern((0, reader, 1.0))]))

    def keep(self, lines: Sequence[str]) -> None:
        """These lines have been read.

        Where a field stands twice, the later one counts, which no difference shows: such replies are read
        anew each time.
        """
        fields = [head for head in self._heads if head.endswith(":")]
        self._lines = lines if len(set(fields)) == len(fields) else ()

    async def update(self, lines: Sequence[str], values: list[float | None]) -> bool:
        """Run the readers of the lines that moved; False where everything has to be read anew. Gives way."""
        before, self._lines = self._lines, ()
        if len(lines) != len(before):
            return False
        moved = list(compress(range(len(lines)), map(ne, lines, before)))
        alone = [index for index in moved if index not in self._single and index not in self._named]
        for together in (self._single, self._named):
            members = [index for index in moved if index in together]
            # Words that stand for numbers, or -1 for what is not known, only a reader of one line knows.
            if not together.read(members, lines, values):
                alone += members
        turn = TimeSlice()
        for index in alone:
            if not self._read(index, lines[index], values):
                return False
            if turn.is_over:
                await turn.give_way()
        self._lines = lines
        return True

    def _read(self, index: int, line: str, values: list[float | None]) -> bool:
        head = self._heads[index]
        if not line.startswith(head):
            return False
        text = line[len(head) :]
        name = self._kept.get(head)
        if name is not None:
            self.fields[name] = text
        reader = self._readers[index]
        if reader is None:
            return True
        if isinstance(reader, int):
            values[reader] = parse_amount(text)
            return True
        if isinstance(reader, NumbersLine):
            return reader.read(text, values)
        return reader(text)
