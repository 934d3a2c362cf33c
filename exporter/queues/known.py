"""The queues that were ever found on a server, and what must be remembered of each from pass to pass."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from exporter.queues.model import QueueId
from exporter.queues.prefetch import SpeculativeCache

# What can be remembered: anything that survives a trip through JSON.
Note = str | float | int
# Times as many queues as are read are remembered to be over the limit, of each framework.
_MAX_REFUSED: Final = 10
EMPTY_NOTES: Final[Mapping[str, Note]] = {}


@dataclass(slots=True)
class KnownQueue:
    """A queue, its label, when it was last seen alive (epoch seconds), and a framework's notes about it.

    `speculative_cache` is what its reader asked in the last pass, `memory` what else it remembers; unlike
    the notes they end with the process.
    """

    id: QueueId
    label: str
    alive_at: float
    notes: dict[str, Note] = field(default_factory=dict)
    speculative_cache: SpeculativeCache = field(default_factory=SpeculativeCache, compare=False, repr=False)
    memory: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def foresight(self) -> SpeculativeCache:
        """The name of `speculative_cache` in release 0.1, for frameworks of other packages."""
        return self.speculative_cache

    def number(self, note: str, default: float = 0.0) -> float:
        """A note that is a number."""
        value = self.notes.get(note, default)
        return default if isinstance(value, str) else value

    def text(self, note: str) -> str:
        """A note that is a text; empty where there is none."""
        value = self.notes.get(note, "")
        return value if isinstance(value, str) else ""

    def first_seen(self, what: str, identity: str, at: float) -> float:
        """Since when `what` has been the thing of this identity: now, unless it was before."""
        if self.text(what) != identity:
            self.notes[what] = identity
            self.notes[f"{what}_since"] = at
        return self.number(f"{what}_since", at)

    def forget(self, what: str) -> None:
        """There is no such thing any more."""
        self.notes.pop(what, None)
        self.notes.pop(f"{what}_since", None)

    def add(self, counter: str, amount: float) -> float:
        """Move a counter of our own on; its new value."""
        value = self.notes[counter] = self.number(counter) + amount
        return value

    def follow(self, counter: str, source: str, value: float, *, is_new: bool = False) -> float:
        """Move our counter on by what a source's counter has grown, from 0 where the source began anew.

        What a source had counted when it was first seen is not counted: it was before our time, unless it is
        new.
        """
        note = f"{counter}/{source}"
        before = self.number(note, 0.0 if is_new else value)
        self.notes[note] = value
        return self.add(counter, value - before if value >= before else value)

    def drop_sources(self, counter: str, alive: Iterable[str]) -> None:
        """Forget the sources of a counter that are gone."""
        kept = {f"{counter}/{source}" for source in alive}
        prefix = f"{counter}/"
        for note in [name for name in self.notes if name.startswith(prefix) and name not in kept]:
            del self.notes[note]


class KnownQueues:
    """Every queue of one server, at most `limit`; those on top are counted, and left alone.

    Frameworks share the room: one that needs more takes it from the one that has most, as long as that has
    more than itself, so that none is crowded out.
    """

    def __init__(self, limit: int) -> None:
        self.changed = False
        self._limit = limit
        self._queues: dict[QueueId, KnownQueue] = {}
        self._counts: Counter[str] = Counter()
        self._labels: set[tuple[str, int, str]] = set()
        # When those that are over the limit were last seen.
        self._refused: dict[str, dict[QueueId, float]] = {}

    def __len__(self) -> int:
        return len(self._queues)

    def __iter__(self) -> Iterator[KnownQueue]:
        return iter(self._queues.values())

    def __contains__(self, queue: QueueId) -> bool:
        return queue in self._queues

    @property
    def counts(self) -> Mapping[str, int]:
        """How many queues are read, by framework."""
        return +self._counts

    @property
    def over_limit(self) -> Mapping[str, int]:
        """How many queues there are besides, by framework."""
        return {framework: len(refused) for framework, refused in self._refused.items() if refused}

    def see(self, queue: QueueId, label: str, at: float, notes: Mapping[str, Note] = EMPTY_NOTES) -> None:
        """A queue has been found; a new one is taken in while there is room."""
        known = self._queues.get(queue)
        if known is not None:
            known.alive_at = at
            known.notes.update(notes)
        elif self._make_room(queue.framework, at):
            self.restore([KnownQueue(queue, self._free_label(queue, label), at, dict(notes))])
            self._refused.get(queue.framework, {}).pop(queue, None)
            self.changed = True
        else:
            self.refuse(queue, at)

    def refuse(self, queue: QueueId, at: float) -> None:
        """Count a queue as over the limit, as of a moment (epoch seconds).

        They are remembered, so that each is counted once, up to a limit of their own.
        """
        refused = self._refused.setdefault(queue.framework, {})
        if queue in refused or len(refused) < _MAX_REFUSED * self._limit:
            refused[queue] = at

    def absorb(self, queue: QueueId) -> None:
        """A queue is part of another one."""
        known = self._queues.get(queue)
        if known is not None:
            self.drop(known)
        self._refused.get(queue.framework, {}).pop(queue, None)

    def _make_room(self, framework: str, at: float) -> bool:
        if len(self._queues) < self._limit:
            return True
        greediest = max(self._counts, key=lambda name: (self._counts[name], name))
        if self._counts[greediest] <= self._counts[framework] + 1:
            return False
        latest = next(known for known in reversed(self._queues.values()) if known.id.framework == greediest)
        self.drop(latest)
        self.refuse(latest.id, at)
        return True

    def restore(self, queues: Iterable[KnownQueue]) -> None:
        """Take in what was remembered elsewhere."""
        for known in queues:
            if known.id not in self._queues and len(self._queues) < self._limit:
                self._queues[known.id] = known
                self._counts[known.id.framework] += 1
                self._labels.add((known.id.framework, known.id.database, known.label))

    def _free_label(self, queue: QueueId, label: str) -> str:
        """Two queues never share their labels: the one found later shows the whole stem of its keys."""
        if (queue.framework, queue.database, label) not in self._labels:
            return label
        return printable(queue.base + queue.name)

    def expire(self, before: float, refused_before: float) -> Sequence[KnownQueue]:
        """Forget the queues that were last alive before this moment (epoch seconds).

        Also those over the limit that were last seen before the other one.
        """
        gone = [known for known in self._queues.values() if known.alive_at < before]
        for known in gone:
            self.drop(known)
        for refused in self._refused.values():
            for queue in [queue for queue, seen_at in refused.items() if seen_at < refused_before]:
                del refused[queue]
        return gone

    def drop(self, known: KnownQueue) -> None:
        """Forget one queue."""
        del self._queues[known.id]
        self._counts[known.id.framework] -= 1
        self._labels.discard((known.id.framework, known.id.database, known.label))
        self.changed = True

    def by_framework(self) -> dict[tuple[int, str], list[KnownQueue]]:
        """The queues, by database and name of the framework."""
        return group_queues(self._queues.values())


def group_queues(queues: Iterable[KnownQueue]) -> dict[tuple[int, str], list[KnownQueue]]:
    """Queues by database and name of the framework."""
    groups: dict[tuple[int, str], list[KnownQueue]] = {}
    for known in queues:
        groups.setdefault((known.id.database, known.id.framework), []).append(known)
    return groups


def printable(name: bytes) -> str:
    """Return part of a key as a label value; bytes that are not text are escaped."""
    return name.decode("utf-8", "backslashreplace")
