"""What the keyspace scan came by, as names that may be a queue's.

The scan tells patterns; one without a `*` is a name. Behind a pattern like `bull:mail:*` may be the keys of
one queue, so that the usual ones are tried. None of this is believed: the server is asked for the types, and
the frameworks recognise the rest as they do after a walk of our own.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Final

from exporter.connection import Command
from exporter.samplers.base import SeenName
from exporter.samplers.queues.base import Framework, Sightings, Signpost
from exporter.samplers.queues.replies import text
from exporter.samplers.queues.steps import Steps

_ANY: Final = b"*"
# Keys by which a queue is recognised, of the frameworks that have several keys under one name.
_PARTS: Final = (b"meta", b"id", b"wait", b"waiting", b"active", b"queued", b"incomplete", b"stats")
_QUEUE_TYPES: Final = frozenset({"list", "zset", "set", "stream"})
_MAX_NAMES: Final = 2000
# A signpost that fits this fits everything.
_NO_NAME: Final = b"\x00"


class Hints:
    """Which names that were seen are worth a question, and whether there is more than was ever seen."""

    def __init__(self, frameworks: Sequence[Framework]) -> None:
        self._posts = [(framework.name, post) for framework in frameworks for post in framework.signposts]
        self._most_keys = 0

    def names(self, seen: Iterable[SeenName]) -> Mapping[int, Sequence[bytes]]:
        """The names to ask about, by database; at most 2,000 in all."""
        found: dict[tuple[int, bytes], None] = {}
        for one in seen:
            if _ANY not in one.name:
                if self._posts_of(one.name, one.types):
                    found[one.database, one.name] = None
            elif one.name.endswith(b":*") and one.name.count(_ANY) == 1 and one.types & _QUEUE_TYPES:
                found |= dict.fromkeys((one.database, one.name[:-1] + part) for part in _PARTS)
        by_database: dict[int, list[bytes]] = {}
        for database, name in islice(found, _MAX_NAMES):
            by_database.setdefault(database, []).append(name)
        return by_database

    def has_grown(self, seen: Iterable[SeenName]) -> bool:
        """Whether more keys than ever before have a pattern that may stand for many queues
        (`bull:*:meta`): only a walk can tell which."""
        keys = sum(
            one.keys
            for one in seen
            if _ANY in one.name.rstrip(_ANY)
            # A signpost that fits everything tells nothing.
            and any(
                not post.pattern.fullmatch(_NO_NAME)
                for post in self._posts_of(one.name.replace(_ANY, b"1"), one.types)
            )
        )
        before, self._most_keys = self._most_keys, max(keys, self._most_keys)
        return keys > before

    def _posts_of(self, name: bytes, types: frozenset[str]) -> Sequence[Signpost]:
        return [post for _, post in self._posts if post.type in types and post.pattern.fullmatch(name)]

    def sightings(self, keys: Mapping[bytes, str]) -> Mapping[str, Sightings]:
        """Keys with their types, by the name of the framework that may know them."""
        found: dict[str, dict[str, list[bytes]]] = {}
        for framework, post in self._posts:
            for key, type_name in keys.items():
                if post.type == type_name and post.pattern.fullmatch(key):
                    of_type = found.setdefault(framework, {}).setdefault(type_name, [])
                    if key not in of_type:
                        of_type.append(key)
        return {framework: Sightings(of_type) for framework, of_type in found.items()}


def ask_types(names: Sequence[bytes]) -> Steps[Mapping[bytes, str]]:
    """The types of those keys that there are."""
    questions: list[Command] = [("TYPE", name) for name in names]
    types = [text(reply) for reply in (yield questions)]
    return {name: kind for name, kind in zip(names, types, strict=True) if kind and kind != "none"}
