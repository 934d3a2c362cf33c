"""Moves the samples of a server that gets another name."""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass

from exporter.model.labels import Labels
from exporter.model.sample import Layout
from exporter.store.series_group import SeriesGroup


@dataclass(frozen=True, slots=True)
class Move:
    """Hands the samples of a source to another one, with other labels in common."""

    source: str
    labels: Labels
    new_source: str
    new_labels: Labels

    def of(self, group: SeriesGroup, version: int) -> SeriesGroup:
        """Return the group of the new source; the old one must not be written to any more.

        `version` is one that no group of the new name has had.
        """
        relabel = self._relabelling()
        new = group.continue_as(self.new_source)
        new.version = version
        new.layout, new.values, new.state = relabel(group.layout), group.values, group.state
        for segment in group.segments:
            part = copy(segment)
            part.layout = relabel(segment.layout)
            new.segments.append(part)
        return new

    def _relabelling(self) -> Callable[[Layout], Layout]:
        """Return a function that gives segments of one layout one layout again."""
        # Layouts are compared by identity.
        made: dict[Layout, Layout] = {}

        def relabel(layout: Layout) -> Layout:
            if layout not in made:
                made[layout] = layout.relabelled(self.labels, self.new_labels)
            return made[layout]

        return relabel
