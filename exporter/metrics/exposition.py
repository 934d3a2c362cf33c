"""Renders `/metrics` from ready text: only values and families that changed are rendered again."""

import zlib
from array import array
from bisect import insort
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from typing import Final, Protocol
from weakref import WeakKeyDictionary

from exporter.metrics.beginnings import Beginnings, Begun
from exporter.metrics.lines import NO_LINES, VALUE_PIECE, Lines, PreparedLayouts
from exporter.metrics.scrapers import Scrapers
from exporter.metrics.text import Format, format_head, format_values
from exporter.model.labels import METRIC_NAME
from exporter.model.sample import Family, Layout, differences

# zlib writes a gzip header if 16 is added to the window size, here the largest.
_GZIP: Final = 16 + 15
# So many pieces are joined in a millisecond or two.
_PIECES_AT_ONCE: Final = 20_000


class ExposedGroup(Protocol):
    """The part of a series group that the exposition reads."""

    @property
    def source(self) -> str:
        """The name of the source."""
        ...

    @property
    def version(self) -> int:
        """Increases with every row."""
        ...

    @property
    def layout(self) -> Layout:
        """The layout of the newest row."""
        ...

    @property
    def values(self) -> Sequence[float | None]:
        """The values of the newest row, along the layout."""
        ...

    @property
    def newest_moves(self) -> Sequence[int] | None:
        """The indexes that changed in the newest row; None where only a comparison can tell."""
        ...

    @property
    def beginnings(self) -> Mapping[int, Begun]:
        """The counts that have begun, by index in the layout."""
        ...

    @property
    def begun_version(self) -> int:
        """The version at which the newest of them began."""
        ...


class _Section:
    """One family of the page: its head, and the pieces of the lines of all groups (see `Lines`).

    The lines of a group stand together, from the offset that `starts` of that group has. Pieces of lines that
    are gone are empty, and taken out when they are many.
    """

    def __init__(self, family: Family, form: Format) -> None:
        self._is_exposed = family.exposed
        # Each line begins with the line break that ends the one before.
        self._head = format_head(family, form).removesuffix("\n")
        self.pieces: list[str] = []
        # By source and family: the number of pieces, and where the group keeps their offset.
        self._spans: dict[tuple[str, Family], tuple[int, array[int], int]] = {}
        self._gone = 0
        self._texts: list[bytes] | None = []

    def put(self, key: tuple[str, Family], pieces: Sequence[str], starts: "array[int]", at: int) -> None:
        """Set the lines of a group; `starts[at]` is their offset from then on."""
        if key in self._spans:
            self.remove(key)
        self.touch()
        starts[at] = len(self.pieces)
        self.pieces += pieces
        self._spans[key] = len(pieces), starts, at

    def remove(self, key: tuple[str, Family]) -> None:
        """Remove the lines of a group."""
        self.touch()
        length, starts, at = self._spans.pop(key)
        self.pieces[starts[at] : starts[at] + length] = [""] * length
        self._gone += length
        if self._gone * 2 > len(self.pieces):
            self._close_gaps()

    def _close_gaps(self) -> None:
        pieces: list[str] = []
        for length, starts, at in self._spans.values():
            start, starts[at] = starts[at], len(pieces)
            pieces += self.pieces[start : start + length]
        self.pieces, self._gone = pieces, 0

    def touch(self) -> None:
        """Drop the joined text: a piece has changed."""
        self._texts = None

    @property
    def texts(self) -> Iterator[bytes]:
        """The head and all lines, in parts; nothing where there is no line, or none that is exposed."""
        if self._texts is None:
            self._texts = (yield from self._join()) if self._is_exposed else []
        else:
            yield from self._texts

    def _join(self) -> Generator[bytes, None, list[bytes]]:
        texts: list[bytes] = []
        for start in range(0, len(self.pieces), _PIECES_AT_ONCE):
            end = start + _PIECES_AT_ONCE
            lines = "".join(self.pieces[start:end])
            if end >= len(self.pieces) and (lines or texts):
                lines += "\n"
            if lines:
                texts.append((lines if texts else self._head + lines).encode())
                yield texts[-1]
        return texts


