"""`/metrics` from ready text: a block keeps its lines, and only those of moved values are written anew."""

import gzip
from bisect import insort
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Protocol

from exporter.metrics.text import Format, format_head, format_labels, format_value
from exporter.model.sample import Family, Layout


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
        self._prefixes: list[str] = []
        self._lines: list[str] = []
        self._families: list[tuple[Family, list[int]]] = []
        self._family_of: list[int] = []
        self.chunks: dict[Family, str] = {}

    def update(self, block: ExposedBlock) -> Collection[Family]:
        """Make `chunks` say what the block says now; returns the families that changed."""
        if block.version == self._version and block.layout is self._layout:
            return ()
        gone: Collection[Family] = ()
        if block.layout is not self._layout:
            gone = self.chunks.keys()
            self._prepare(block.layout)
        values, before = block.values, self._values
        moved = [index for index, value in enumerate(values) if value != before[index]]
        lines, prefixes = self._lines, self._prefixes
        for index in moved:
            value = values[index]
            lines[index] = "" if value is None else f"{prefixes[index]}{format_value(float(value))}\n"
        self._values = values
        self._version = block.version
        return {*gone, *self._join({self._family_of[index] for index in moved})}

    def _join(self, positions: Iterable[int]) -> Iterator[Family]:
        """Put the lines of these families together anew."""
        lines = self._lines
        for position in positions:
            family, indexes = self._families[position]
            self.chunks[family] = "".join([lines[index] for index in indexes])
            yield family

    def _prepare(self, layout: Layout) -> None:
        by_family: dict[Family, list[int]] = {}
        for index, point in enumerate(layout.points):
            by_family.setdefault(point.family, []).append(index)
        self._families = list(by_family.items())
        self._family_of = [0] * len(layout)
        for position, (_, indexes) in enumerate(self._families):
            for index in indexes:
                self._family_of[index] = position
        self._prefixes = [
            f"{point.family.name}{point.suffix}{format_labels(point.labels, self._hidden, self._form)} "
            for point in layout.points
        ]
        self._layout = layout
        self._lines = [""] * len(layout)
        self._values = [None] * len(layout)
        self.chunks = {}


class _Section:
    """One family of the page: its head, and what each block has to say."""

    def __init__(self, head: str) -> None:
        self._head = head
        self._chunks: dict[tuple[str, Family], str] = {}
        self.text = ""
        self.is_current = True

    def put(self, source: str, family: Family, chunk: str) -> None:
        """What a block says now; the empty text for nothing any more."""
        if chunk:
            self._chunks[source, family] = chunk
        else:
            self._chunks.pop((source, family), None)
        self.is_current = False

    def compose(self) -> str:
        """The text of all blocks below the head; nothing where none says anything."""
        if not self.is_current:
            self.text = "".join([self._head, *self._chunks.values()]) if self._chunks else ""
            self.is_current = True
        return self.text


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
        self._hidden = frozenset(hidden)
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
            self._body = "".join([self._sections[name].compose() for name in self._names])
        return self._body

    def _section(self, family: Family) -> _Section:
        section = self._sections.get(family.name)
        if section is None:
            section = self._sections[family.name] = _Section(format_head(family, self._form))
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
