"""taskiq with its Redis brokers. Confirmed on PyPI `taskiq` 0.13 with `taskiq-redis` 1.2.

The list broker uses a list named `taskiq`, the stream broker a stream of that name with a group `taskiq`. A
list under another name looks like any list: describe it under `lists`. Nothing registers workers.
"""

import re
from collections.abc import Sequence
from typing import Final

from exporter.queues.base import CandidateKeys, Found, KeyPattern, ReadContext, read_each
from exporter.queues.frameworks.stream_reading import read_stream, sort_streams
from exporter.queues.heads import watch_head
from exporter.queues.known import KnownQueue, printable
from exporter.queues.model import QueueId, Reading
from exporter.queues.probes import ask_fitting
from exporter.queues.replies import count, json_object
from exporter.queues.steps import Steps
from exporter.queues.vocabulary import Method, State

_DEFAULT: Final = b"taskiq"
# The two kinds of queue, as the base of their identity.
_LIST: Final = b""
_STREAM: Final = b"stream:"


class Taskiq:
    """See the module."""

    name = "taskiq"
    key_patterns = (
        KeyPattern("list", re.compile(_DEFAULT)),
        KeyPattern("stream", re.compile(rb".+", re.DOTALL)),
    )

    def label(self, queue: QueueId) -> str:
        """See `Framework`."""
        return printable(queue.name)

    def find(self, seen: CandidateKeys, context: ReadContext) -> Steps[Sequence[Found]]:
        """See `Framework`: a list with a task in it, and streams that have the group."""
        (head,) = yield from ask_fitting([("LINDEX", _DEFAULT, -1)])
        owners = yield from sort_streams(seen.of("stream"))
        found = [
            QueueId(self.name, _STREAM, key, context.database)
            for key, owner in owners.items()
            if owner == self.name
        ]
        if {"task_id", "task_name"} <= json_object(head).keys():
            found.append(QueueId(self.name, _LIST, _DEFAULT, context.database))
        return [Found(queue) for queue in found]

    def read(self, queues: Sequence[KnownQueue], context: ReadContext) -> Steps[Sequence[Reading]]:
        """See `Framework`."""
        return read_each(queues, context, _read)


def _read(queue: KnownQueue, context: ReadContext) -> Steps[Reading]:
    return read_stream(queue, context) if queue.id.base == _STREAM else _read_list(queue, context)


def _read_list(queue: KnownQueue, context: ReadContext) -> Steps[Reading]:
    length, tail = yield [("LLEN", queue.id.name), ("LINDEX", queue.id.name, -1)]
    reading = Reading(method=Method.FIRST_SEEN)
    reading.count(State.WAITING, count(length))
    reading.oldest = watch_head(queue, tail, context.at)
    return reading


FRAMEWORK: Final = Taskiq()
