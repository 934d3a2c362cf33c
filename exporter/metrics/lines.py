"""The lines of a block's series as templates, made once for all blocks of one shape, filled in by family."""

from array import array
from collections.abc import Collection, Sequence
from typing import Final
from weakref import WeakKeyDictionary

from exporter.metrics.text import Format, format_labels
from exporter.model.labels import Labels
from exporter.model.sample import Family, Layout, Point, Shape

# Stands in a template for the labels in common. No text that can be sent holds a lone surrogate.
_BASE: Final = "\udfff"


class FamilyLines:
    """The lines of one family in a block: `indexes` are the places of its series in the layout."""

    __slots__ = ("_template", "family", "indexes")

    def __init__(self, family: Family, indexes: Sequence[int], lines: Sequence[str]) -> None:
        self.family = family
        self.indexes = array("I", indexes)
        self._template = "".join(lines)

    def write(self, texts: Sequence[str | None], base: str) -> str:
        """All lines; `texts` are the values of the whole layout, `base` the text of the labels in common."""
        row = tuple([texts[index] for index in self.indexes])
        if None in row:
            return self._write_some(row, base)
        return (self._template % row).replace(_BASE, base)

    def _write_some(self, row: Sequence[str | None], base: str) -> str:
        """The lines of those series that have a value."""
        lines = zip(self._template.split("\n"), row, strict=False)
        return "".join([f"{line % (text,)}\n" for line, text in lines if text is not None]).replace(
            _BASE, base
        )


class Lines:
    """The lines of all families of a block; `family_of` tells which of `families` each series belongs to."""

    def __init__(self, points: Sequence[Point], texts: Sequence[str], *, has_base: bool) -> None:
        by_family: dict[Family, list[int]] = {}
        for index, point in enumerate(points):
            by_family.setdefault(point.family, []).append(index)
        self.families = [
            FamilyLines(family, indexes, [_line(points[at], texts[at], has_base) for at in indexes])
            for family, indexes in by_family.items()
        ]
        self.family_of = array("I", bytes(4 * len(points)))
        for position, lines in enumerate(self.families):
            for index in lines.indexes:
                self.family_of[index] = position


def _line(point: Point, text: str, has_base: bool) -> str:
    """The template of one line: `%s` stands for the value."""
    labels = f"{_BASE if has_base else ''}{',' if has_base and text else ''}{text.replace('%', '%%')}"
    return f"{point.family.name}{point.suffix}{f'{{{labels}}}' if labels else ''} %s\n"


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
