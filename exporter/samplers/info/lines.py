"""INFO read by difference: a line that says the same as last time costs one comparison.

A server answers with some 250 lines, of which a few dozen have moved since the last pass. Each line is given
a reader when it is first seen; from then on only the readers of moved lines run. When lines come or go, or
one moves in a way that changes labels, everything is read anew. Lines that are numbers and nothing else are
read all at once.
"""

import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, compress
from operator import mul, ne
from typing import Final

from exporter.samplers.info.parser import parse_named_numbers, parse_number

# Takes the text after the colon and writes the values; False: the labels have changed, read everything anew.
Reader = Callable[[str], bool]


@dataclass(slots=True)
class NumbersLine:
    """A line of named numbers, `calls=21,usec=175`: their names, and where to which of them goes.

    `targets` are the place of the number, the index of its value, and what it is multiplied by.
    """

    names: tuple[str, ...]
    targets: list[tuple[int, int, float]]

    def __post_init__(self) -> None:
        self.names = _share_names(self.names)

    def add(self, place: int, handle: int | None, scale: float = 1.0) -> None:
        """Write a number into a value too; None: there is no room for that one."""
        if handle is not None:
            self.targets.append(_share_target(place, handle, scale))

    def read(self, text: str, values: list[float | None]) -> bool:
        """Write the values; False where the line has other names than before."""
        names, numbers = parse_named_numbers(text)
        if names != self.names:
            return False
        for place, handle, scale in self.targets:
            values[handle] = numbers[place] * scale
        return True


@lru_cache(maxsize=1_000)
def _share_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """The one object for these names, which many lines have."""
    return names


@lru_cache(maxsize=20_000)
def _share_target(place: int, handle: int, scale: float) -> tuple[int, int, float]:
    """The one object for such a target: servers that tell the same have the same ones."""
    return place, handle, scale


# What reads a line: a reader, named numbers, the index of the one value that the line is, or nothing.
LineReader = Reader | NumbersLine | int | None


def always_anew(text: str) -> bool:
    """The reader of lines that are labels of others: whatever moves here changes those."""
    return False


class _Batch:
    """Lines that are read at once: those that moved in the last passes, since they mostly move again.

    `between` stands between the parts of a line.
    """

    __slots__ = ("_between", "_handles", "_names", "_order", "_places", "_scales", "indexes")

    def __init__(
        self,
        between: str,
        indexes: Sequence[int],
        names: Sequence[Sequence[str]],
        lines: Sequence[NumbersLine],
    ) -> None:
        self.indexes = frozenset(indexes)
        self._order = indexes
        self._between = between
        self._names = list(chain.from_iterable(names))
        self._places: list[int] = []
        self._handles: list[int] = []
        self._scales: list[float] = []
        start = 0
        for line in lines:
            for place, handle, scale in line.targets:
                self._places.append(start + place)
                self._handles.append(handle)
                self._scales.append(scale)
            start += len(line.names)

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
        if parts[::2] != self._names or len(parts) % 2:
            return False
        try:
            numbers = list(map(float, parts[1::2]))
        except ValueError:
            return False
        found = map(mul, [numbers[place] for place in self._places], self._scales)
        for handle, number in zip(self._handles, found, strict=True):
            values[handle] = number
        return True


_NOTHING: Final = _Batch("=", [], [], [])


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
        # Whether a line is one number, or named numbers, and so read with others; or neither.
        self._is_number: list[bool] = []
        self._is_numbers: list[bool] = []
        self._is_special: list[bool] = []
        self._number_batch = self._numbers_batch = _NOTHING

    def note(self, name: str, text: str) -> None:
        """A field of a reply that is read anew."""
        if f"{name}:" in self._kept:
            self.fields[sys.intern(name)] = text

    def add(self, head: str, reader: LineReader) -> None:
        """The next line of a reply that is read anew; `head` is what stays: the name and the colon."""
        # The same for all targets.
        head = sys.intern(head)
        self._heads.append(head)
        self._readers.append(reader)
        self._is_number.append(isinstance(reader, int) and head not in self._kept)
        self._is_numbers.append(isinstance(reader, NumbersLine))
        self._is_special.append(not (self._is_number[-1] or self._is_numbers[-1]))

    def keep(self, lines: Sequence[str]) -> None:
        """These lines have been read.

        Where a field stands twice, the later one counts, which no difference shows: such replies are read
        anew each time.
        """
        fields = [head for head in self._heads if head.endswith(":")]
        self._lines = lines if len(set(fields)) == len(fields) else ()

    def update(self, lines: Sequence[str], values: list[float | None]) -> bool:
        """Run the readers of the lines that moved; False where everything has to be read anew."""
        before, self._lines = self._lines, ()
        if len(lines) != len(before):
            return False
        moved = list(compress(range(len(lines)), map(ne, lines, before)))
        is_special = self._is_special
        if not all(self._read(index, lines[index], values) for index in moved if is_special[index]):
            return False
        if not (self._read_number_lines(moved, lines, values) and self._read_numbers(moved, lines, values)):
            return False
        self._lines = lines
        return True

    def _read_number_lines(
        self, moved: Sequence[int], lines: Sequence[str], values: list[float | None]
    ) -> bool:
        """The lines that are one number each."""
        is_number = self._is_number
        indexes = [index for index in moved if is_number[index]]
        wanted = self._number_batch.wanted_for(indexes)
        if wanted is not None:
            handles = [handle for index in wanted if isinstance(handle := self._readers[index], int)]
            names = [(sys.intern(self._heads[index].removesuffix(":")),) for index in wanted]
            readers = [NumbersLine(name, [(0, at, 1.0)]) for name, at in zip(names, handles, strict=True)]
            self._number_batch = _Batch(":", wanted, names, readers)
        if self._number_batch.read(lines, values):
            return True
        # There are words that stand for numbers among them: these are read one by one.
        self._number_batch = _NOTHING
        return all(self._read(index, lines[index], values) for index in indexes)

    def _read_numbers(self, moved: Sequence[int], lines: Sequence[str], values: list[float | None]) -> bool:
        """The lines of named numbers."""
        is_numbers = self._is_numbers
        wanted = self._numbers_batch.wanted_for([index for index in moved if is_numbers[index]])
        if wanted is not None:
            readers = [reader for index in wanted if isinstance(reader := self._readers[index], NumbersLine)]
            # A line's own name, with the colon, is part of that of its first number.
            names = [
                (sys.intern(self._heads[index] + line.names[0]), *line.names[1:])
                for index, line in zip(wanted, readers, strict=True)
            ]
            self._numbers_batch = _Batch("=", wanted, names, readers)
        return self._numbers_batch.read(lines, values)

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
            values[reader] = parse_number(text)
            return True
        if isinstance(reader, NumbersLine):
            return reader.read(text, values)
        return reader(text)
