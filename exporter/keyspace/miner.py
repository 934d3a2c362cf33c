"""The miner finds the pattern of each key's name: configured patterns first, then those it has found."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from exporter.keyspace import folding, places
from exporter.keyspace.configured import ConfiguredPatterns
from exporter.keyspace.nodes import KeyGroup
from exporter.keyspace.redaction import LEAST_KEYS, Redactor
from exporter.keyspace.shapes import canonical
from exporter.keyspace.tree import Tree
from exporter.model.keyname import show_bytes


class PatternMiner:
    """Groups names by pattern, in bounded memory, with exact counts.

    With a `redactor` nothing of a name leaves it but what that one shows; names of configured patterns do.
    """

    def __init__(self, configured: ConfiguredPatterns, redactor: Redactor | None = None) -> None:
        self._configured = configured
        self._redactor = redactor
        self.own = [KeyGroup() for _ in configured.texts]
        self.tree = Tree(folding.fold_wide, folding.fold_all)

    def find(self, names: Sequence[bytes]) -> list[KeyGroup]:
        """The group of each name (see `KeyGroup.final`), without counting."""
        if not self._configured:
            return self.tree.find(names)
        indexes = list(map(self._configured.find, names))
        rest = iter(
            self.tree.find([name for name, index in zip(names, indexes, strict=True) if index is None])
        )
        return [next(rest) if index is None else self.own[index] for index in indexes]

    def count(self, groups: Sequence[KeyGroup]) -> None:
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

    def groups(self) -> Iterator[KeyGroup]:
        """All groups as they are now."""
        yield from self.own
        for _, group in self.tree.groups():
            yield group

    def finalize(self) -> dict[str, KeyGroup]:
        """The end: every group by the name of its pattern. Nothing can be added afterwards."""
        folding.finalize(self.tree.root)
        named = {
            name: group for name, group in zip(self._configured.names, self.own, strict=True) if group.keys
        }
        found = [(canonical(pattern), group) for pattern, group in self.tree.groups() if group.keys]
        if self._redactor is not None:
            found = _redact(self._redactor, found)
        for pattern, group in found:
            mine = named.setdefault(show_bytes(pattern), group)
            if mine is not group:
                mine.absorb(group)
        return named

    def reserve(self, beginnings: Iterable[str]) -> None:
        """Names that begin so are told apart from others: those of queues, for example."""
        for beginning in beginnings:
            self.tree.reserve(beginning.encode("utf-8", "surrogateescape"))

    def load(self, template: Any) -> None:
        """Start from what an earlier pass has found (see `template`), so that names stay the same."""
        places.load(self.tree, template)

    def template(self) -> Any:
        """Return where ids stand, and which words do not count as ids there, for the next pass."""
        return places.template(
            self.tree.root, self._redactor.is_plain if self._redactor is not None else None
        )


def _redact(redactor: Redactor, found: Sequence[tuple[bytes, KeyGroup]]) -> list[tuple[bytes, KeyGroup]]:
    """The same under names that may be shown: words that many keys have, then also over all of a name."""
    keys: Counter[bytes] = Counter()
    for pattern, group in found:
        keys[redactor.redact(pattern, LEAST_KEYS)] += group.keys
    return [
        (redactor.redact(pattern, keys[redactor.redact(pattern, LEAST_KEYS)]), group)
        for pattern, group in found
    ]
