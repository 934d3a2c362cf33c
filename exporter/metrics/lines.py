"""The lines of a block's series but for their values: made once for all blocks of one shape."""

from array import array
from collections.abc import Collection, Sequence
from typing import Final
from weakref import WeakKeyDictionary

from exporter.metrics.text import Format, format_labels
from exporter.model.labels import Labels
from exporter.model.sample import Family, Layout, Point, Shape


class Lines:
    """Of each series what stands before (`heads`) and behind (`ends`) the labels that all series of a block
    have in common; and which series belong together: `family_of` is an index into `families`."""

    def __init__(self, points: Sequence[Point], texts: Sequence[str], base: str) -> None:
        by_family: dict[Family, list[int]] = {}
        for index, point in enumerate(points):
            by_family.setdefault(point.family, []).append(index)
        self.families = [(family, array("I", indexes)) for family, indexes in by_family.items()]
        self.family_of = array("I", bytes(4 * len(points)))
        for position, (_, indexes) in enumerate(self.families):
            for index in indexes:
                self.family_of[index] = position
        self.heads: list[str] = []
        self.ends: list[str] = []
        for point, text in zip(points, texts, strict=True):
            has_labels = bool(base or text)
            self.heads.append(f"{point.family.name}{point.suffix}{'{' if has_labels else ''}")
            comma = "," if base and text else ""
            self.ends.append(f"{comma}{text}}} " if has_labels else " ")


NO_LINES: Final = Lines((), (), "")


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
            return "", Lines(points, texts, "")
        known = self._known.setdefault(shape, {})
        lines = known.get(bool(base))
        if lines is None:
            texts = [self._format(point.written) for point in points]
            lines = known[bool(base)] = Lines(points, texts, base)
        return base, lines

    def _format(self, labels: Labels) -> str:
        return format_labels(labels, self._hidden, self._form)
