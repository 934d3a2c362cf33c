"""`/metrics` from ready text: a block keeps its lines, and only those of moved values are written anew."""

import gzip
from collections.abc import Callable, Collection, Iterable, Sequence
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

    def update(self, block: ExposedBlock) -> None:
        """Make `chunks` say what the block says now."""
        if block.version == self._version:
            return
        if block.layout is not self._layout:
            self._prepare(block.layout)
        values, before = block.values, self._values
        moved = [index for index, value in enumerate(values) if value != before[index]]
        for index in moved:
            self._lines[index] = self._line(index, values[index])
        lines = self._lines
        for position in {self._family_of[index] for index in moved}:
            family, indexes = self._families[position]
            self.chunks[family] = "".join([lines[index] for index in indexes])
        self._values = values
        self._version = block.version

    def _line(self, index: int, value: float | None) -> str:
        return "" if value is None else f"{self._prefixes[index]}{format_value(float(value))}\n"

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


class Exposition:
    """One `/metrics` page over many blocks, in one format.

    `blocks` are the blocks to show; `hidden` label names are left out (a page about one target needs no
    `instance`). `render` costs nothing while no block has changed.
    """

    def __init__(
        self, blocks: Callable[[], Iterable[ExposedBlock]], form: Format, hidden: Collection[str] = ()
    ) -> None:
        self._blocks = blocks
        self._form = form
        self._hidden = frozenset(hidden)
        self._texts: dict[str, BlockText] = {}
        self._heads: dict[Family, str] = {}
        self._versions: tuple[tuple[str, int], ...] = ()
        self._body = ""

    def render(self) -> str:
        """All families in order of name, each with its head; without an end mark."""
        blocks = list(self._blocks())
        versions = tuple((block.source, block.version) for block in blocks)
        if versions != self._versions:
            self._body = self._compose(blocks)
            self._versions = versions
        return self._body

    def _compose(self, blocks: Sequence[ExposedBlock]) -> str:
        by_name: dict[str, list[str]] = {}
        alive = {block.source for block in blocks}
        for source in self._texts.keys() - alive:
            del self._texts[source]
        for block in blocks:
            text = self._texts.get(block.source)
            if text is None:
                text = self._texts[block.source] = BlockText(self._hidden, self._form)
            text.update(block)
            for family, chunk in text.chunks.items():
                if chunk:
                    self._collect(by_name, family, chunk)
        return "".join([part for name in sorted(by_name) for part in by_name[name]])

    def _collect(self, by_name: dict[str, list[str]], family: Family, chunk: str) -> None:
        parts = by_name.get(family.name)
        if parts is None:
            head = self._heads.get(family)
            if head is None:
                head = self._heads[family] = format_head(family, self._form)
            parts = by_name[family.name] = [head]
        parts.append(chunk)


def compress(body: bytes) -> bytes:
    """gzip at the level that costs least: a scrape is read once."""
    return gzip.compress(body, compresslevel=1, mtime=0)
