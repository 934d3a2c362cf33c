"""Lists that look like queues, and belong to no framework that is known: noted, never read as queues.

What speaks for a list is a name with a word for queues; where all lists are looked at, also that entries are
taken from one end, or, where workers are blocked on lists, that it holds JSON or grows at one end. What was
seen of it is noted with it.
"""

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from exporter.config.samplers.queues import QueuesSection
from exporter.connection import Command, Reply
from exporter.queues.base import CandidateKeys, Found, KeyPattern, ReadContext
from exporter.queues.frameworks.key_patterns import Pattern
from exporter.queues.frameworks.stream_patterns import join, shape_of
from exporter.queues.known import KnownQueue
from exporter.queues.model import QueueId, Reading
from exporter.queues.plain_keys import LOOKS_LIKE_A_QUEUE
from exporter.queues.replies import count, json_object
from exporter.queues.steps import Steps
from exporter.queues.timestamps import at_path, parse_moment

_ANY: Final = re.compile(rb".+", re.DOTALL)
_MAX_CANDIDATES: Final = 200
_MAX_NAME_BYTES: Final = 500
# How often what is known already is looked at again, and when it is forgotten.
_AGAIN_SECONDS: Final = 300.0
_FORGET_SECONDS: Final = 3600.0
# Frameworks whose queues are single keys, or are described by the configuration.
_ONE_KEY: Final = frozenset({"stream", "list"})
# Under these a job's JSON says when it was made.
_TIME_PATHS: Final = (
    *("createdAt", "created_at", "created", "enqueuedAt", "enqueued_at", "queuedAt", "queued_at"),
    *("addedAt", "added_at", "pushedAt", "timestamp", "time", "ts", "meta.createdAt", "metadata.createdAt"),
)


@dataclass(slots=True)
class UnknownList:
    """One list as it was last seen, at a moment in epoch seconds.

    `grows_at` is the end at which entries were added, `tail` or `head`; `oldest` the end at which the older
    of the two stood, by their own times. Empty where that is not known. `is_taken_from`: it had fewer
    entries, and one end was still the same. `time_path` is where an entry's JSON says when it was made.
    """

    key: bytes
    database: int
    seen_at: float = 0.0
    looked_at: float = 0.0
    entries: int = 0
    is_json: bool = False
    time_path: str = ""
    oldest: str = ""
    grows_at: str = ""
    is_taken_from: bool = False
    ends: tuple[bytes, bytes] = (b"", b"")

    def update(self, length: int, head: Reply, tail: Reply, at: float) -> None:
        """Take in what a look has told."""
        ends = _digest(head), _digest(tail)
        is_one_end_new = self.looked_at > 0 and (ends[0] == self.ends[0]) != (ends[1] == self.ends[1])
        if is_one_end_new and length > self.entries:
            self.grows_at = "tail" if ends[0] == self.ends[0] else "head"
        elif is_one_end_new and 0 < length < self.entries:
            self.is_taken_from = True
        self.entries, self.ends, self.looked_at = length, ends, at
        documents = [json_object(head), json_object(tail)]
        self.is_json = all(documents)
        self.time_path = next((path for path in _TIME_PATHS if _times(documents, path)), "")
        times = _times(documents, self.time_path) if self.time_path else ()
        if times and times[0] != times[1]:
            self.oldest = "head" if times[0] < times[1] else "tail"


