"""Bull, versions 3 and 4: BullMQ's predecessor.

Confirmed on npm `bull` 3.29 and 4.16. Jobs with a priority stand in `wait` like all others; the set
`priority` only tells where new ones go in between, so it is never added up.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from exporter.connection import Command, Reply
from exporter.queues.base import CandidateKeys, Found, KeyPattern, ReadContext, read_each
from exporter.queues.ends import KEPT, count_ends
from exporter.queues.frameworks import bull_family as bull
from exporter.queues.frameworks.bull_fingerprint import BULL, find_bull
from exporter.queues.frameworks.bull_lists import QUESTIONS, JobLists, ask_lists, note_oldest, read_lists
from exporter.queues.known import KnownQueue
from exporter.queues.model import QueueId, Reading
from exporter.queues.replies import count, number, scored_members
from exporter.queues.steps import Steps
from exporter.queues.vocabulary import Outcome, State

# The notes of when the newest of the jobs that are kept has ended, in ms, and of how many were kept.
_LAST: Final = "last/"
_BEFORE: Final = "before/"


class Bull:
    """See the module."""

    name = BULL
    key_patterns = (
        KeyPattern("string", re.compile(rb".+:id", re.DOTALL), b"*:[hi]*[dk]"),
        KeyPattern("list", re.compile(rb".+:(wait|paused|active)", re.DOTALL)),
        KeyPattern("zset", re.compile(rb".+:(delayed|completed|failed|priority)", re.DOTALL)),
    )

    def label(self, queue: QueueId) -> str:
        """See `Framework`."""
        return bull.stem_label(queue.base)

    def find(self, seen: CandidateKeys, context: ReadContext) -> Steps[Sequence[Found]]:
        """See `Framework`. Also finds the queues that connected workers name."""
        return find_bull(seen, context)

    def read(self, queues: Sequence[KnownQueue], context: ReadContext) -> Steps[Sequence[Reading]]:
        """See `Framework`."""
        return read_each(queues, context, _read)


def _read(queue: KnownQueue, context: ReadContext) -> Steps[Reading]:
    stem = queue.id.base
    first = yield [
        *ask_lists(stem, context),
        ("ZCARD", stem + b":completed"),
        ("ZCARD", stem + b":failed"),
        ("GET", stem + b":id"),
        ("EXISTS", stem + b":meta-paused"),
        ("HGET", stem + b":metrics:completed", "count"),
        ("HGET", stem + b":metrics:failed", "count"),
        *bull.ask_limit(stem),
        *_ask_new(queue, context),
    ]
    lists = read_lists(stem, first[:QUESTIONS])
    completed, failed, last_id, is_paused, *rest = first[QUESTIONS:]
    reading = lists.reading
    reading.count(State.COMPLETED, count(completed))
    reading.count(State.FAILED, count(failed))
    reading.added = number(last_id)
    reading.paused = is_paused == 1
    _count_finished(queue, reading, rest[:2], rest[5:])
    yield from _details(lists, stem, context)
    reading.workers = bull.count_workers(stem, context.clients)
    reading.rate_limited_seconds = bull.limited_seconds(reading, rest[2:5])
    reading.schedulers = count(rest[4])
    return reading


def _ask_new(queue: KnownQueue, context: ReadContext) -> list[Command]:
    """How many ended jobs were added to those that are kept since the last pass, and the time of the last."""
    keys = {outcome: queue.id.base + b":" + state.value.encode() for outcome, state in KEPT.items()}
    since = {outcome: queue.number(_LAST + outcome, context.since_ms) for outcome in keys}
    return [
        *(("ZCOUNT", key, f"({since[outcome]:.0f}", "+inf") for outcome, key in keys.items()),
        *(("ZREVRANGE", key, 0, 0, "WITHSCORES") for key in keys.values()),
    ]


def _count_finished(
    queue: KnownQueue, reading: Reading, metrics: Sequence[Reply], replies: Sequence[Reply]
) -> None:
    """Count ends as workers with metrics do; nothing else in Bull counts them."""
    counted = dict(zip(KEPT, (number(reply) for reply in metrics), strict=True))
    reading.finished = {outcome: ended for outcome, ended in counted.items() if ended is not None}
    if not reading.finished:
        count_ends(queue, reading, _grown(queue, reading, replies))


def _grown(queue: KnownQueue, reading: Reading, replies: Sequence[Reply]) -> Mapping[Outcome, float]:
    """The sets of ended jobs may be cut to a number or an age: then they do not grow, and times tell."""
    grown = {}
    for outcome, new, last in zip(KEPT, replies[:2], replies[2:], strict=True):
        kept = reading.jobs.get(KEPT[outcome])
        if kept is None or count(new) is None:
            continue
        before = queue.number(_BEFORE + outcome, kept)
        queue.notes[_BEFORE + outcome] = kept
        grown[outcome] = float(max(kept - before, count(new) or 0))
        for _, ended_ms in scored_members(last):
            queue.notes[_LAST + outcome] = ended_ms
    return grown


def _details(lists: JobLists, stem: bytes, context: ReadContext) -> Steps[None]:
    """Read ages and locks, which need answers of the first round."""
    reading, heads = lists.reading, lists.heads
    locks = lists.running.ask()
    replies = []
    if heads or locks:
        replies = list((yield [*(bull.ask_job(stem, job) for job in heads), *locks]))
    if State.ACTIVE in reading.jobs:
        reading.orphaned, reading.stuck = lists.running.judge(replies[len(heads) :], context)
    note_oldest(reading, (bull.ready_since(reply) for reply in replies[: len(heads)]))


FRAMEWORK: Final = Bull()
