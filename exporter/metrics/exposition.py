"""`/metrics` from ready text: a block keeps its lines, and only those of moved values are written anew."""

import gzip
import itertools
from array import array
from bisect import insort
from collections.abc import Callable, Collection, Iterable, Sequence
from operator import is_not
from typing import Protocol

from exporter.metrics.text import Format, format_head, format_labels, format_value
from exporter.model.labels import METRIC_NAME
from exporter.model.sample import Family, Layout, Point


class ExposedBlock(Protocol):
    """What the exposition reads of a block of the store."""

    @property
    def source(self) -> str: ...

    @property
    def version(self) -> int: ...

    @property
    def layout(self) -> Layout: ...

    @property
    def values(self) -> Sequence[float | None]: ...


class BlockText:
    """The exposition lines of one block, by family, brought up to date on demand."""

    def __init__(self, hidden: Collection[str], form: Format) -> None:
        self._hidden = hidden
        self._form = form
        self._version = -1
        self._layout: Layout | None = None
        self._values: Sequence[float | None] = ()
        # A line for each series, written anew from the end of its labels on.
        self._lines: list[str] = []
        self._lengths: array[int] = array("I")
        self._families: list[tuple[Family, array[int]]] = []
        self._family_of: array[int] = array("I")
        self.chunks: dict[Family, str] = {}

    def update(self, block: ExposedBlock) -> Collection[Family]:
        """Make `chunks` say what the block says now; returns the families that changed."""
        if block.version == self._version and block.layout is self._layout:
            return ()
        gone: Collection[Family] = ()
        if block.layout is not self._layout:
            gone = list(self.chunks)
            self._prepare(block.layout)
        values, before = block.values, self._values
        self._values = values
        self._version = block.version
        moved = self._write_lines(values, before)
        for position in moved:
            family, indexes = self._families[position]
            self.chunks[family] = self._join(indexes)
        return {*gone, *(self._families[position][0] for position in moved)}

    def _write_lines(self, values: Sequence[float | None], before: Sequence[float | None]) -> Collection[int]:
        """The lines of the values that are others than before; returns the positions of their families."""
        lines, lengths, family_of = self._lines, self._lengths, self._family_of
        moved = set()
        # Most values are the very same objects as before, which costs less to see than that they are equal.
        for index in itertools.compress(range(len(values)), map(is_not, values, before)):
            value = values[index]
            if value != before[index]:
                moved.add(family_of[index])
                if value is not None:
                    lines[index] = f"{lines[index][: lengths[index]]}{format_value(float(value))}\n"
        return moved

    def _join(self, indexes: Sequence[int]) -> str:
        """The lines of one family."""
        values, lines = self._values, self._lines
        if len(indexes) == 1:
            return "" if values[indexes[0]] is None else lines[indexes[0]]
        return "".join([lines[index] for index in indexes if values[index] is not None])

    def _prepare(self, layout: Layout) -> None:
        by_family: dict[Family, list[int]] = {}
        for index, point in enumerate(layout.points):
            by_family.setdefault(point.family, []).append(index)
        self._families = [(family, array("I", indexes)) for family, indexes in by_family.items()]
        self._family_of = array("I", bytes(4 * len(layout)))
        for position, (_, indexes) in enumerate(self._families):
            for index in indexes:
                self._family_of[index] = position
        old = () if self._layout is None else self._layout.points
        known = {id(point): index for index, point in enumerate(old)}
        prefixes = [self._prefix(point, known.get(id(point))) for point in layout.points]
        self._lines, self._lengths = prefixes, array("I", map(len, prefixes))
        self._layout = layout
        self._values = [None] * len(layout)
        self.chunks = {}

    def _prefix(self, point: Point, index: int | None) -> str:
        """What stands before the value; `index` is where it stood in the layout before, if it did."""
        if index is not None:
            return self._lines[index][: self._lengths[index]]
        labels = format_labels(point.series, self._hidden, self._form)
        return f"{point.family.name}{point.suffix}{labels} "


class _Section:
    """One family of the page: its head, and what each block has to say."""

    def __init__(self, family: Family, form: Format) -> None:
        self._family = family
        self._head = format_head(family, form)
        self._chunks: dict[str | tuple[str, Family], str] = {}

    def put(self, source: str, family: Family, chunk: str) -> None:
        """What a block says now; the empty text for nothing any more."""
        # Nearly always there is one family of a name; then the source alone says which chunk it is.
        key = source if family is self._family else (source, family)
        if chunk:
            self._chunks[key] = chunk
        else:
            self._chunks.pop(key, None)

    def write(self, parts: list[str]) -> None:
        """Add the text of all blocks below the head; nothing where none says anything."""
        if self._chunks:
            parts.append(self._head)
            parts.extend(self._chunks.values())


class Exposition:
    """One `/metrics` page over many blocks, in one format.

    `blocks` are the blocks to show; `hidden` label names are left out (a page about one target needs no
    `instance`). `render` costs nothing while no block has changed, and else what has changed.
    """

    def __init__(
        self, blocks: Callable[[], Iterable[ExposedBlock]], form: Format, hidden: Collection[str] = ()
    ) -> None:
        self._blocks = blocks
        self._form = form
        self._hidden = frozenset({*hidden, METRIC_NAME})
        self._texts: dict[str, BlockText] = {}
        self._sections: dict[str, _Section] = {}
        self._names: list[str] = []
        self._body = ""

    def render(self) -> str:
        """All families in order of name, each with its head; without an end mark."""
        is_changed = False
        alive = set()
        for block in self._blocks():
            alive.add(block.source)
            text = self._texts.get(block.source)
            if text is None:
                text = self._texts[block.source] = BlockText(self._hidden, self._form)
            for family in text.update(block):
                is_changed = True
                self._section(family).put(block.source, family, text.chunks.get(family, ""))
        if len(alive) < len(self._texts):
            is_changed = True
            self._forget(alive)
        if is_changed:
            parts: list[str] = []
            for name in self._names:
                self._sections[name].write(parts)
            self._body = "".join(parts)
        return self._body

    def _section(self, family: Family) -> _Section:
        section = self._sections.get(family.name)
        if section is None:
            section = self._sections[family.name] = _Section(family, self._form)
            insort(self._names, family.name)
        return section

    def _forget(self, alive: Collection[str]) -> None:
        """Blocks that are gone take their lines with them."""
        for source in self._texts.keys() - alive:
            for family in self._texts.pop(source).chunks:
                self._sections[family.name].put(source, family, "")


def compress(body: bytes) -> bytes:
    """gzip at the level that costs least: a scrape is read once."""
    return gzip.compress(body, compresslevel=1, mtime=0)
