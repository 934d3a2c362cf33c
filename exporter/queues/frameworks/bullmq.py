"""BullMQ, versions 3 to 6, from Node.js and Python.

Confirmed on npm `bullmq` 5.81 and 6.7 and PyPI `bullmq`.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final

from exporter.connection import Command, Reply
from exporter.queues.base import CandidateKeys, Found, KeyPattern, ReadContext
from exporter.queues.frameworks import bull_family as bull
from exporter.queues.frameworks.bull_fingerprint import BULLMQ, find_bullmq
from exporter.queues.frameworks.bull_lists import QUESTIONS, JobLists, ask_lists, note_oldest, read_lists
from exporter.queues.frameworks.bullmq_events import EndedJobs, read_events
from exporter.queues.known import KnownQueue
from exporter.queues.model import QueueId, Reading
from exporter.queues.prefetch import with_prefetch
from exporter.queues.replies import count, items, number, scored_members
from exporter.queues.steps import Steps, together
from exporter.queues.vocabulary import State

# A prioritized job's score is its priority times this, plus a counter.
PRIORITY_SCALE: Final = 1 << 32
# The first job of each of these priorities is looked for; of others, those met on the way.
_COMMON_PRIORITIES: Final = tuple(range(11))
_MAX_BANDS: Final = 40
_ZSETS: Final = {
    b":prioritized": State.PRIORITIZED,
    b":waiting-children": State.WAITING_CHILDREN,
    b":completed": State.COMPLETED,
    b":failed": State.FAILED,
}
# Replies between those about the sets and those to `EndedJobs.ask`: four, and three to `ask_limit`.
_FIXED: Final = 7


class BullMq:
    """See the module."""

    name = BULLMQ
    key_patterns = (
        KeyPattern("hash", re.compile(rb".+:meta", re.DOTALL), b"*:meta"),
        KeyPattern("stream", re.compile(rb".+:events", re.DOTALL)),
        KeyPattern("list", re.compile(rb".+:(wait|paused|active)", re.DOTALL)),
        KeyPattern(
            "zset", re.compile(rb".+:(delayed|prioritized|waiting-children|completed|failed)", re.DOTALL)
        ),
    )

    def label(self, queue: QueueId) -> str:
        """See `Framework`."""
        return bull.stem_label(queue.base)

    def find(self, seen: CandidateKeys, context: ReadContext) -> Steps[Sequence[Found]]:
        """See `Framework`. Also finds the queues that connected workers name."""
        return find_bullmq(seen, context)

    def read(self, queues: Sequence[KnownQueue], context: ReadContext) -> Steps[Sequence[Reading]]:
        """See `Framework`."""
        ends = [EndedJobs(queue, context.since_ms) for queue in queues]
        of_queues = [
            with_prefetch(queue.speculative_cache, _read(queue, ended, context))
            for queue, ended in zip(queues, ends, strict=True)
        ]
        readings, _ = yield from together([together(of_queues), read_events(ends)])
        for reading, ended in zip(readings, ends, strict=True):
            ended.conclude(reading)
        return readings


def _first_questions(stem: bytes, context: ReadContext, ended: EndedJobs) -> list[Command]:
    return [
        *ask_lists(stem, context),
        *(("ZCARD", stem + part) for part in _ZSETS),
        ("GET", stem + b":id"),
        ("HMGET", stem + b":meta", "paused", "max"),
        ("HGET", stem + b":metrics:completed", "count"),
        ("HGET", stem + b":metrics:failed", "count"),
        *bull.ask_limit(stem),
        *ended.ask(),
    ]


def _read(queue: KnownQueue, ended: EndedJobs, context: ReadContext) -> Steps[Reading]:
    stem = queue.id.base
    first = yield _first_questions(stem, context, ended)
    lists = read_lists(stem, first[:QUESTIONS])
    zsets, others = first[QUESTIONS : QUESTIONS + len(_ZSETS)], first[QUESTIONS + len(_ZSETS) :]
    last_id, meta, completed, failed, *limiter = others[:_FIXED]
    is_paused, most = (*items(meta), None, None)[:2]
    reading = lists.reading
    for state, reply in zip(_ZSETS.values(), zsets, strict=True):
        reading.count(state, count(reply))
    reading.added = number(last_id)
    reading.paused = is_paused is not None
    ended.begin((completed, failed), others[_FIXED:], reading)
    yield from _details(lists, stem, context)
    reading.workers = bull.count_workers(stem, context.clients)
    reading.rate_limited_seconds = bull.limited_seconds(reading, limiter, most)
    reading.schedulers = count(limiter[-1])
    return reading


def _details(lists: JobLists, stem: bytes, context: ReadContext) -> Steps[None]:
    """Read ages and locks, which need answers of the first round."""
    reading, heads = lists.reading, lists.heads
    locks = lists.running.ask()
    bands = _ask_bands(stem) if reading.jobs.get(State.PRIORITIZED) else []
    if State.ACTIVE in reading.jobs:
        reading.orphaned = reading.stuck = 0
    if not (heads or locks or bands):
        return
    replies = iter((yield [*(bull.ask_job(stem, job) for job in heads), *locks, *bands]))
    since = [bull.ready_since(reply) for reply in islice(replies, len(heads))]
    if locks:
        reading.orphaned, reading.stuck = lists.running.judge(list(islice(replies, len(locks))), context)
    firsts = _first_of_bands(replies)
    if firsts:
        since += [bull.ready_since(reply) for reply in (yield [bull.ask_job(stem, job) for job in firsts])]
    note_oldest(reading, since)


def _ask_bands(stem: bytes) -> list[Command]:
    """The first job of each common priority, or of the next one that there is; and of the last one."""
    key = stem + b":prioritized"
    starts = [
        ("ZRANGEBYSCORE", key, priority * PRIORITY_SCALE, "+inf", "WITHSCORES", "LIMIT", 0, 1)
        for priority in _COMMON_PRIORITIES
    ]
    return [*starts, ("ZRANGE", key, -1, -1, "WITHSCORES")]


def _first_of_bands(replies: Iterable[Reply]) -> list[bytes]:
    """The first job of each priority that was met: the oldest waiting job is among them."""
    first: dict[int, tuple[float, bytes]] = {}
    for reply in replies:
        for job, score in scored_members(reply):
            band = int(score) // PRIORITY_SCALE
            if band not in first or score < first[band][0]:
                first[band] = (score, job)
    return [job for _, job in list(first.values())[:_MAX_BANDS]]


FRAMEWORK: Final = BullMq()