class _RenderedGroup:
    """A group on the page: the offsets of its lines, brought up to date on demand."""

    __slots__ = (
        "_base",
        "_beginnings",
        "_form",
        "_lines",
        "_sections",
        "_seen",
        "_starts",
        "_values",
        "_version",
        "layout",
    )

    def __init__(self, form: Format, seen: int | None) -> None:
        self.layout: Layout | None = None
        self._form = form
        # The version of the group that the page has shown; None: there was no page yet.
        self._seen = seen
        # Made with the first beginning: most groups never have any.
        self._beginnings: Beginnings | None = None
        self._lines = NO_LINES
        # Along the families of the lines.
        self._sections: Sequence[_Section] = ()
        self._starts = array("I")
        self._base = ""
        self._values: Sequence[float | None] = ()
        self._version = -1

    def enter(self, group: ExposedGroup, base: str, lines: Lines, sections: Sequence[_Section]) -> None:
        """Put the lines of a group that is new, or has a new layout, into their sections."""
        source, before = group.source, self._section_of
        self.layout, self._lines, self._sections, self._base = group.layout, lines, sections, base
        for family in before.keys() - self._section_of.keys():
            before[family].remove((source, family))
        self._follow_beginnings(group)
        texts = self._texts(range(len(group.values)), group.values)
        self._starts = array("I", bytes(4 * len(sections)))
        for at, (section, one) in enumerate(zip(sections, lines.families, strict=True)):
            section.put((source, one.family), one.fill(texts, base), self._starts, at)
        self._values, self._version = group.values, group.version

    @property
    def _section_of(self) -> dict[Family, _Section]:
        families = [one.family for one in self._lines.families]
        return dict(zip(families, self._sections, strict=True))

    def leave(self, source: str) -> None:
        """Remove a group that is gone."""
        for family, section in self._section_of.items():
            section.remove((source, family))

    def update(self, group: ExposedGroup) -> None:
        """Render the values that changed since the last rendering."""
        if group.version == self._version:
            return
        values = group.values
        moved = group.newest_moves if group.version == self._version + 1 else None
        if moved is None:
            moved = differences(values, self._values)
        self._values, self._version = values, group.version
        self._follow_beginnings(group)
        self._write(moved)

    @property
    def holds_back(self) -> bool:
        """Whether the lines differ from the group, for scrapers that have not seen a beginning yet."""
        return self._beginnings is not None and self._beginnings.are_held

    def release(self, scrapers: Scrapers) -> None:
        """Show what all regular scrapers have seen the beginning of, since the page is asked for."""
        if self._beginnings is not None:
            self._write(self._beginnings.release(scrapers))

    def _follow_beginnings(self, group: ExposedGroup) -> None:
        if self._beginnings is None and group.beginnings:
            self._beginnings = Beginnings()
        if self._beginnings is not None:
            self._beginnings.follow(group, self._seen, self._created)
        self._seen = group.version

    def _texts(self, indexes: Sequence[int], values: Sequence[float | None]) -> Sequence[str | None]:
        texts = format_values(values)
        return texts if self._beginnings is None else self._beginnings.texts(indexes, texts)

    def _created(self, index: int, at_ms: int) -> str:
        is_told = self._form is Format.OPENMETRICS
        return self._lines.created(index, self._base, at_ms) if is_told else ""

    def _write(self, moved: Sequence[int]) -> None:
        """Put the values of these series into their lines."""
        values = self._values
        texts = self._texts(moved, [values[index] for index in moved])
        sections, starts = self._sections, self._starts
        family_of, offset_of = self._lines.family_of, self._lines.offset_of
        touched = set()
        for index, text in zip(moved, texts, strict=True):
            at = family_of[index]
            touched.add(at)
            pieces, offset = sections[at].pieces, starts[at] + offset_of[index]
            if text and pieces[offset]:
                pieces[offset] = text
            else:
                line = self._lines.families[at].line(offset_of[index], text, self._base)
                pieces[offset - VALUE_PIECE : offset + 1] = line
        for at in touched:
            sections[at].touch()


