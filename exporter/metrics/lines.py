"""The lines of a block's series as templates, made once for all blocks of one shape, filled in by family."""

from array import array
from collections.abc import Collection, Sequence
from typing import Final
from weakref import WeakKeyDictionary

from exporter.metrics.text import Format, format_labels
from exporter.model.labels import Labels
from exporter.model.sample import Family, Layout, Point, Shape

# What can stand in a template for the labels in common: the first that no label of the family holds. The last
# is in no text that can be sent, but makes strings twice as large.
_PLACEHOLDERS: Final = "\x00\x01\x02\x03\x04\x05\x06\x07\udfff"


class FamilyLines:
    """The lines of one family in a block: `indexes` are the places of its series in the layout.

    `labels` are the texts of these series' own labels; those in common stand before them if `has_base`.
    """

    __slots__ = ("_placeholder", "_template", "family", "indexes")

    def __init__(
        self, points: Sequence[Point], indexes: Sequence[int], labels: Sequence[str], *, has_base: bool
    ) -> None:
        self.family = points[indexes[0]].family
        self.indexes = array("I", indexes)
        held = "".join(labels)
        self._placeholder = next(char for char in _PLACEHOLDERS if char not in held)
        base = self._placeholder if has_base else ""
        self._template = "".join(
            [_line(points[at], base, text) for at, text in zip(indexes, labels, strict=True)]
        )

    def write(self, texts: Sequence[str | None], base: str) -> str:
        """All lines; `texts` are the values of the whole layout, `base` the text of the labels in common."""
        row = tuple([texts[index] for index in self.indexes])
        filled = self._write_some(row) if None in row else self._template % row
        return filled.replace(self._placeholder, base)

    def _write_some(self, row: Sequence[str | None]) -> str:
        """The lines of those series that have a value."""
        lines = zip(self._template.split("\n"), row, strict=False)
        return "".join([f"{line % (text,)}\n" for line, text in lines if text is not None])


def _line(point: Point, base: str, labels: str) -> str:
    """The template of one line: `%s` stands for the value."""
    comma = "," if base and labels else ""
    braced = f"{{{base}{comma}{labels.replace('%', '%%')}}}" if base or labels else ""
    return f"{point.family.name}{point.suffix}{braced} %s\n"


class Lines:
    """The lines of all families of a block; `family_of` tells which of `families` each series belongs to."""

    def __init__(self, points: Sequence[Point], texts: Sequence[str], *, has_base: bool) -> None:
        by_family: dict[Family, list[int]] = {}
        for index, point in enumerate(points):
            by_family.setdefault(point.family, []).append(index)
        self.families = [
            FamilyLines(points, indexes, [texts[at] for at in indexes], has_base=has_base)
            for indexes in by_family.values()
        ]
        self.family_of = array("I", bytes(4 * len(points)))
        for position, lines in enumerate(self.families):
            for index in lines.indexes:
                self.family_of[index] = position


NO_LINES: Final = Lines((), (), has_base=False)


class PreparedLayouts:
    """The lines of layouts, in one format and without the `hidden` labels."""

    def __init__(self, hidden: Collection[str], form: Format) -> None:
        self._hidden = hidden
        self._form = form
        # By shape, and by whether there are labels in common.
        self._known: WeakKeyDictionary[Shape, dict[bool, Lines]] = WeakKeyDictionary()

    def get(self, layout: Layout) -> tuple[str, Lines]:
        """The text of the labels in common, and the lines around it."""
        shape, points = layout.shape, layout.points
        base = self._format(layout.base)
        if not layout.is_plain:
            # A label of a series' own stands for the one in common: nothing can be shared.
            texts = [self._format(layout.written(position)) for position in range(len(layout))]
            return "", Lines(points, texts, has_base=False)
        known = self._known.setdefault(shape, {})
        lines = known.get(bool(base))
        if lines is None:
            texts = [self._format(point.written) for point in points]
            lines = known[bool(base)] = Lines(points, texts, has_base=bool(base))
        return base, lines

    def _format(self, labels: Labels) -> str:
        return format_labels(labels, self._hidden, self._form)
