"""Symfony Messenger on Redis. Confirmed on Debian's `php-symfony-redis-messenger` 5.4.

A transport is a stream with one group, by default `symfony`; delayed messages wait in the sorted set
`<stream>__queue`, by their moment (ms), until a worker moves them over. A transport whose group has another
name is told as a stream. Source: Transport/Connection.php.
"""

import re
from collections.abc import Sequence
from typing import Final

from exporter.queues.base import CandidateKeys, Found, KeyPattern, ReadContext, read_each
from exporter.queues.frameworks.stream_reading import read_stream, sort_streams
from exporter.queues.known import KnownQueue, printable
from exporter.queues.model import QueueId, Reading
from exporter.queues.replies import count
from exporter.queues.steps import Steps, together
from exporter.queues.vocabulary import State


class Symfony:
    """See the module."""

    name = "symfony"
    key_patterns = (KeyPattern("stream", re.compile(rb".+", re.DOTALL)),)

    def label(self, queue: QueueId) -> str:
        """See `Framework`."""
        return printable(queue.name)

    def find(self, seen: CandidateKeys, context: ReadContext) -> Steps[Sequence[Found]]:
        """See `Framework`."""
        owners = yield from sort_streams(seen.of("stream"))
        return [
            Found(QueueId(self.name, b"", key, context.database))
            for key, owner in owners.items()
            if owner == self.name
        ]

    def read(self, queues: Sequence[KnownQueue], context: ReadContext) -> Steps[Sequence[Reading]]:
        """See `Framework`."""
        return read_each(queues, context, _read)


def _read(queue: KnownQueue, context: ReadContext) -> Steps[Reading]:
    reading, delayed = yield from together([read_stream(queue, context), _read_delayed(queue, context)])
    reading.jobs |= delayed.jobs
    reading.overdue = delayed.overdue
    return reading


def _read_delayed(queue: KnownQueue, context: ReadContext) -> Steps[Reading]:
    key = queue.id.name + b"__queue"
    due_before_ms = int((context.at - context.settings.overdue_after.seconds) * 1000)
    delayed, overdue = yield [("ZCARD", key), ("ZCOUNT", key, "-inf", f"({due_before_ms}")]
    reading = Reading(overdue=count(overdue))
    reading.count(State.DELAYED, count(delayed))
    return reading


FRAMEWORK: Final = Symfony()
