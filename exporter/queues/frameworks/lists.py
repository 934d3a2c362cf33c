"""Lists and sorted sets of one's own making, as the configuration describes them.

A key belongs to one pattern: `queue:dlq:email` is the dead letters of `email` where `queue:dlq:{name}` is
configured, even beside `queue:{name}:{priority}`. See `key_owners` for how that is decided.

Once a name is known, its keys of all patterns are asked in every pass, and so are the priorities that other
queues have: nothing of it waits for a walk.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from exporter.config.samplers.queues import ListPattern, QueuesSection, WorkerPattern
from exporter.connection import Command, Reply
from exporter.errors import ReplyError
from exporter.queues.base import CandidateKeys, Found, KeyPattern, ReadContext
from exporter.queues.frameworks.key_owners import Evidence, KeyOwners, PatternMatch
from exporter.queues.frameworks.key_patterns import Pattern
from exporter.queues.heads import watch_head
from exporter.queues.known import KnownQueue, Note, printable
from exporter.queues.model import Oldest, QueueId, Reading
from exporter.queues.replies import count, items, json_object
from exporter.queues.stale_workers import assign_stale_workers
from exporter.queues.steps import Steps
from exporter.queues.timestamps import at_path, parse_moment
from exporter.queues.vocabulary import ALL_QUEUES, BACKLOG, Method, State
from exporter.sampling.keyspace_stats import code_of

_ALL: Final = ALL_QUEUES.encode()
_PRIORITY: Final = "priority/"
# A queue that was found by a key with its name has a key of every pattern with a name, if an empty one.
_NAMED: Final = "named"
# One of these keys fitted no other pattern.
_CERTAIN: Final = "certain"
# The patterns of its keys.
_BY: Final = "by/"
_WORKER: Final = "worker/"
_MAX_WORKERS: Final = 1000
_MAX_PRIORITIES: Final = 50
# Priorities of other queues that are asked for: of one queue, and of all together.
_MAX_OTHERS: Final = 16
_MAX_OTHERS_OF_ALL: Final = 2000
# Keys that turned out to be of another type, and when that was; they are asked again after so many seconds.
_OF_OTHERS: Final = "keys of another type"
_LEFT_ALONE_SECONDS: Final = 50.0
_DUE: Final = frozenset({State.DELAYED, State.SCHEDULED, State.RETRY})


@dataclass(frozen=True, slots=True)
class _ListKey:
    """One key of one queue, and what is asked about it."""

    settings: ListPattern
    key: bytes
    priority: bytes

    @property
    def state(self) -> State:
        return State(self.settings.state)


class PlainLists:
    """See the module. Built from the settings."""

    name = "list"

    def __init__(self, settings: QueuesSection) -> None:
        self._lists = settings.lists
        self._owners = KeyOwners(settings.lists)
        self._workers = [(pattern, Pattern(pattern.key)) for pattern in settings.workers]
        self.key_patterns: Sequence[KeyPattern] = [
            *(
                KeyPattern(settings.type, pattern.regex)
                for settings, pattern in zip(settings.lists, self._owners.patterns, strict=True)
            ),
            *(KeyPattern("hash", pattern.regex, pattern.glob) for _, pattern in self._workers),
        ]

    def label(self, queue: QueueId) -> str:
        """See `Framework`."""
        return printable(queue.name)

    def find(self, seen: CandidateKeys, context: ReadContext) -> Steps[Sequence[Found]]:
        """See `Framework`. Keys without a `{name}` are there from the start, in the target's own database."""
        found: dict[bytes, dict[str, Note]] = {}
        if context.is_own_database:
            for settings in self._lists:
                if settings.name:
                    _note_priority(found.setdefault(settings.name.encode(), {}), settings.priority.encode())
        keys = [(key, type_name) for type_name in ("list", "zset") for key in seen.of(type_name)]
        evidence = self._evidence(context.known_of(self.name))
        for key, type_name in keys:
            if (match := self._owners.only_match(key, type_name)) is not None:
                self._note(match, found)[_CERTAIN] = 1
                _learn(match, evidence)
        likely = {
            match.priority
            for key, type_name in keys
            if (match := self._owners.owner(key, type_name, evidence)) and evidence.expects(match.priority)
        }
        evidence.priorities |= likely
        for key, type_name in keys:
            if (match := self._owners.owner(key, type_name, evidence)) is not None:
                self._note(match, found)
        workers = [key for key in seen.of("hash") if any(pattern.parts(key) for _, pattern in self._workers)]
        if self._workers:
            found[_ALL] = {f"{_WORKER}{key.hex()}": 1 for key in workers[:_MAX_WORKERS]}
        yield from ()
        return [
            Found(QueueId(self.name, b"", name, context.database), notes) for name, notes in found.items()
        ]

    def _note(self, match: PatternMatch, found: dict[bytes, dict[str, Note]]) -> dict[str, Note]:
        notes = found.setdefault(match.name, {})
        settings = self._lists[match.index]
        if not settings.name:
            notes[_NAMED] = notes[f"{_BY}{settings.key}"] = 1
        _note_priority(notes, match.priority)
        return notes

    def _evidence(self, queues: Iterable[KnownQueue]) -> Evidence:
        """Return remembered evidence: a decision stands although the keys it stood on have been drained."""
        evidence = self._owners.evidence()
        for queue in queues:
            if _CERTAIN in queue.notes:
                evidence.names.add(queue.id.name)
            if queue.id.name not in self._owners.names:
                evidence.priorities.update(_priorities(queue))
        return evidence

    def read(self, queues: Sequence[KnownQueue], context: ReadContext) -> Steps[Sequence[Reading]]:
        """See `Framework`."""
        return self._read(queues, context)

    def _read(self, queues: Sequence[KnownQueue], context: ReadContext) -> Steps[Sequence[Reading]]:
        evidence = self._evidence(queues)
        others = _usual_priorities(queues)
        sources = [list(self._sources(queue, evidence, others)) for queue in queues]
        asked = [
            [source for source in of_queue if not _is_left_alone(queue, source, context)]
            for queue, of_queue in zip(queues, sources, strict=True)
        ]
        workers = [worker for queue in queues for worker in self._known_workers(queue)]
        replies = yield [
            *(command for of_queue in asked for source in of_queue for command in _ask(source, context)),
            *(
                ("HMGET", key, pattern.heartbeat, pattern.queue or pattern.heartbeat)
                for key, pattern in workers
            ),
        ]
        answers = iter(replies)
        readings = []
        for queue, of_queue, asked_of_queue in zip(queues, sources, asked, strict=True):
            reading = Reading(method=Method.FIRST_SEEN, is_mistaken=self._is_mistaken(queue, of_queue))
            for source in asked_of_queue:
                own = [next(answers) for _ in _ask(source, context)]
                if isinstance(own[0], ReplyError) and code_of(own[0]) == "WRONGTYPE":
                    queue.memory.setdefault(_OF_OTHERS, {})[source.key] = context.at
                _take(reading, queue, source, own, context)
            readings.append(reading)
        if self._workers:
            _count_workers(queues, readings, workers, list(answers), context)
        return readings

    def _sources(
        self, queue: KnownQueue, evidence: Evidence, other_priorities: Sequence[bytes]
    ) -> Iterable[_ListKey]:
        """The keys of a queue, without those that are another one's."""
        name = queue.id.name
        for index, (settings, pattern) in enumerate(zip(self._lists, self._owners.patterns, strict=True)):
            if settings.name.encode() != name and (settings.name or _NAMED not in queue.notes):
                continue
            if not pattern.has_priority:
                sources = [_ListKey(settings, pattern.key(name=name), settings.priority.encode())]
            else:
                sources = [
                    _ListKey(settings, pattern.key(name=name, priority=priority), priority)
                    for priority in dict.fromkeys((*_priorities(queue), *other_priorities))
                ]
            yield from (source for source in sources if self._owners.belongs(index, source.key, evidence))

    def _is_mistaken(self, queue: KnownQueue, sources: Sequence[_ListKey]) -> bool:
        """Whether every key by which the queue was found has turned out to be another one's."""
        if _NAMED not in queue.notes or _CERTAIN in queue.notes or queue.id.name in self._owners.names:
            return False
        priorities = {*_priorities(queue), b""}
        patterns = {note.removeprefix(_BY) for note in queue.notes if note.startswith(_BY)}
        return not any(
            source.priority in priorities and (not patterns or source.settings.key in patterns)
            for source in sources
        )

    def _known_workers(self, queue: KnownQueue) -> Iterable[tuple[bytes, WorkerPattern]]:
        for note in queue.notes:
            if note.startswith(_WORKER):
                key = bytes.fromhex(note.removeprefix(_WORKER))
                pattern = next((settings for settings, pattern in self._workers if pattern.parts(key)), None)
                if pattern is not None:
                    yield key, pattern


