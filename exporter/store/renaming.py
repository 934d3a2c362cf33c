"""A server gets another name: what it has written goes along."""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass

from exporter.model.labels import Labels
from exporter.model.sample import Layout
from exporter.store.block import Block


@dataclass(frozen=True, slots=True)
class Move:
    """The history of a source becomes that of another one, with other labels in common."""

    source: str
    labels: Labels
    new_source: str
    new_labels: Labels

    def of(self, block: Block, version: int) -> Block:
        """The block of the new source; the old one must not be written into any more. `version` is one that
        no block of the new name has had."""
        relabel = self._relabelling()
        new = Block(self.new_source)
        new.times.extend(block.times)
        new.first_row, new.version, new.is_resumed = block.first_row, version, block.is_resumed
        new.layout, new.values, new.state = relabel(block.layout), block.values, block.state
        for segment in block.segments:
            part = copy(segment)
            part.layout = relabel(segment.layout)
            new.segments.append(part)
        return new

    def _relabelling(self) -> Callable[[Layout], Layout]:
        """Segments that had one layout have one afterwards."""
        made: dict[int, Layout] = {}

        def relabel(layout: Layout) -> Layout:
            if id(layout) not in made:
                made[id(layout)] = layout.relabelled(self.labels, self.new_labels)
            return made[id(layout)]

        return relabel
