"""Lists and sorted sets of one's own making, as the configuration describes them.

A key belongs to the pattern that fits it with the most fixed text: `queue:dlq:email` is the dead letters of
`email` where `queue:dlq:{name}` is configured, even beside `queue:{name}:{priority}`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from exporter.config.samplers.queues import ListPattern, QueuesSection, WorkerPattern
from exporter.connection import Command, Reply
from exporter.samplers.queues.base import Found, Moment, Sightings, Signpost
from exporter.samplers.queues.heads import watch_head
from exporter.samplers.queues.known import KnownQueue, printable
from exporter.samplers.queues.model import Oldest, QueueId, Reading
from exporter.samplers.queues.replies import count, items, json_object
from exporter.samplers.queues.steps import Steps
from exporter.samplers.queues.timestamps import at_path, parse_moment
from exporter.samplers.queues.vocabulary import ALL_QUEUES, BACKLOG, Method, State

_ALL: Final = ALL_QUEUES.encode()
_PART: Final = re.compile(r"(\{[a-z]+\})")
_PRIORITY: Final = "priority/"
# A queue that was found by a key with its name has a key of every pattern with a name, if an empty one.
_NAMED: Final = "named"
_WORKER: Final = "worker/"
_MAX_WORKERS: Final = 1000
_MAX_PRIORITIES: Final = 50
_DUE: Final = frozenset({State.DELAYED, State.SCHEDULED, State.RETRY})


class Pattern:
    """A configured key pattern: recognises keys, takes them apart and puts them together."""

    def __init__(self, text: str) -> None:
        self._pieces = _PART.split(text)
        self.has_priority = "{priority}" in self._pieces
        self.fixed = sum(len(piece) for piece in self._pieces if not _PART.fullmatch(piece))
        self.regex = re.compile(b"".join(_piece_regex(piece) for piece in self._pieces), re.DOTALL)
        self.glob = b"".join(_piece_glob(piece) for piece in self._pieces)

    def parts(self, key: bytes) -> Mapping[str, bytes] | None:
        """The named parts of a key; None where it does not fit."""
        match = self.regex.fullmatch(key)
        return match.groupdict() if match else None

    def key(self, **parts: bytes) -> bytes:
        """The key with these parts."""
        return b"".join(
            parts[piece[1:-1]] if _PART.fullmatch(piece) else piece.encode() for piece in self._pieces
        )


def _piece_regex(piece: str) -> bytes:
    if not _PART.fullmatch(piece):
        return re.escape(piece.encode())
    # A name may hold the separator itself; the other parts are single words.
    form = rb".+" if piece == "{name}" else rb"[^:]+"
    return b"(?P<" + piece[1:-1].encode() + b">" + form + b")"


def _piece_glob(piece: str) -> bytes:
    return b"*" if _PART.fullmatch(piece) else re.sub(rb"([\\*?\[\]])", rb"\\\1", piece.encode())


@dataclass(frozen=True, slots=True)
class _Source:
    """One key of one queue, and what is asked about it."""

    settings: ListPattern
    key: bytes
    priority: str

    @property
    def state(self) -> State:
        return State(self.settings.state)


class PlainLists:
    """See the module. Built from the settings."""

    name = "list"

    def __init__(self, settings: QueuesSection) -> None:
        self._lists = [(pattern, Pattern(pattern.key)) for pattern in settings.lists]
        self._workers = [(pattern, Pattern(pattern.key)) for pattern in settings.workers]
        self.signposts: Sequence[Signpost] = [
            *(Signpost(settings.type, pattern.regex) for settings, pattern in self._lists),
            *(Signpost("hash", pattern.regex, pattern.glob) for _, pattern in self._workers),
        ]

    def label(self, queue: QueueId) -> str:
        """See `Framework`."""
        return printable(queue.name)

    def find(self, seen: Sightings, moment: Moment) -> Steps[Sequence[Found]]:
        """See `Framework`. Keys without a `{name}` are there from the start."""
        found: dict[bytes, dict[str, str | float | int]] = {}
        for settings, _ in self._lists:
            if settings.name:
                found.setdefault(settings.name.encode(), {})
        for type_name in ("list", "zset"):
            for key in seen.of(type_name):
                self._note_key(key, type_name, found)
        workers = [key for key in seen.of("hash") if any(pattern.parts(key) for _, pattern in self._workers)]
        if self._workers:
            found[_ALL] = {f"{_WORKER}{key.hex()}": 1 for key in workers[:_MAX_WORKERS]}
        yield from ()
        return [Found(QueueId(self.name, b"", name, moment.database), notes) for name, notes in found.items()]

    def _note_key(self, key: bytes, type_name: str, found: dict[bytes, dict[str, str | float | int]]) -> None:
        fitting = [
            (pattern.fixed, index, parts)
            for index, (_, pattern) in enumerate(self._lists)
            if (parts := pattern.parts(key)) is not None
        ]
        if not fitting:
            return
        _, index, parts = max(fitting, key=lambda fit: fit[:2])
        settings, pattern = self._lists[index]
        if settings.type != type_name:
            return
        notes = found.setdefault(parts.get("name", settings.name.encode()), {})
        if "name" in parts:
            notes[_NAMED] = 1
        if pattern.has_priority and len(notes) < _MAX_PRIORITIES:
            notes[f"{_PRIORITY}{parts['priority'].hex()}"] = 1

    def read(self, queues: Sequence[KnownQueue], moment: Moment) -> Steps[Sequence[Reading]]:
        """See `Framework`."""
        return self._read(queues, moment)

    def _read(self, queues: Sequence[KnownQueue], moment: Moment) -> Steps[Sequence[Reading]]:
        sources = [list(self._sources(queue)) for queue in queues]
        workers = [worker for queue in queues for worker in self._known_workers(queue)]
        replies = yield [
            *(command for of_queue in sources for source in of_queue for command in _ask(source, moment)),
            *(
                ("HMGET", key, pattern.heartbeat, pattern.queue or pattern.heartbeat)
                for key, pattern in workers
            ),
        ]
        answers = iter(replies)
        readings = []
        for queue, of_queue in zip(queues, sources, strict=True):
            reading = Reading(method=Method.FIRST_SEEN)
            for source in of_queue:
                own = [next(answers) for _ in _ask(source, moment)]
                _take(reading, queue, source, own, moment)
            readings.append(reading)
        if self._workers:
            _count_workers(queues, readings, workers, list(answers), moment)
        return readings

    def _sources(self, queue: KnownQueue) -> Iterable[_Source]:
        priorities = [
            bytes.fromhex(note.removeprefix(_PRIORITY)) for note in queue.notes if note.startswith(_PRIORITY)
        ]
        for settings, pattern in self._lists:
            if settings.name.encode() != queue.id.name and (settings.name or _NAMED not in queue.notes):
                continue
            if not pattern.has_priority:
                yield _Source(settings, pattern.key(name=queue.id.name), "")
                continue
            for priority in priorities:
                key = pattern.key(name=queue.id.name, priority=priority)
                yield _Source(settings, key, printable(priority))

    def _known_workers(self, queue: KnownQueue) -> Iterable[tuple[bytes, WorkerPattern]]:
        for note in queue.notes:
            if note.startswith(_WORKER):
                key = bytes.fromhex(note.removeprefix(_WORKER))
                pattern = next((settings for settings, pattern in self._workers if pattern.parts(key)), None)
                if pattern is not None:
                    yield key, pattern


def _ask(source: _Source, moment: Moment) -> list[Command]:
    """How many, the oldest, and for a sorted set how many are overdue."""
    settings, key = source.settings, source.key
    if settings.type == "list":
        return [("LLEN", key), ("LINDEX", key, -1 if settings.oldest == "tail" else 0)]
    scale = 1000 if settings.score == "milliseconds" else 1
    due = (moment.at - moment.settings.overdue_after.seconds) * scale
    return [("ZCARD", key), ("ZRANGE", key, 0, 0), ("ZCOUNT", key, "-inf", f"({due:.3f}")]


def _take(
    reading: Reading, queue: KnownQueue, source: _Source, replies: Sequence[Reply], moment: Moment
) -> None:
    length, oldest, *overdue = replies
    state = source.state
    jobs = count(length)
    reading.count(state, jobs)
    if source.priority and jobs is not None:
        place = (state, source.priority)
        reading.by_priority[place] = reading.by_priority.get(place, 0) + jobs
    if source.settings.type == "zset":
        if state in _DUE and (due := count(overdue[0])) is not None:
            reading.overdue = (reading.overdue or 0) + due
        oldest = next(iter(items(oldest)), None)
    if state in BACKLOG:
        _take_oldest(reading, queue, source, oldest, moment)


def _take_oldest(reading: Reading, queue: KnownQueue, source: _Source, job: Reply, moment: Moment) -> None:
    told = source.settings.time
    since = None
    if told is not None:
        reading.method = Method.TIMESTAMP
        since = parse_moment(at_path(json_object(job), told.path), told.format)
    if since is not None:
        found: Oldest | None = Oldest(since, Method.TIMESTAMP)
    else:
        found = watch_head(queue, job, moment.at, source.key.hex())
    if found is not None and (reading.oldest is None or found.since < reading.oldest.since):
        reading.oldest = found


def _count_workers(
    queues: Sequence[KnownQueue],
    readings: Sequence[Reading],
    workers: Sequence[tuple[bytes, WorkerPattern]],
    replies: Sequence[Reply],
    moment: Moment,
) -> None:
    """A worker counts for the queue that its hash names, or for all; one whose hash is gone has left."""
    silent_since = moment.at - moment.settings.silent_after.seconds
    for reading in readings:
        reading.workers = reading.silent_workers = 0
    gone = set()
    for (key, pattern), reply in zip(workers, replies, strict=True):
        heartbeat, served = (*items(reply), None, None)[:2]
        heard = parse_moment(heartbeat, pattern.format)
        if heard is None:
            gone.add(f"{_WORKER}{key.hex()}")
            continue
        for queue, reading in zip(queues, readings, strict=True):
            if pattern.queue and queue.id.name not in (served, _ALL):
                continue
            alive = heard >= silent_since
            reading.workers = (reading.workers or 0) + alive
            reading.silent_workers = (reading.silent_workers or 0) + (not alive)
            reading.last_heartbeat = max(reading.last_heartbeat or 0.0, heard)
    for queue in queues:
        for note in gone & queue.notes.keys():
            del queue.notes[note]
