"""Streams with consumer groups, by whatever program: each by itself, and those of one pattern together."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from exporter.queues.base import CandidateKeys, Found, KeyPattern, ReadContext
from exporter.queues.frameworks.stream_members import (
    MAX_MEMBERS,
    count_members,
    member_notes,
    members_of,
    read_members,
)
from exporter.queues.frameworks.stream_patterns import (
    ANY_WORD,
    Patterns,
    Pieces,
    covers,
    find_patterns,
    join,
    parse,
    shape_of,
)
from exporter.queues.frameworks.stream_reading import read_stream, sort_streams
from exporter.queues.known import KnownQueue, printable
from exporter.queues.model import QueueId, Reading
from exporter.queues.prefetch import with_prefetch
from exporter.queues.steps import Steps, together

# So many streams are asked for their groups, and looked at, in one go.
_BATCH: Final = 1000
# Patterns and single streams beyond this share of `max_queues` are put together more boldly.
_SHARE: Final = 4


class Streams:
    """See the module.

    A stream's queue has its key as `name`; that of a pattern has the pattern as `base` and no name.
    """

    name = "stream"
    key_patterns = (KeyPattern("stream", re.compile(rb".+", re.DOTALL)),)

    def label(self, queue: QueueId) -> str:
        """See `Framework`. Whether ids or words vary does not show."""
        return printable(queue.name or queue.base.replace(ANY_WORD, b"*"))

    def find(self, seen: CandidateKeys, context: ReadContext) -> Steps[Sequence[Found]]:
        """See `Framework`: every stream that has a group."""
        keys = seen.of("stream")
        shapes: dict[bytes, Pieces] = {}
        for start in range(0, len(keys), _BATCH):
            owners = yield from sort_streams(keys[start : start + _BATCH])
            shapes |= {key: shape_of(key) for key, owner in owners.items() if not owner}
        if not context.settings.streams_per_pattern:
            return [self._found(key, context) for key in shapes]
        return list(self._sort(shapes, context)) if shapes else ()

    def _sort(self, shapes: Mapping[bytes, Pieces], context: ReadContext) -> Iterable[Found]:
        """Streams that were seen, by their shapes: with their patterns, or single."""
        known = context.known_of(self.name)
        singles = {queue.id.name: shape_of(queue.id.name) for queue in known if queue.id.name}
        groups = {parse(queue.id.base): queue for queue in known if not queue.id.name}
        patterns = Patterns(groups)
        streams = {**singles, **shapes}
        loose = {key: shape for key, shape in streams.items() if patterns.of(shape) is None}
        room = max(1, context.settings.max_queues // _SHARE)
        new = find_patterns(loose, groups, context.settings.streams_per_pattern, room)
        patterns = Patterns((*groups, *new))
        members: dict[Pieces, list[bytes]] = {}
        for key, shape in streams.items():
            pattern = patterns.of(shape)
            if pattern is not None:
                members.setdefault(pattern, []).append(key)
            elif key in shapes:
                yield self._found(key, context)
        yield from self._found_patterns(members, groups, context)

    def _found(self, key: bytes, context: ReadContext) -> Found:
        return Found(QueueId(self.name, b"", key, context.database))

    def _found_patterns(
        self,
        members: Mapping[Pieces, Sequence[bytes]],
        groups: Mapping[Pieces, KnownQueue],
        context: ReadContext,
    ) -> Iterable[Found]:
        """The patterns with the members that are new; those beyond the limit count as queues that are."""
        room = MAX_MEMBERS - sum(map(count_members, groups.values()))
        for pattern, keys in members.items():
            covered = [
                queue for pieces, queue in groups.items() if pieces != pattern and covers(pattern, pieces)
            ]
            moved = [key for queue in covered for key in members_of(queue)]
            known = members_of(groups[pattern]) if pattern in groups else frozenset()
            new = [key for key in dict.fromkeys((*moved, *keys)) if key not in known]
            count = max(0, room + len(moved))
            room -= min(len(new), count) - len(moved)
            yield Found(
                QueueId(self.name, join(pattern), b"", context.database),
                member_notes(new[:count]),
                [*(queue.id for queue in covered), *(self._found(key, context).queue for key in keys)],
            )
            for key in new[count:]:
                yield replace(self._found(key, context), is_over_limit=True)

    def read(self, queues: Sequence[KnownQueue], context: ReadContext) -> Steps[Sequence[Reading]]:
        """See `Framework`."""
        members = sum(count_members(queue) for queue in queues)
        return together([self._read(queue, members, context) for queue in queues])

    def _read(self, queue: KnownQueue, members: int, context: ReadContext) -> Steps[Reading]:
        if queue.id.name:
            return with_prefetch(queue.speculative_cache, read_stream(queue, context))
        if not context.settings.streams_per_pattern:
            return _mistaken()
        return read_members(queue, members, context)


def _mistaken() -> Steps[Reading]:
    yield ()
    return Reading(is_mistaken=True)


FRAMEWORK: Final = Streams()
