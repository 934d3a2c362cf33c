"""The protocol of a queue framework: where its keys are, how it is recognised, how it is read."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from exporter.config.samplers.queues import QueuesSection
from exporter.queues.clients import ClientNames
from exporter.queues.known import KnownQueue, Note
from exporter.queues.model import QueueId, Reading
from exporter.queues.prefetch import with_prefetch
from exporter.queues.steps import Steps, together


@dataclass(frozen=True, slots=True)
class KeyPattern:
    """A pattern of keys that may belong to a framework: their type, a regular expression of their name.

    `glob` is what the server itself can filter by; it saves sending names, for types of which there are many.
    """

    type: str
    pattern: "re.Pattern[bytes]"
    glob: bytes = b"*"


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The last heartbeat of a worker, at a moment in epoch seconds.

    `process` tells it from all others, also from one of the same name that it has replaced. `active` are the
    jobs that it runs, `ended` those that it has ended since its start. `is_new`: it was started while
    somebody listened. `has_left`: it has ended in good order, or another one runs under its name.
    """

    process: str
    at: float
    active: int
    ended: int
    is_new: bool = False
    has_left: bool = False


@dataclass(frozen=True, slots=True)
class Heartbeats:
    """The workers that were heard in a database, by what stands before the name of their channel."""

    heard: Mapping[bytes, Sequence[Heartbeat]]


@dataclass(frozen=True, slots=True)
class ReadContext:
    """The circumstances of one pass.

    `at` is in epoch seconds, and so is `since`, from when on the server has been watched.

    `clients` is filled by the pass's first replies. `celery` is None while nothing is known of its workers.
    `known` are the queues of the server as far as they are known, of all frameworks and databases.
    """

    at: float
    settings: QueuesSection
    database: int = 0
    clients: ClientNames = field(default_factory=ClientNames)
    celery: Heartbeats | None = None
    known: Iterable[KnownQueue] = ()
    own_database: int = 0
    since: float | None = None

    @property
    def is_own_database(self) -> bool:
        """Whether this is the database that the target names."""
        return self.database == self.own_database

    def known_of(self, framework: str) -> Sequence[KnownQueue]:
        """The known queues of one framework in this database."""
        return [
            queue
            for queue in self.known
            if queue.id.framework == framework and queue.id.database == self.database
        ]

    @property
    def since_ms(self) -> int:
        """From when on the server has been watched, in milliseconds; now, where nobody has said."""
        return int((self.at if self.since is None else self.since) * 1000)

    @property
    def at_ms(self) -> int:
        """The same moment in milliseconds."""
        return int(self.at * 1000)


@dataclass(frozen=True, slots=True)
class CandidateKeys:
    """The keys that may belong to queues of a framework.

    `keys` are those that match the framework's key patterns, by type.
    """

    keys: Mapping[str, Sequence[bytes]] = field(default_factory=dict)

    def of(self, type_name: str) -> Sequence[bytes]:
        """The keys of one type."""
        return self.keys.get(type_name, ())


@dataclass(frozen=True, slots=True)
class Found:
    """A queue that was found, and what its framework wants noted about it.

    `absorbs` are what would be queues by themselves, and are parts of this one, or what
    its keys were taken for while less was known of them. `is_over_limit`: it is more
    than its framework will read, and only counted.
    """

    queue: QueueId
    notes: Mapping[str, Note] = field(default_factory=dict)
    absorbs: Sequence[QueueId] = ()
    is_over_limit: bool = False


class Framework(Protocol):
    """One framework; stateless, and the same object for all servers.

    Only commands that read are allowed, none slower than O(log n) in what may be big, and every range is
    capped. A reply may be a `ReplyError` (a key of another type): that figure is then unknown.
    """

    @property
    def name(self) -> str:
        """The value of the label `framework`."""
        ...

    @property
    def key_patterns(self) -> Sequence[KeyPattern]:
        """The keys worth looking for in the keyspace."""
        ...

    def find(self, seen: CandidateKeys, context: ReadContext) -> Steps[Sequence[Found]]:
        """The queues that there are, each recognised beyond doubt.

        Asked often with no keys seen (index keys are looked up all the same), and after each walk through the
        keyspace with what was found.
        """
        ...

    def read(self, queues: Sequence[KnownQueue], context: ReadContext) -> Steps[Sequence[Reading]]:
        """Read these queues, all in one go; the readings stand in their order."""
        ...

    def label(self, queue: QueueId) -> str:
        """The value of the label `queue`."""
        ...


def read_each(
    queues: Sequence[KnownQueue],
    context: ReadContext,
    read: Callable[[KnownQueue, ReadContext], Steps[Reading]],
) -> Steps[list[Reading]]:
    """Read queues of which each is read by itself, all in the same round trips."""
    return together([with_prefetch(queue.speculative_cache, read(queue, context)) for queue in queues])
