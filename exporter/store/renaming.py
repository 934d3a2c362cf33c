"""A server gets another name: what it has written goes along."""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass

from exporter.model.labels import Labels
from exporter.model.sample import Layout
from exporter.store.series_group import SeriesGroup


@dataclass(frozen=True, slots=True)
class Move:
    """The history of a source becomes that of another one, with other labels in common."""

    source: str
    labels: Labels
    new_source: str
    new_labels: Labels

    def of(self, group: SeriesGroup, version: int) -> SeriesGroup:
        """The group of the new source; the old one must not be written into any more. `version` is one that
        no group of the new name has had."""
        relabel = self._relabelling()
        new = SeriesGroup(self.new_source)
        new.times.extend(group.times)
        new.first_row, new.version, new.is_resumed = group.first_row, version, group.is_resumed
        new.layout, new.values, new.state = relabel(group.layout), group.values, group.state
        for segment in group.segments:
            part = copy(segment)
            part.layout = relabel(segment.layout)
            new.segments.append(part)
        return new

    def _relabelling(self) -> Callable[[Layout], Layout]:
        """Segments that had one layout have one afterwards."""
        # Layouts are compared by identity.
        made: dict[Layout, Layout] = {}

        def relabel(layout: Layout) -> Layout:
            if layout not in made:
                made[layout] = layout.relabelled(self.labels, self.new_labels)
            return made[layout]

        return relabel