class Exposition:
    """One `/metrics` page over many groups, in one format.

    `groups` are the groups to show; `hidden` label names are left out (a page about one target needs no
    `instance`). `render` costs what has changed. `scrapers` are those who read the page; without any, counts
    that begin are shown as they are at once.
    """

    def __init__(
        self,
        groups: Callable[[], Iterable[ExposedGroup]],
        form: Format,
        hidden: Collection[str] = (),
        scrapers: Scrapers | None = None,
    ) -> None:
        self.scrapers = scrapers or Scrapers()
        self._groups = groups
        self._form = form
        self._prepared = PreparedLayouts(frozenset({*hidden, METRIC_NAME}), form)
        self._rendered: dict[str, _RenderedGroup] = {}
        self._is_read = False
        self._is_rendering = False
        # Groups that hold a beginning back.
        self._holding: dict[str, _RenderedGroup] = {}
        self._sections: dict[str, _Section] = {}
        self._sections_of: WeakKeyDictionary[Lines, Sequence[_Section]] = WeakKeyDictionary()
        self._names: list[str] = []

    def render(self) -> list[bytes]:
        """Return the text of all families in order of name, each with its head; without an end mark."""
        return [text for text in self.render_slowly() if text]

    def render_slowly(self) -> Iterator[bytes]:
        """Yield the text as `render`, in small steps, of which many have no text.

        The caller does other things between two of them. The lines stay as they are from the first text on,
        so that all families are of one moment.
        """
        groups = list(self._groups())
        for group in groups:
            self.refresh([group])
            yield b""
        self._is_rendering = True
        try:
            yield from self._texts(groups)
        finally:
            self._is_rendering = False

    def _texts(self, groups: Sequence[ExposedGroup]) -> Iterator[bytes]:
        alive = {group.source for group in groups}
        if len(alive) < len(self._rendered):
            for source in self._rendered.keys() - alive:
                self._rendered.pop(source).leave(source)
                self._holding.pop(source, None)
        for source, rendered in list(self._holding.items()):
            rendered.release(self.scrapers)
            if not rendered.holds_back:
                del self._holding[source]
            yield b""
        self._is_read = True
        for name in list(self._names):
            yield from self._sections[name].texts

    def refresh(self, groups: Iterable[ExposedGroup]) -> None:
        """Render the lines of these groups now, so that the next scrape does not have to."""
        if self._is_rendering:
            return
        for group in groups:
            rendered = self._rendered.get(group.source)
            if rendered is None:
                rendered = self._rendered[group.source] = _RenderedGroup(
                    self._form, -1 if self._is_read else None
                )
            if rendered.layout is group.layout:
                rendered.update(group)
            else:
                base, lines = self._prepared.get(group.layout)
                rendered.enter(group, base, lines, self._sections_for(lines))
            if rendered.holds_back:
                self._holding[group.source] = rendered

    def _sections_for(self, lines: Lines) -> Sequence[_Section]:
        """Return the sections of the families of these lines; groups of one schema share them."""
        found = self._sections_of.get(lines)
        if found is None:
            found = self._sections_of[lines] = [self._section(one.family) for one in lines.families]
        return found

    def _section(self, family: Family) -> _Section:
        section = self._sections.get(family.name)
        if section is None:
            section = self._sections[family.name] = _Section(family, self._form)
            insort(self._names, family.name)
        return section


def gzip_parts(parts: Iterable[bytes]) -> bytes:
    """Compress parts of a page as one gzip member, at the level that costs least: a scrape is read once."""
    packer = zlib.compressobj(level=1, wbits=_GZIP)
    return b"".join([*map(packer.compress, parts), packer.flush()])
