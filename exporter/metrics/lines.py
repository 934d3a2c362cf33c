"""The lines of a block's series as templates, made once for all blocks of one shape, filled in by family."""

from array import array
from collections.abc import Collection, Sequence
from typing import Final
from weakref import WeakKeyDictionary

from exporter.metrics.text import Format, format_labels
from exporter.model.labels import Labels
from exporter.model.sample import Family, Layout, Point, Shape

# Stands in a template for the labels in common, unless a label holds it too; then the first of these that
# none holds. The last is in no text that can be sent, but makes strings twice as large.
_PLACEHOLDER: Final = "\x00"
_OTHERS: Final = "\x01\x02\x03\x04\x05\x06\x07\udfff"
# Lines that are kept: let go of where there are more.
_MAX_LINES: Final = 50_000


class FamilyLines:
    """The lines of one family in a block: `indexes` are the places of its series in the layout, `lines` their
    templates, with the labels in common where `has_base`."""

    __slots__ = ("_placeholder", "_template", "family", "indexes")

    def __init__(
        self, family: Family, indexes: Sequence[int], lines: Sequence[str], *, has_base: bool
    ) -> None:
        self.family = family
        self.indexes = array("I", indexes)
        self._placeholder = _PLACEHOLDER
        self._template = "".join(lines)
        if self._template.count(_PLACEHOLDER) != (len(lines) if has_base else 0):
            self._placeholder = next(char for char in _OTHERS if char not in self._template)
            if has_base:
                # The first one of each line is ours.
                moved = [line.replace(_PLACEHOLDER, self._placeholder, 1) for line in lines]
                self._template = "".join(moved)

    def write(self, texts: Sequence[str | None], base: str) -> str:
        """All lines; `texts` are the values of the whole layout, `base` the text of the labels in common."""
        row = tuple([texts[index] for index in self.indexes])
        filled = self._write_some(row) if None in row else self._template % row
        return filled.replace(self._placeholder, base)

    def _write_some(self, row: Sequence[str | None]) -> str:
        """The lines of those series that have a value."""
        lines = zip(self._template.split("\n"), row, strict=False)
        return "".join([f"{line % (text,)}\n" for line, text in lines if text is not None])


def _line(point: Point, labels: str, *, has_base: bool) -> str:
    """The template of one line: `%s` stands for the value."""
    base = _PLACEHOLDER if has_base else ""
    comma = "," if base and labels else ""
    braced = f"{{{base}{comma}{labels.replace('%', '%%')}}}" if base or labels else ""
    return f"{point.family.name}{point.suffix}{braced} %s\n"


class Lines:
    """The lines of all families of a block; `family_of` tells which of `families` each series belongs to."""

    def __init__(self, points: Sequence[Point], lines: Sequence[str], *, has_base: bool) -> None:
        by_family: dict[Family, list[int]] = {}
        for index, point in enumerate(points):
            by_family.setdefault(point.family, []).append(index)
        self.families = [
            FamilyLines(family, indexes, [lines[at] for at in indexes], has_base=has_base)
            for family, indexes in by_family.items()
        ]
        self.family_of = array("I", bytes(4 * len(points)))
        for position, family in enumerate(self.families):
            for index in family.indexes:
                self.family_of[index] = position


NO_LINES: Final = Lines((), (), has_base=False)


class PreparedLayouts:
    """The lines of layouts, in one format and without the `hidden` labels."""

    def __init__(self, hidden: Collection[str], form: Format) -> None:
        self._hidden = hidden
        self._form = form
        # By shape, and by whether there are labels in common.
        self._known: WeakKeyDictionary[Shape, dict[bool, Lines]] = WeakKeyDictionary()
        # Of points, by identity, and by whether there are labels in common: shapes that grow share most of
        # their points. A point is held for as long as its line is.
        self._lines: dict[tuple[int, bool], tuple[Point, str]] = {}

    def get(self, layout: Layout) -> tuple[str, Lines]:
        """The text of the labels in common, and the lines around it."""
        shape, points = layout.shape, layout.points
        base = self._format(layout.base)
        if not layout.is_plain:
            # A label of a series' own stands for the one in common: nothing can be shared.
            written = [self._format(layout.written(position)) for position in range(len(layout))]
            own = [_line(point, text, has_base=False) for point, text in zip(points, written, strict=True)]
            return "", Lines(points, own, has_base=False)
        has_base = bool(base)
        known = self._known.setdefault(shape, {})
        lines = known.get(has_base)
        if lines is None:
            shared = [self._line(point, has_base) for point in points]
            lines = known[has_base] = Lines(points, shared, has_base=has_base)
        return base, lines

    def _line(self, point: Point, has_base: bool) -> str:
        """The template of a point's line, made once."""
        key = id(point), has_base
        known = self._lines.get(key)
        if known is None:
            if len(self._lines) >= _MAX_LINES:
                self._lines.clear()
            line = _line(point, self._format(point.written), has_base=has_base)
            known = self._lines[key] = point, line
        return known[1]

    def _format(self, labels: Labels) -> str:
        return format_labels(labels, self._hidden, self._form)
