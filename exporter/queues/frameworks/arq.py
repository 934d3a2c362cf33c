"""arq. Confirmed on PyPI `arq` 0.28.

One sorted set holds a queue's jobs until they have ended, running ones included, scored by the moment (ms) at
which they are to run. A worker's `health-check` string is shared by all workers of a queue, so that its
counters belong to whoever wrote it last: it tells just that somebody is there. Jobs are pickles and are never
looked at.
"""

import re
from collections.abc import Sequence
from typing import Final

from exporter.queues.base import CandidateKeys, Found, KeyPattern, ReadContext, read_each
from exporter.queues.known import KnownQueue, printable
from exporter.queues.model import Oldest, QueueId, Reading
from exporter.queues.probes import ask_fitting, find_types, keep_fitting
from exporter.queues.replies import count, scored_members, text
from exporter.queues.steps import Steps, together
from exporter.queues.timestamps import plausible
from exporter.queues.vocabulary import Method, State

_DEFAULT: Final = b"arq:queue"
_HEALTH: Final = b":health-check"
_IN_PROGRESS: Final = b"arq:in-progress:"
_JOB: Final = b"arq:job:"
# Jobs that are to be aborted, of all queues.
_ABORT: Final = b"arq:abort"
# So many members of a sorted set are looked at to tell whether they are jobs: the first and the last ones.
_PROBES: Final = 3
# So many due jobs are looked at one by one; running ones stand first, unless they were retried.
_MAX_DUE: Final = 500


# The note that a worker has reported under the queue's usual key: they may be told to use another one.
_REPORTED: Final = "reported"


class Arq:
    """See the module."""

    name = "arq"
    key_patterns = (
        KeyPattern("string", re.compile(rb".+:health-check", re.DOTALL), b"*:[hi]*[dk]"),
        # A queue may have any name.
        KeyPattern("zset", re.compile(rb".+", re.DOTALL)),
    )

    def label(self, queue: QueueId) -> str:
        """See `Framework`."""
        return printable(queue.name)

    def find(self, seen: CandidateKeys, context: ReadContext) -> Steps[Sequence[Found]]:
        """See `Framework`: sorted sets of jobs, and the queues that a worker reports on."""
        told = [key.removesuffix(_HEALTH) for key in seen.of("string")]
        sets = [key for key in seen.of("zset") if key not in (_DEFAULT, _ABORT)]
        found = yield from together(
            [
                keep_fitting(list(dict.fromkeys([_DEFAULT, *told])), _is_reported_on),
                keep_fitting(sets, _holds_jobs),
                keep_fitting([_DEFAULT], _is_set_of_jobs),
            ]
        )
        names = dict.fromkeys(name for part in found for name in part)
        return [Found(QueueId(self.name, b"", name, context.database)) for name in names]

    def read(self, queues: Sequence[KnownQueue], context: ReadContext) -> Steps[Sequence[Reading]]:
        """See `Framework`."""
        return read_each(queues, context, _read)


def _is_reported_on(key: bytes) -> Steps[bool]:
    """Whether a worker reports on a queue; one without jobs has no key."""
    (report,) = yield from ask_fitting([("GET", key + _HEALTH)])
    return "j_complete=" in (text(report) or "")


def _is_set_of_jobs(key: bytes) -> Steps[bool]:
    """Whether a key that may be of any type, or not there, is a sorted set that holds jobs."""
    types = yield from find_types([key])
    return types[key] == "zset" and (yield from _holds_jobs(key))


def _holds_jobs(key: bytes) -> Steps[bool]:
    """Whether the members of a sorted set are scored by a moment, and have the key of a job each."""
    (first,) = yield [("ZRANGE", key, 0, _PROBES - 1, "WITHSCORES")]
    # Sorted sets may be a great many, with scores of all kinds: they are not asked more than this.
    if not any(plausible(score / 1000) is not None for _, score in scored_members(first)):
        return False
    (last,) = yield [("ZRANGE", key, -_PROBES, -1, "WITHSCORES")]
    members = dict.fromkeys(member for member, _ in (*scored_members(first), *scored_members(last)))
    types = yield from find_types([_JOB + member for member in members])
    return "string" in types.values()


def _read(queue: KnownQueue, context: ReadContext) -> Steps[Reading]:
    key = queue.id.name
    total, due, listed, health = yield [
        ("ZCARD", key),
        ("ZCOUNT", key, "-inf", context.at_ms),
        ("ZRANGEBYSCORE", key, "-inf", context.at_ms, "WITHSCORES", "LIMIT", 0, _MAX_DUE),
        ("EXISTS", key + _HEALTH),
    ]
    jobs = scored_members(listed)
    replies = yield [("EXISTS", _IN_PROGRESS + job) for job, _ in jobs]
    reading = Reading(method=Method.TIMESTAMP)
    ready = [score for (_, score), running in zip(jobs, replies, strict=True) if running == 0]
    all_jobs, due_jobs = count(total), count(due)
    if all_jobs is not None and due_jobs is not None:
        active = len(jobs) - len(ready)
        reading.count(State.ACTIVE, active)
        reading.count(State.WAITING, max(0, due_jobs - active))
        reading.count(State.DELAYED, max(0, all_jobs - due_jobs))
    since = plausible(min(ready) / 1000) if ready else None
    if since is not None:
        reading.oldest = Oldest(since, Method.TIMESTAMP)
    # At least one: the string stands for all workers of the queue.
    reading.workers = count(health)
    if reading.workers:
        queue.notes[_REPORTED] = 1
    elif reading.workers == 0 and _REPORTED in queue.notes:
        # Running jobs of a queue whose workers have all fallen silent.
        reading.orphaned = reading.jobs.get(State.ACTIVE)
    return reading


FRAMEWORK: Final = Arq()
