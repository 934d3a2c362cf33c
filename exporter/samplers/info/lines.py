"""INFO read by difference: a line that says the same as last time costs one comparison.

A server answers with some 250 lines, of which a few dozen have moved since the last pass. Each line is given
a reader when it is first seen; from then on only the readers of moved lines run. When lines come or go, or
one moves in a way that changes labels, everything is read anew.
"""

import sys
from collections.abc import Callable, Collection, Sequence

from exporter.samplers.info.parser import parse_number

# Takes the text after the colon and writes the values; False: the labels have changed, read everything anew.
Reader = Callable[[str], bool]
# What reads a line: a reader, the index of the one value that the line is, or nothing.
LineReader = Reader | int | None


def always_anew(text: str) -> bool:
    """The reader of lines that are labels of others: whatever moves here changes those."""
    return False


class LineMemory:
    """The lines of the last reply, what reads each of them, and the fields of the given names."""

    def __init__(self, kept: Collection[str]) -> None:
        self.fields: dict[str, str] = {}
        self._kept = {f"{name}:": name for name in kept}
        self._lines: Sequence[str] = ()
        self._heads: list[str] = []
        self._readers: list[LineReader] = []

    def clear(self) -> None:
        """Forget everything: the next reply is read anew."""
        self.fields = {}
        self._lines = ()
        self._heads = []
        self._readers = []

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

    def keep(self, lines: Sequence[str]) -> None:
        """These lines have been read.

        Where a field stands twice, the later one counts, which no difference shows: such replies are read
        anew each time.
        """
        fields = [head for head in self._heads if head.endswith(":")]
        self._lines = lines if len(set(fields)) == len(fields) else ()

    def update(self, lines: Sequence[str], values: list[float | None]) -> bool:
        """Run the readers of the lines that moved; False where everything has to be read anew."""
        if len(lines) != len(self._lines):
            return False
        for index, (line, before) in enumerate(zip(lines, self._lines, strict=True)):
            if line != before and not self._read(index, line, values):
                self._lines = ()
                return False
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
            values[reader] = parse_number(text)
            return True
        return reader(text)
