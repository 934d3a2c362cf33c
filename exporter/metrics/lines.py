"""Makes the lines of a group's series without their values, once for all groups of one schema."""

from array import array
from collections.abc import Collection, Iterable, Sequence
from math import inf
from typing import Final
from weakref import WeakKeyDictionary

from exporter.metrics.text import Format, format_labels, format_value
from exporter.model.interning import IdentityInterner, Interner
from exporter.model.labels import Labels
from exporter.model.sample import Family, Kind, Layout, Point, Schema

# A line has four pieces: the text before the labels in common of the group, these labels, the text after
# them, and the value. All groups share the first and the third. Without a value all four are empty.
PIECES: Final = 4
VALUE_PIECE: Final = 3
_NO_LINE: Final = ("", "", "", "")
# Texts of labels in common that are kept.
_MAX_BASES: Final = 50_000
# The label that tells the series of one histogram or summary apart.
_INNER_LABELS: Final = {Kind.HISTOGRAM: "le", Kind.SUMMARY: "quantile"}


class _Line:
    """The line of one point: what stands `before` and `after` the labels in common.

    `group` is what a histogram's series have in common, and `bound` orders them. `point` is held because
    lines are found by its identity.
    """

    __slots__ = ("__weakref__", "after", "before", "bound", "group", "point")

    def __init__(self, point: Point, labels: str, *, has_base: bool) -> None:
        self.point = point
        name = f"\n{point.family.name}{point.suffix}"
        if has_base:
            self.before, self.after = f"{name}{{", f",{labels}}} " if labels else "} "
        else:
            self.before, self.after = (f"{name}{{", f"{labels}}} ") if labels else (name, " ")
        inner = _INNER_LABELS.get(point.family.kind, "")
        self.group = tuple([pair for pair in point.written.pairs if pair[0] != inner]) if inner else ()
        bound = point.written.get(inner) if inner else ""
        # Sum and count come last, in the order of the layout.
        self.bound = float(bound) if bound else inf


class FamilyLines:
    """The `lines` of one family in a group; `indexes` are those of their series in the layout."""

    __slots__ = ("family", "indexes", "lines")

    def __init__(self, family: Family, indexes: Sequence[int], lines: Sequence[_Line]) -> None:
        self.family = family
        self.indexes = array("I", indexes)
        self.lines = lines

    def fill(self, texts: Sequence[str | None], base: str) -> list[str]:
        """Return the pieces of all lines.

        `texts` are the values of the whole layout, `base` the text of the labels in common.
        """
        pieces: list[str] = []
        for index, line in zip(self.indexes, self.lines, strict=True):
            text = texts[index]
            pieces += _NO_LINE if text is None else (line.before, base, line.after, text)
        return pieces

    def line(self, offset: int, text: str | None, base: str) -> Sequence[str]:
        """Return the pieces of one line; `offset` is that of its value among the pieces of all."""
        if text is None:
            return _NO_LINE
        line = self.lines[offset // PIECES]
        return line.before, base, line.after, text


class Lines:
    """The lines of all families of a group.

    `family_of` is the index in `families` of each series, and `offset_of` the offset of its value among the
    pieces of that family's lines.
    """

    __slots__ = ("__weakref__", "families", "family_of", "offset_of")

    def __init__(self, lines: Sequence[_Line]) -> None:
        by_family: dict[Family, list[int]] = {}
        for index, line in enumerate(lines):
            by_family.setdefault(line.point.family, []).append(index)
        self.families = []
        self.family_of = array("I", bytes(4 * len(lines)))
        self.offset_of = array("I", bytes(4 * len(lines)))
        for position, (family, members) in enumerate(by_family.items()):
            indexes = _in_order(family, members, lines)
            self.families.append(FamilyLines(family, indexes, [lines[at] for at in indexes]))
            for at, index in enumerate(indexes):
                self.family_of[index] = position
                self.offset_of[index] = at * PIECES + VALUE_PIECE

    def created(self, index: int, base: str, at_ms: int) -> str:
        """Return OpenMetrics' line about the moment (milliseconds) at which a count began.

        It follows the line of the count. Empty where there is none: it belongs to a whole histogram or
        summary, and to counters whose name ends with `_total`.
        """
        family = self.families[self.family_of[index]]
        line = family.lines[self.offset_of[index] // PIECES]
        name = line.point.family.name
        if line.point.family.kind in _INNER_LABELS:
            stem, whole = name, "_count"
        else:
            stem, whole = name.removesuffix("_total"), ""
            if line.point.family.kind is not Kind.COUNTER or stem == name:
                return ""
        if line.point.suffix != whole:
            return ""
        before = line.before.removeprefix(f"\n{name}{whole}")
        return f"\n{stem}_created{before}{base}{line.after}{format_value(at_ms / 1000)}"


def _in_order(family: Family, members: Sequence[int], lines: Sequence[_Line]) -> Sequence[int]:
    """Return the series of one histogram or summary together, as OpenMetrics wants them.

    Buckets that a histogram has gained later stand behind those of others in the layout.
    """
    if family.kind not in _INNER_LABELS:
        return members
    groups: dict[tuple[tuple[str, str], ...], list[int]] = {}
    for index in members:
        groups.setdefault(lines[index].group, []).append(index)
    return [index for group in groups.values() for index in sorted(group, key=lambda at: lines[at].bound)]


NO_LINES: Final = Lines(())


class PreparedLayouts:
    """The lines of layouts, in one format and without the `hidden` labels."""

    def __init__(self, hidden: Collection[str], form: Format) -> None:
        self._hidden = hidden
        self._form = form
        # By schema, and by whether there are labels in common.
        self._known: WeakKeyDictionary[Schema, dict[bool, Lines]] = WeakKeyDictionary()
        # By point, and by whether there are labels in common: schemas that grow share most points.
        self._lines: dict[bool, IdentityInterner[_Line]] = {
            flag: IdentityInterner() for flag in (False, True)
        }
        # All groups of a target have the same labels in common.
        self._bases: Interner[tuple[Labels, frozenset[str]], str] = Interner(_MAX_BASES)

    def get(self, layout: Layout) -> tuple[str, Lines]:
        """Return the text of the labels in common, and the lines around it."""
        points = layout.points
        if not layout.is_plain:
            # A series overrides a label in common, so that no line can be shared with other targets.
            texts = [self._format(layout.exposed(position)) for position in range(len(layout))]
            return "", Lines([_Line(*pair, has_base=False) for pair in zip(points, texts, strict=True)])
        base = self._base(layout)
        has_base = bool(base)
        known = self._known.setdefault(layout.schema, {})
        lines = known.get(has_base)
        if lines is None:
            lines = known[has_base] = Lines(self._lines_of(points, has_base))
        return base, lines

    def _base(self, layout: Layout) -> str:
        key = layout.base, layout.unexposed
        return self._bases.get(key, lambda _: self._format(layout.exposed_base))

    def _lines_of(self, points: Iterable[Point], has_base: bool) -> Sequence[_Line]:
        """Return the lines of these points, each made once."""
        kept = self._lines[has_base]

        def line_of(point: Point) -> _Line:
            return kept.get((point,), lambda: _Line(point, self._format(point.written), has_base=has_base))

        return [line_of(point) for point in points]

    def _format(self, labels: Labels) -> str:
        return format_labels(labels, self._hidden, self._form)
