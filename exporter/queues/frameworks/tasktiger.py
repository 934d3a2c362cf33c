"""TaskTiger. Confirmed on PyPI `tasktiger` 0.26.

`<prefix>:<state>` is the set of queues that have tasks in a state, `<prefix>:<state>:<queue>` a sorted set of
their ids: by the moment at which they are to run, for active ones by the last sign of life of who runs them.
Source: tasktiger/task.py and worker.py.
"""

import re
from collections.abc import Sequence
from typing import Final

from exporter.connection import Reply
from exporter.queues.base import CandidateKeys, Found, KeyPattern, ReadContext, read_each
from exporter.queues.frameworks.bases import find_by_base, label_of
from exporter.queues.known import KnownQueue
from exporter.queues.model import Oldest, QueueId, Reading
from exporter.queues.probes import ask_fitting, find_members
from exporter.queues.replies import count, names, scored_members
from exporter.queues.steps import Steps
from exporter.queues.vocabulary import Method, State

_DEFAULT_PREFIX: Final = b"t:"
_STATES: Final = {
    b"queued": State.WAITING,
    b"active": State.ACTIVE,
    b"scheduled": State.SCHEDULED,
    b"error": State.FAILED,
}
# Who runs a task and is not heard for this long has lost it (ACTIVE_TASK_UPDATE_TIMEOUT).
_STALE_SECONDS: Final = 60.0
# A task begins with its id and its function; what follows are arguments of any size.
_HEAD_BYTES: Final = 4096
_MAX_PROBES: Final = 10


class TaskTiger:
    """See the module."""

    name = "tasktiger"
    key_patterns = (KeyPattern("set", re.compile(rb".+:(queued|active|scheduled|error)", re.DOTALL)),)

    def label(self, queue: QueueId) -> str:
        """See `Framework`; a prefix other than the default is part of it."""
        return label_of(queue, _DEFAULT_PREFIX)

    def find(self, seen: CandidateKeys, context: ReadContext) -> Steps[Sequence[Found]]:
        """See `Framework`."""
        prefixes = [key.rpartition(b":")[0] + b":" for key in seen.of("set")]
        return find_by_base(self.name, [_DEFAULT_PREFIX, *prefixes], _queues, context)

    def read(self, queues: Sequence[KnownQueue], context: ReadContext) -> Steps[Sequence[Reading]]:
        """See `Framework`."""
        return read_each(queues, context, _read)


def _queues(base: bytes) -> Steps[Sequence[bytes]]:
    """The queues under a prefix under which there is a task of TaskTiger."""
    members = yield from find_members([base + state for state in _STATES])
    places = [
        base + state + b":" + name
        for state, queues in zip(_STATES, members, strict=True)
        for name in queues[:_MAX_PROBES]
    ]
    if not places:
        return ()
    firsts = yield from ask_fitting([("ZRANGE", place, 0, 0) for place in places])
    ids = [task for first in firsts for task in names(first)]
    tasks = yield from ask_fitting([("GETRANGE", base + b"task:" + task, 0, _HEAD_BYTES - 1) for task in ids])
    if not any(_is_task(task, text) for task, text in zip(ids, tasks, strict=True)):
        return ()
    return list(dict.fromkeys(name for queues in members for name in queues))


def _is_task(task_id: bytes, text: Reply) -> bool:
    return isinstance(text, bytes) and b'"id": "' + task_id + b'"' in text and b'"func": "' in text


def _read(queue: KnownQueue, context: ReadContext) -> Steps[Reading]:
    def key(state: bytes) -> bytes:
        return queue.id.base + state + b":" + queue.id.name

    due_before = context.at - context.settings.overdue_after.seconds
    *lengths, first, stale, overdue = yield [
        *(("ZCARD", key(state)) for state in _STATES),
        ("ZRANGE", key(b"queued"), 0, 0, "WITHSCORES"),
        ("ZCOUNT", key(b"active"), "-inf", f"({context.at - _STALE_SECONDS:.3f}"),
        ("ZCOUNT", key(b"scheduled"), "-inf", f"({due_before:.3f}"),
    ]
    reading = Reading(method=Method.TIMESTAMP, orphaned=count(stale), overdue=count(overdue))
    for state, reply in zip(_STATES.values(), lengths, strict=True):
        reading.count(state, count(reply))
    for _, since in scored_members(first)[:1]:
        reading.oldest = Oldest(since, Method.TIMESTAMP)
    return reading


FRAMEWORK: Final = TaskTiger()
