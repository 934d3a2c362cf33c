"""The lines of a block's series without their values, made once for all blocks of one shape."""

from array import array
from collections.abc import Collection, Iterable, Sequence
from typing import Final
from weakref import WeakKeyDictionary

from exporter.metrics.text import Format, format_labels
from exporter.model.labels import EMPTY, Labels
from exporter.model.sample import Family, Kind, Layout, Point, Shape

# A line is made of what comes before the labels that a block's series have in common, these, what comes after
# them, and the value. All blocks share the first and the third. Without a value all four are empty.
PIECES: Final = 4
VALUE_PIECE: Final = 3
_NO_LINE: Final = ("", "", "", "")
# Parts of lines, and texts of labels in common, that are kept: let go of where there are more.
_MAX_KEPT: Final = 50_000
# The label of a histogram's or a summary's series that tells it from the others of the same metric.
_INNER_LABELS: Final = {Kind.HISTOGRAM: "le", Kind.SUMMARY: "quantile"}

# Before and after the labels in common.
_Parts = tuple[str, str]


class FamilyLines:
    """The lines of one family in a block: `indexes` are the places of its series in the layout, in the order
    of their lines, `parts` what stands in each line around the labels in common."""

    __slots__ = ("family", "indexes", "parts")

    def __init__(self, family: Family, indexes: Sequence[int], parts: Sequence[_Parts]) -> None:
        self.family = family
        self.indexes = array("I", indexes)
        self.parts = parts

    def fill(self, texts: Sequence[str | None], base: str) -> list[str]:
        """The pieces of all lines; `texts` are the values of the whole layout, `base` the text of the labels
        in common."""
        pieces: list[str] = []
        for index, (before, after) in zip(self.indexes, self.parts, strict=True):
            text = texts[index]
            pieces += _NO_LINE if text is None else (before, base, after, text)
        return pieces

    def put(self, pieces: list[str], place: int, text: str | None, base: str) -> None:
        """Give a line its value, or none, whether it had one or not; `place` is that of the value."""
        before, after = self.parts[place // PIECES]
        line = _NO_LINE if text is None else (before, base, after, text)
        pieces[place - VALUE_PIECE : place + 1] = line


class Lines:
    """The lines of all families of a block.

    `family_of` tells which of `families` each series belongs to, and `place_of` where in the pieces of its
    lines the value stands.
    """

    __slots__ = ("families", "family_of", "place_of")

    def __init__(self, points: Sequence[Point], parts: Sequence[_Parts]) -> None:
        by_family: dict[Family, list[int]] = {}
        for index, point in enumerate(points):
            by_family.setdefault(point.family, []).append(index)
        self.families = []
        self.family_of = array("I", bytes(4 * len(points)))
        self.place_of = array("I", bytes(4 * len(points)))
        for position, (family, members) in enumerate(by_family.items()):
            indexes = _in_order(family, members, points)
            self.families.append(FamilyLines(family, indexes, [parts[at] for at in indexes]))
            for at, index in enumerate(indexes):
                self.family_of[index] = position
                self.place_of[index] = at * PIECES + VALUE_PIECE


def _in_order(family: Family, members: Sequence[int], points: Sequence[Point]) -> Sequence[int]:
    """The series of one histogram or summary together, as OpenMetrics wants them: buckets that a histogram
    has gained later stand behind those of others in the layout."""
    inner = _INNER_LABELS.get(family.kind)
    if inner is None:
        return members
    groups: dict[tuple[tuple[str, str], ...], list[int]] = {}
    for index in members:
        pairs = points[index].written.pairs
        groups.setdefault(tuple([pair for pair in pairs if pair[0] != inner]), []).append(index)

    def by_bound(index: int) -> float:
        bound = points[index].written.get(inner)
        # The sum and the count come last, in the order that they have.
        return float(bound) if bound else float("inf")

    return [index for group in groups.values() for index in sorted(group, key=by_bound)]


NO_LINES: Final = Lines((), ())


class PreparedLayouts:
    """The lines of layouts, in one format and without the `hidden` labels."""

    def __init__(self, hidden: Collection[str], form: Format) -> None:
        self._hidden = hidden
        self._form = form
        # By shape, and by whether there are labels in common.
        self._known: WeakKeyDictionary[Shape, dict[bool, Lines]] = WeakKeyDictionary()
        # Of points, by identity, and by whether there are labels in common: shapes that grow share most of
        # their points. A point is held for as long as its parts are.
        self._parts: dict[tuple[int, bool], tuple[Point, _Parts]] = {}
        # The blocks of a target have the same labels in common.
        self._bases: dict[Labels, str] = {EMPTY: ""}

    def get(self, layout: Layout) -> tuple[str, Lines]:
        """The text of the labels in common, and the lines around it."""
        points = layout.points
        if not layout.is_plain:
            # A label of a series' own stands for the one in common: nothing can be shared.
            written = [self._format(layout.written(position)) for position in range(len(layout))]
            own = [_split(point, text, has_base=False) for point, text in zip(points, written, strict=True)]
            return "", Lines(points, own)
        base = self._base(layout.base)
        has_base = bool(base)
        known = self._known.setdefault(layout.shape, {})
        lines = known.get(has_base)
        if lines is None:
            lines = known[has_base] = Lines(points, self._parts_of(points, has_base))
        return base, lines

    def _base(self, labels: Labels) -> str:
        text = self._bases.get(labels)
        if text is None:
            if len(self._bases) >= _MAX_KEPT:
                self._bases.clear()
            text = self._bases[labels] = self._format(labels)
        return text

    def _parts_of(self, points: Iterable[Point], has_base: bool) -> Sequence[_Parts]:
        """The parts of these points' lines, each made once."""
        kept, found = self._parts, []
        for point in points:
            known = kept.get((id(point), has_base))
            if known is None:
                if len(kept) >= _MAX_KEPT:
                    kept.clear()
                known = point, _split(point, self._format(point.written), has_base=has_base)
                kept[id(point), has_base] = known
            found.append(known[1])
        return found

    def _format(self, labels: Labels) -> str:
        return format_labels(labels, self._hidden, self._form)


def _split(point: Point, labels: str, *, has_base: bool) -> _Parts:
    """What stands before the labels in common, with the end of the line before; and after them."""
    name = f"\n{point.family.name}{point.suffix}"
    if has_base:
        return f"{name}{{", f",{labels}}} " if labels else "} "
    return (f"{name}{{", f"{labels}}} ") if labels else (name, " ")