def _note_priority(notes: dict[str, Note], priority: bytes) -> None:
    if priority and len(notes) < _MAX_PRIORITIES:
        notes[f"{_PRIORITY}{priority.hex()}"] = 1


def _learn(match: PatternMatch, evidence: Evidence) -> None:
    evidence.names.add(match.name)
    if match.priority:
        evidence.priorities.add(match.priority)


def _priorities(queue: KnownQueue) -> Sequence[bytes]:
    return [bytes.fromhex(note.removeprefix(_PRIORITY)) for note in queue.notes if note.startswith(_PRIORITY)]


def _usual_priorities(queues: Sequence[KnownQueue]) -> Sequence[bytes]:
    """The priorities that most queues have: of many queues fewer."""
    counted = Counter(priority for queue in queues for priority in _priorities(queue))
    room = min(_MAX_OTHERS, _MAX_OTHERS_OF_ALL // max(1, len(queues)))
    return sorted(counted, key=lambda priority: (-counted[priority], priority))[:room]


def _is_left_alone(queue: KnownQueue, source: _ListKey, context: ReadContext) -> bool:
    """Whether a key is something else, so that asking for jobs in it would be an error in every pass."""
    told = queue.memory.get(_OF_OTHERS, {}).get(source.key)
    return told is not None and abs(context.at - told) < _LEFT_ALONE_SECONDS


def _ask(source: _ListKey, context: ReadContext) -> list[Command]:
    """How many, the oldest, and for a sorted set how many are overdue."""
    settings, key = source.settings, source.key
    if settings.type == "list":
        return [("LLEN", key), ("LINDEX", key, -1 if settings.oldest == "tail" else 0)]
    scale = 1000 if settings.score == "milliseconds" else 1
    due = (context.at - context.settings.overdue_after.seconds) * scale
    return [("ZCARD", key), ("ZRANGE", key, 0, 0), ("ZCOUNT", key, "-inf", f"({due:.3f}")]


def _take(
    reading: Reading, queue: KnownQueue, source: _ListKey, replies: Sequence[Reply], context: ReadContext
) -> None:
    length, oldest, *overdue = replies
    state = source.state
    jobs = count(length)
    reading.count(state, jobs)
    if source.priority and jobs is not None:
        _take_priority(reading, queue, source, jobs)
    if source.settings.type == "zset":
        if state in _DUE and (due := count(overdue[0])) is not None:
            reading.overdue = (reading.overdue or 0) + due
        oldest = next(iter(items(oldest)), None)
    if state in BACKLOG:
        _take_oldest(reading, queue, source, oldest, context)


def _take_priority(reading: Reading, queue: KnownQueue, source: _ListKey, jobs: int) -> None:
    """Take in the jobs of one priority.

    A priority that only other queues have had so far is none of this queue's as long as nothing is in it.
    """
    note = f"{_PRIORITY}{source.priority.hex()}"
    if jobs:
        queue.notes.setdefault(note, 1)
    elif note not in queue.notes:
        return
    place = (source.state, printable(source.priority))
    reading.by_priority[place] = reading.by_priority.get(place, 0) + jobs


def _take_oldest(
    reading: Reading, queue: KnownQueue, source: _ListKey, job: Reply, context: ReadContext
) -> None:
    told = source.settings.time
    since = None
    if told is not None:
        reading.method = Method.TIMESTAMP
        since = parse_moment(at_path(json_object(job), told.path), told.format)
    if since is not None:
        found: Oldest | None = Oldest(since, Method.TIMESTAMP)
    else:
        found = watch_head(queue, job, context.at, source.key.hex())
    if found is not None and (reading.oldest is None or found.since < reading.oldest.since):
        reading.oldest = found


def _count_workers(
    queues: Sequence[KnownQueue],
    readings: Sequence[Reading],
    workers: Sequence[tuple[bytes, WorkerPattern]],
    replies: Sequence[Reply],
    context: ReadContext,
) -> None:
    """Count each worker for the queue that its hash names, or for all.

    One whose hash is gone has left. A stale one is counted once.
    """
    stale_before = context.at - context.settings.silent_after.seconds
    for reading in readings:
        reading.workers = 0
    gone = set()
    stale: list[list[bytes]] = []
    for (key, pattern), reply in zip(workers, replies, strict=True):
        heartbeat, served = (*items(reply), None, None)[:2]
        heard = parse_moment(heartbeat, pattern.format)
        if heard is None:
            gone.add(f"{_WORKER}{key.hex()}")
            continue
        alive = heard >= stale_before
        if not alive:
            stale.append([served if pattern.queue and isinstance(served, bytes) else _ALL])
        for queue, reading in zip(queues, readings, strict=True):
            if pattern.queue and queue.id.name not in (served, _ALL):
                continue
            reading.workers = (reading.workers or 0) + alive
            reading.last_heartbeat = max(reading.last_heartbeat or 0.0, heard)
    assign_stale_workers({queue.id.name: one for queue, one in zip(queues, readings, strict=True)}, stale)
    for queue in queues:
        for note in gone & queue.notes.keys():
            del queue.notes[note]
