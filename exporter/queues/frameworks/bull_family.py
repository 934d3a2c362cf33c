"""The layout that BullMQ and Bull share: lists of job ids, job hashes, locks.

Sources: the Lua scripts and getters of npm `bullmq` 5.81 and 6.7 and of `bull` 3.29 and 4.16.
"""

import base64
import binascii
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from exporter.connection import Command, Reply
from exporter.queues.base import CandidateKeys, ReadContext
from exporter.queues.clients import ClientNames
from exporter.queues.known import printable
from exporter.queues.model import Reading
from exporter.queues.replies import count, items, json_object, names, number
from exporter.queues.timestamps import parse_number
from exporter.queues.vocabulary import State

# Active jobs beyond these are counted, and not looked at one by one.
MAX_ACTIVE: Final = 1000
# A delayed job's score is its moment in ms times this, plus a counter.
DELAY_SCALE: Final = 0x1000
# What BullMQ writes into `meta`, and Bull, which notes there that a queue is paused, does not.
META_FIELDS: Final = ("version", "opts.maxLenEvents")
# `Queue.rateLimit` sets the largest whole number of JavaScript.
_BY_HAND: Final = 1 << 50
# These prefixes are the frameworks' defaults and say nothing: they are left out of the label.
_DEFAULT_PREFIXES: Final = (b"bull:", b"{bull}:")
# Connections are named as their programs like; no more of them are looked into.
_MAX_NAMED: Final = 1000
# Versions up to 4 of BullMQ leave ids of this form in `wait`, to wake up workers.
_MARKER: Final = b"0:"


def stem_label(stem: bytes) -> str:
    """The label of a queue whose keys start with this stem: without the default prefix."""
    for prefix in _DEFAULT_PREFIXES:
        if stem.startswith(prefix) and len(stem) > len(prefix):
            return printable(stem[len(prefix) :])
    return printable(stem)


def stems(seen: CandidateKeys) -> list[bytes]:
    """Return the stems of the names that were seen: what comes before their last part, each once."""
    found: dict[bytes, None] = {}
    for keys in seen.keys.values():
        for key in keys:
            stem, _, _ = key.rpartition(b":")
            if stem:
                found[stem] = None
    return list(found)


def count_without_markers(length: Reply, tail: Reply) -> tuple[int | None, bytes | None]:
    """The jobs in a list, and the oldest one's id, given its length and its last two elements."""
    total, last = count(length), list(names(tail))
    markers = 0
    while last and last[-1].startswith(_MARKER):
        last.pop()
        markers += 1
    if total is None:
        return None, None
    return max(0, total - markers), last[-1] if last else None


def ask_job(stem: bytes, job_id: bytes) -> Command:
    """Ask for what `ready_since` needs."""
    return ("HMGET", stem + b":" + job_id, "timestamp", "opts", "processedOn", "finishedOn")


def ready_since(reply: Reply) -> float | None:
    """Since when (epoch seconds) a waiting job has been ready to run; None where it does not say.

    A delayed job became ready after its delay (its own field `delay` is set to 0 then), one that has run
    before and is to run again not before its last run.
    """
    fields = list(items(reply))
    if len(fields) != 4:
        return None
    added = parse_number(fields[0], 1e-3)
    if added is None:
        return None
    delay = number(json_object(fields[1]).get("delay")) or 0.0
    earlier = [parse_number(field, 1e-3) or 0.0 for field in fields[2:]]
    return max(added + max(0.0, delay) / 1000, *earlier)