class UnknownLists:
    """A `Framework` without queues: it looks at lists of unknown makers, and remembers up to 200.

    `any_name`: also at lists whose names say nothing, unless there is an id in them. `has_new`: some were
    found that `current` has not told yet.
    """

    name = "unknown"

    def __init__(self, settings: QueuesSection, *, any_name: bool = False) -> None:
        self.key_patterns: Sequence[KeyPattern] = [
            KeyPattern("list", _ANY if any_name else LOOKS_LIKE_A_QUEUE)
        ]
        self._configured = [Pattern(one.key) for one in settings.lists]
        self._found: dict[tuple[int, bytes], UnknownList] = {}
        self.has_new = False

    @property
    def databases(self) -> Collection[int]:
        """The databases in which there are any."""
        return {database for database, _ in self._found}

    def label(self, queue: QueueId) -> str:
        """See `Framework`; there are none."""
        return ""

    def find(self, seen: CandidateKeys, context: ReadContext) -> Steps[Sequence[Found]]:
        """See `Framework`: notes the lists among what was seen."""
        known = [queue for queue in context.known if queue.id.database == context.database]
        due = []
        for key in (key for key in seen.of("list") if len(key) <= _MAX_NAME_BYTES):
            candidate = self._note(key, context, known)
            if candidate is not None and context.at - candidate.looked_at >= _AGAIN_SECONDS:
                due.append(candidate)
        yield from _look(due, context.at)
        return ()

    def look_again(self, database: int, at: float) -> Steps[None]:
        """Look at all that are known of a database."""
        yield from _look([one for one in self._found.values() if one.database == database], at)

    def read(self, queues: Sequence[KnownQueue], context: ReadContext) -> Steps[Sequence[Reading]]:
        """See `Framework`; there are none."""
        yield from ()
        return ()

    def _note(self, key: bytes, context: ReadContext, known: Iterable[KnownQueue]) -> UnknownList | None:
        place = (context.database, key)
        candidate = self._found.get(place)
        if candidate is None:
            is_worth_it = LOOKS_LIKE_A_QUEUE.fullmatch(key) or join(shape_of(key)) == key
            if len(self._found) >= _MAX_CANDIDATES or not is_worth_it or self._has_owner(key, known):
                return None
            candidate = self._found[place] = UnknownList(key, context.database)
            self.has_new = True
        candidate.seen_at = context.at
        return candidate

    def _has_owner(self, key: bytes, known: Iterable[KnownQueue]) -> bool:
        """Whether a list is a known queue's, or is described by the configuration."""
        return any(pattern.parts(key) is not None for pattern in self._configured) or any(
            _belongs(key, queue.id) for queue in known
        )

    def current(
        self, known: Iterable[KnownQueue], worked_on: Collection[int], at: float
    ) -> Sequence[UnknownList]:
        """Return the lists that are still there and look like queues.

        Those that a queue which was found meanwhile owns are left out. `worked_on` are the databases in which
        workers are blocked on lists.
        """
        self.has_new = False
        queues: dict[int, list[KnownQueue]] = {}
        for queue in known:
            queues.setdefault(queue.id.database, []).append(queue)
        for place, one in list(self._found.items()):
            if at - one.seen_at > _FORGET_SECONDS or self._has_owner(one.key, queues.get(one.database, ())):
                del self._found[place]
        return [one for one in self._found.values() if one.entries and _is_likely(one, worked_on)]


def _is_likely(one: UnknownList, worked_on: Collection[int]) -> bool:
    if LOOKS_LIKE_A_QUEUE.fullmatch(one.key) or one.is_taken_from:
        return True
    return one.database in worked_on and (one.is_json or one.grows_at != "")


def _look(candidates: Sequence[UnknownList], at: float) -> Steps[None]:
    if not candidates:
        return
    commands: list[Command] = []
    for one in candidates:
        commands += [("LLEN", one.key), ("LINDEX", one.key, 0), ("LINDEX", one.key, -1)]
    replies = yield commands
    for index, one in enumerate(candidates):
        length, head, tail = replies[3 * index : 3 * index + 3]
        one.update(count(length) or 0, head, tail, at)


def _belongs(key: bytes, queue: QueueId) -> bool:
    """Return whether a list is one of a known queue's keys, as far as its name tells.

    That is all that begins as those do, or holds the queue's name where they have nothing else in common.
    """
    if queue.framework in _ONE_KEY:
        return key == queue.name
    if queue.base:
        return key.startswith(queue.base if queue.base.endswith(b":") else queue.base + b":")
    return key == queue.name or key.endswith(b":" + queue.name) or queue.name in key.split(b":")


def _digest(entry: Reply) -> bytes:
    return hashlib.blake2b(entry, digest_size=8).digest() if isinstance(entry, bytes) else b""


def _times(documents: Sequence[Mapping[str, object]], path: str) -> tuple[float, float] | None:
    """The times of two entries under a path; None unless both say one."""
    first, second = (parse_moment(at_path(document, path), "auto") for document in documents)
    return None if first is None or second is None else (first, second)
