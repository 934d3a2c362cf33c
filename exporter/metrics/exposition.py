"""`/metrics` from ready text: a block keeps its lines, and only those of moved values are written anew."""

import gzip
import itertools
from bisect import insort
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from operator import is_not
from typing import Protocol

from exporter.metrics.lines import NO_LINES, PreparedLayouts
from exporter.metrics.text import Format, format_head, format_values
from exporter.model.labels import METRIC_NAME
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

    @property
    def newest_moves(self) -> Sequence[int] | None: ...


class BlockText:
    """The exposition lines of one block, by family, brought up to date on demand."""

    def __init__(self, prepared: PreparedLayouts) -> None:
        self._prepared = prepared
        self._version = -1
        self._layout: Layout | None = None
        self._lines = NO_LINES
        self._values: Sequence[float | None] = ()
        self._texts: list[str | None] = []
        self._base = ""
        self.chunks: dict[Family, str] = {}

    def update(self, block: ExposedBlock) -> Collection[Family]:
        """Make `chunks` say what the block says now; returns the families that changed."""
        if block.version == self._version and block.layout is self._layout:
            return ()
        gone: Collection[Family] = ()
        moved = block.newest_moves if block.version == self._version + 1 else None
        if block.layout is not self._layout:
            gone = list(self.chunks)
            self._prepare(block.layout)
            moved = None
        values, family_of = block.values, self._lines.family_of
        if moved is None:
            moved = _differences(values, self._values)
        texts = self._texts
        for index, text in zip(moved, format_values([values[index] for index in moved]), strict=True):
            texts[index] = text
        self._values = values
        self._version = block.version
        return {*gone, *self._write({family_of[index] for index in moved})}

    def _write(self, positions: Iterable[int]) -> Iterator[Family]:
        """Write the lines of these families anew."""
        families = self._lines.families
        for position in positions:
            lines = families[position]
            self.chunks[lines.family] = lines.write(self._texts, self._base)
            yield lines.family

    def _prepare(self, layout: Layout) -> None:
        self._base, self._lines = self._prepared.get(layout)
        self._layout = layout
        self._values = [None] * len(layout)
        self._texts = [None] * len(layout)
        self.chunks = {}


def _differences(values: Sequence[float | None], before: Sequence[float | None]) -> Sequence[int]:
    """The positions at which there are other values than before."""
    # Most values are the very same objects as before, which costs less to see than that they are equal.
    others = itertools.compress(range(len(values)), map(is_not, values, before))
    return [index for index in others if values[index] != before[index]]


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
    `instance`). `render` costs what has changed, and putting the page together.
    """

    def __init__(
        self, blocks: Callable[[], Iterable[ExposedBlock]], form: Format, hidden: Collection[str] = ()
    ) -> None:
        self._blocks = blocks
        self._form = form
        self._prepared = PreparedLayouts(frozenset({*hidden, METRIC_NAME}), form)
        self._texts: dict[str, BlockText] = {}
        self._sections: dict[str, _Section] = {}
        self._names: list[str] = []

    def render(self) -> str:
        """All families in order of name, each with its head; without an end mark."""
        blocks = list(self._blocks())
        self.refresh(blocks)
        alive = {block.source for block in blocks}
        if len(alive) < len(self._texts):
            self._forget(alive)
        parts: list[str] = []
        for name in self._names:
            self._sections[name].write(parts)
        return "".join(parts)

    def refresh(self, blocks: Iterable[ExposedBlock]) -> None:
        """Write the lines of these blocks as they are now: what is done now is no work for the next page."""
        for block in blocks:
            text = self._texts.get(block.source)
            if text is None:
                text = self._texts[block.source] = BlockText(self._prepared)
            for family in text.update(block):
                self._section(family).put(block.source, family, text.chunks.get(family, ""))

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