class ActiveJobs:
    """The active jobs of a queue: those that nobody holds, and those that have been running for too long.

    `ask` puts `replies_per_job` commands per job, and one more at the end: the list is read again after the
    locks, so that a job that ends in between is not taken for one without a lock.
    """

    def __init__(self, stem: bytes, listed: Reply) -> None:
        self._stem = stem
        self._ids = names(listed)

    def ask(self) -> list[Command]:
        """The commands, none where nothing is active."""
        if not self._ids:
            return []
        jobs = [self._stem + b":" + job_id for job_id in self._ids]
        return [
            *(("EXISTS", job + b":lock") for job in jobs),
            *(("HGET", job, "processedOn") for job in jobs),
            ask_active(self._stem),
        ]

    def judge(self, replies: Sequence[Reply], context: ReadContext) -> tuple[int, int]:
        """How many are orphaned, and how many of the others are stuck."""
        if not self._ids:
            return 0, 0
        size = len(self._ids)
        still = set(names(replies[-1]))
        started_before = context.at - context.settings.stuck_after.seconds
        orphaned = stuck = 0
        for job_id, lock, started in zip(self._ids, replies[:size], replies[size : 2 * size], strict=True):
            if job_id not in still:
                continue
            if lock == 0:
                orphaned += 1
            elif lock == 1 and (parse_number(started, 1e-3) or context.at) < started_before:
                stuck += 1
        return orphaned, stuck


def ask_active(stem: bytes) -> Command:
    """Ask for the active jobs that have been running longest."""
    return ("LRANGE", stem + b":active", -MAX_ACTIVE, -1)


def overdue_score(context: ReadContext) -> int:
    """Delayed jobs with a score below this should have been promoted."""
    return int((context.at - context.settings.overdue_after.seconds) * 1000) * DELAY_SCALE


def ask_limit(stem: bytes) -> list[Command]:
    """Ask for the limiter, and for how many schedulers there are."""
    return [("GET", stem + b":limiter"), ("PTTL", stem + b":limiter"), ("ZCARD", stem + b":repeat")]


def limited_seconds(reading: Reading, replies: Sequence[Reply], most: Reply = None) -> float:
    """How long a rate limit still keeps the queue from handing out jobs.

    `most`: how many jobs may begin while the limiter's key lives, where the queue itself knows it. Often just
    its workers do: then a limit has been reached where they let jobs wait and run none. A limit that was set
    by hand counts beyond any number of jobs. Source: getRateLimitTtl of BullMQ 5 and 6.
    """
    begun, left = number(replies[0]), count(replies[1]) or 0
    if begun is None or left <= 0:
        return 0.0
    limit = number(most)
    if begun >= _BY_HAND or (limit is not None and begun >= limit):
        return left / 1000
    is_idle = bool(reading.backlog) and not reading.jobs.get(State.ACTIVE)
    return left / 1000 if limit is None and is_idle and reading.workers != 0 else 0.0


def count_workers(stem: bytes, clients: ClientNames) -> int | None:
    """How many workers of a queue are connected; None where the server does not tell.

    A worker names its blocking connection `<prefix>:<base64 of the queue's name>`, and some add `:w:<name>`.
    Which part of the stem is the prefix is not known, so every split is tried. Bull 3 names the connections
    of producers in the same way; they are counted too, as its own `getWorkers` does.
    """
    if clients.names is None:
        return None
    own = {name.decode("ascii", "replace") for name in _client_names(stem)}
    return sum(1 for name in clients.names if name in own or name.partition(":w:")[0] in own)


def _client_names(stem: bytes) -> list[bytes]:
    parts = stem.split(b":")
    return [
        b":".join(parts[:split]) + b":" + base64.b64encode(b":".join(parts[split:]))
        for split in range(1, len(parts))
    ]


@lru_cache(maxsize=20_000)
def stem_of_client(name: str) -> bytes | None:
    """The stem of the queue that a connection of this name works for; None where it is no worker's name."""
    prefix, _, encoded = name.partition(":w:")[0].removesuffix(":qe").rpartition(":")
    try:
        queue = base64.b64decode(encoded, validate=True)
        queue.decode()
    except (binascii.Error, ValueError):
        # No base64, or no text in it.
        return None
    return prefix.encode() + b":" + queue if prefix and queue else None


def stems_of_clients(clients: ClientNames) -> list[bytes]:
    """The stems of the queues that connected workers name, in order; of very many just the first."""
    # Many connections have the same name, those of a pool above all.
    named = map(stem_of_client, set(clients.names or ()))
    return sorted({stem for stem in named if stem})[:_MAX_NAMED]
