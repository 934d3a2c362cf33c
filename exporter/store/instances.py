"""An index of blocks by the instance of their series: of thousands of servers, those of one are wanted."""

from collections.abc import Iterable, Sequence
from typing import Final

from exporter.model.matcher import Matcher, MatchOp
from exporter.model.sample import Layout
from exporter.store.block import Block

_LABEL: Final = "instance"
_ANY: Final = ""


class Instances:
    """Which blocks can hold series of an instance.

    What rules write can be about any. A block is found under every instance that it has had until its source
    is forgotten.
    """

    def __init__(self) -> None:
        self._blocks: dict[str, dict[str, Block]] = {}
        self._instances: dict[str, set[str]] = {}

    def note(self, block: Block) -> None:
        """A block is new, or has other series than before."""
        known = self._instances.setdefault(block.source, set())
        for instance in {_instance(layout) for layout in block.layouts} - known:
            known.add(instance)
            self._blocks.setdefault(instance, {})[block.source] = block

    def forget(self, source: str) -> None:
        """A source has gone."""
        for instance in self._instances.pop(source, ()):
            blocks = self._blocks[instance]
            del blocks[source]
            if not blocks:
                del self._blocks[instance]

    def narrow(self, blocks: Iterable[Block], matchers: Sequence[Matcher]) -> Iterable[Block]:
        """Those of all `blocks` that can hold what satisfies these matchers."""
        for one in matchers:
            if one.name == _LABEL and one.op is MatchOp.EQUAL and one.value:
                groups = (self._blocks.get(instance, {}) for instance in (one.value, _ANY))
                return [block for group in groups for block in list(group.values())]
        return blocks


def _instance(layout: Layout) -> str:
    return _ANY if _LABEL in layout.shape.own_names else layout.base.get(_LABEL)
