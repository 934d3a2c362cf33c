"""`/metrics` from ready text: only the values that moved are written anew, and only the families in which any
did are put together anew."""

import zlib
from bisect import insort
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import chain
from typing import Final, Protocol

from exporter.metrics.lines import NO_LINES, PreparedLayouts
from exporter.metrics.text import Format, format_head, format_values
from exporter.model.labels import METRIC_NAME
from exporter.model.sample import Family, Layout, differences

# zlib's way to ask for a gzip header: the largest window, plus 16.
_GZIP: Final = 16 + 15


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
    """The lines of one block, as pieces by family (see `Lines`), brought up to date on demand."""

    def __init__(self, prepared: PreparedLayouts) -> None:
        self._prepared = prepared
        self._version = -1
        self._layout: Layout | None = None
        self._lines = NO_LINES
        self._values: Sequence[float | None] = ()
        self._base = ""
        # Along `families`.
        self._pieces: list[list[str]] = []

    @property
    def families(self) -> Sequence[Family]:
        """The families that the block has, with or without a value."""
        return [lines.family for lines in self._lines.families]

    @property
    def pieces(self) -> Sequence[list[str]]:
        """The pieces of the lines of each family; the lists stay the same until `prepare`."""
        return self._pieces

    def is_prepared(self, block: ExposedBlock) -> bool:
        """Whether the lines are those of the block's layout."""
        return block.layout is self._layout

    def prepare(self, block: ExposedBlock) -> None:
        """Take on the block's layout, and its values."""
        self._layout = block.layout
        self._base, self._lines = self._prepared.get(block.layout)
        texts = format_values(block.values)
        self._pieces = [lines.fill(texts, self._base) for lines in self._lines.families]
        self._values, self._version = block.values, block.version

    def update(self, block: ExposedBlock) -> Collection[int]:
        """Make the pieces say what the block says now; returns the places of the families that changed."""
        if block.version == self._version:
            return ()
        values = block.values
        moved = block.newest_moves if block.version == self._version + 1 else None
        if moved is None:
            moved = differences(values, self._values)
        self._values, self._version = values, block.version
        all_pieces, family_of, place_of = self._pieces, self._lines.family_of, self._lines.place_of
        touched = set()
        for index, text in zip(moved, format_values([values[index] for index in moved]), strict=True):
            at, place = family_of[index], place_of[index]
            touched.add(at)
            pieces = all_pieces[at]
            if text and pieces[place]:
                pieces[place] = text
            else:
                self._lines.families[at].put(pieces, place, text, self._base)
        return touched


class _Section:
    """One family of the page: its head, and the lines of each block, by source and family."""

    def __init__(self, family: Family, form: Format) -> None:
        # Each line begins with the end of the one before.
        self._head = format_head(family, form).removesuffix("\n")
        self._lines: dict[tuple[str, Family], list[str]] = {}
        self._text: bytes | None = b""

    def put(self, source: str, family: Family, pieces: list[str]) -> None:
        """The pieces of a block's lines, which change when they like; `touch` tells."""
        self._lines[source, family] = pieces
        self._text = None

    def remove(self, source: str, family: Family) -> None:
        """The block has no such family any more."""
        self._lines.pop((source, family), None)
        self._text = None

    def touch(self) -> None:
        """A line has changed."""
        self._text = None

    @property
    def text(self) -> bytes:
        """The head and all lines; nothing where there is no line."""
        if self._text is None:
            lines = "".join(chain.from_iterable(self._lines.values()))
            self._text = "".join((self._head, lines, "\n")).encode() if lines else b""
        return self._text


class _Place:
    """A block on the page: its text, and the sections that its families stand in."""

    __slots__ = ("sections", "text")

    def __init__(self, text: BlockText) -> None:
        self.text = text
        self.sections: Sequence[_Section] = ()


class Exposition:
    """One `/metrics` page over many blocks, in one format.

    `blocks` are the blocks to show; `hidden` label names are left out (a page about one target needs no
    `instance`). `render` costs what has changed.
    """

    def __init__(
        self, blocks: Callable[[], Iterable[ExposedBlock]], form: Format, hidden: Collection[str] = ()
    ) -> None:
        self._blocks = blocks
        self._form = form
        self._prepared = PreparedLayouts(frozenset({*hidden, METRIC_NAME}), form)
        self._places: dict[str, _Place] = {}
        self._sections: dict[str, _Section] = {}
        self._names: list[str] = []

    def render(self) -> list[bytes]:
        """The text of all families in order of name, each with its head; without an end mark."""
        blocks = list(self._blocks())
        self.refresh(blocks)
        alive = {block.source for block in blocks}
        if len(alive) < len(self._places):
            for source in self._places.keys() - alive:
                self._leave(source, self._places.pop(source))
        return [text for name in self._names if (text := self._sections[name].text)]

    def refresh(self, blocks: Iterable[ExposedBlock]) -> None:
        """Write the lines of these blocks as they are now: what is done now is no work for the next page."""
        for block in blocks:
            place = self._places.get(block.source)
            if place is None:
                place = self._places[block.source] = _Place(BlockText(self._prepared))
            if place.text.is_prepared(block):
                for at in place.text.update(block):
                    place.sections[at].touch()
            else:
                self._enter(block, place)

    def _enter(self, block: ExposedBlock, place: _Place) -> None:
        """A block is new, or has another layout than before."""
        source, text = block.source, place.text
        before = set(text.families)
        text.prepare(block)
        families = text.families
        for family in before.difference(families):
            self._sections[family.name].remove(source, family)
        place.sections = [self._section(family) for family in families]
        for section, family, pieces in zip(place.sections, families, text.pieces, strict=True):
            section.put(source, family, pieces)

    def _leave(self, source: str, place: _Place) -> None:
        """A block is gone."""
        for section, family in zip(place.sections, place.text.families, strict=True):
            section.remove(source, family)

    def _section(self, family: Family) -> _Section:
        section = self._sections.get(family.name)
        if section is None:
            section = self._sections[family.name] = _Section(family, self._form)
            insort(self._names, family.name)
        return section


def compress(parts: Iterable[bytes]) -> bytes:
    """gzip at the level that costs least: a scrape is read once."""
    packer = zlib.compressobj(level=1, wbits=_GZIP)
    return b"".join([*map(packer.compress, parts), packer.flush()])
