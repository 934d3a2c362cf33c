"""Which pattern each key's name has: those configured first, the rest found by themselves."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from exporter.keyspace import folding, places
from exporter.keyspace.configured import ConfiguredPatterns
from exporter.keyspace.hiding import LEAST_KEYS, Hider
from exporter.keyspace.nodes import Group
from exporter.keyspace.shapes import canonical
from exporter.keyspace.tree import Tree
from exporter.model.keyname import show_bytes


class Miner:
    """Groups names by pattern, in bounded memory, with exact counts.

    With a `hider` nothing of a name leaves it but what that one shows; names of configured patterns do.
    """

    def __init__(self, configured: ConfiguredPatterns, hider: Hider | None = None) -> None:
        self._configured = configured
        self._hider = hider
        self.own = [Group() for _ in configured.texts]
        self.tree = Tree(folding.relieve, folding.fold_all)

    def find(self, names: Sequence[bytes]) -> list[Group]:
        """The group of each name (see `Group.final`), without counting."""
        if not self._configured:
            return self.tree.find(names)
        indexes = list(map(self._configured.find, names))
        rest = iter(
            self.tree.find([name for name, index in zip(names, indexes, strict=True) if index is None])
        )
        return [next(rest) if index is None else self.own[index] for index in indexes]

    def count(self, groups: Sequence[Group]) -> None:
        """Count names that were found."""
        for group, keys in Counter(groups).items():
            group.final.keys += keys

    @property
    def is_crowded(self) -> bool:
        """Whether it is time for `make_room`."""
        return self.tree.is_crowded

    def make_room(self) -> None:
        """Keep memory bounded (see `Tree`); what was found must have been counted."""
        self.tree.make_room()

    def groups(self) -> Iterator[Group]:
        """All groups as they are now."""
        yield from self.own
        for _, group in self.tree.groups():
            yield group

    def settle(self) -> dict[str, Group]:
        """The end: every group by the name of its pattern. Nothing can be added afterwards."""
        folding.settle(self.tree.root)
        named = {
            name: group for name, group in zip(self._configured.names, self.own, strict=True) if group.keys
        }
        found = [(canonical(pattern), group) for pattern, group in self.tree.groups() if group.keys]
        if self._hider is not None:
            found = _hide(self._hider, found)
        for pattern, group in found:
            mine = named.setdefault(show_bytes(pattern), group)
            if mine is not group:
                mine.absorb(group)
        return named

    def keep(self, beginnings: Iterable[str]) -> None:
        """Names that begin so are told apart from others: those of queues, for example."""
        for beginning in beginnings:
            self.tree.keep(beginning.encode("utf-8", "surrogateescape"))

    def learn(self, skeleton: Any) -> None:
        """Start from what an earlier pass has found (see `skeleton`), so that names stay the same."""
        places.learn(self.tree, skeleton)

    def skeleton(self) -> Any:
        """What the next pass should know: where ids stand, and which words do not count as ids there."""
        return places.skeleton(self.tree.root, self._hider.is_plain if self._hider is not None else None)


def _hide(hider: Hider, found: Sequence[tuple[bytes, Group]]) -> list[tuple[bytes, Group]]:
    """The same under names that may be shown: words that many keys have, then also over all of a name."""
    keys: Counter[bytes] = Counter()
    for pattern, group in found:
        keys[hider.hide(pattern, LEAST_KEYS)] += group.keys
    return [(hider.hide(pattern, keys[hider.hide(pattern, LEAST_KEYS)]), group) for pattern, group in found]
