"""Laravel's queues, with and without Horizon.

Confirmed from source only: https://github.com/laravel/framework, src/Illuminate/Queue/RedisQueue.php and
LuaScripts.php, and https://github.com/laravel/horizon. Workers do not register anywhere that names their
queues.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from exporter.connection import Reply
from exporter.queues.base import CandidateKeys, Found, KeyPattern, ReadContext, read_each
from exporter.queues.heads import watch_head
from exporter.queues.known import KnownQueue, printable
from exporter.queues.model import Oldest, QueueId, Reading
from exporter.queues.probes import ask_fitting, elements, keep_fitting
from exporter.queues.replies import count, json_object
from exporter.queues.steps import Steps
from exporter.queues.timestamps import parse_epoch
from exporter.queues.vocabulary import Method, State

_KEY: Final = re.compile(rb"(.*queues:)(.+?)(?::(delayed|reserved|notify))?", re.DOTALL)
_SUFFIXES: Final = (b":delayed", b":reserved")


class Laravel:
    """See the module."""

    name = "laravel"
    key_patterns = (KeyPattern("list", _KEY), KeyPattern("zset", _KEY))

    def label(self, queue: QueueId) -> str:
        """See `Framework`; the application's prefix is part of it, if there is one."""
        return printable(queue.base.removesuffix(b"queues:") + queue.name)

    def find(self, seen: CandidateKeys, context: ReadContext) -> Steps[Sequence[Found]]:
        """See `Framework`: by a job that looks like Laravel's, waiting, delayed or reserved."""
        matches = [_KEY.fullmatch(key) for key in (*seen.of("list"), *seen.of("zset"))]
        candidates = list(dict.fromkeys((match[1], match[2]) for match in matches if match))
        queues = yield from keep_fitting(candidates, lambda parts: _is_laravel(b"".join(parts)))
        return [Found(QueueId(self.name, base, name, context.database)) for base, name in queues]

    def read(self, queues: Sequence[KnownQueue], context: ReadContext) -> Steps[Sequence[Reading]]:
        """See `Framework`."""
        return read_each(queues, context, _read)


def _is_laravel(key: bytes) -> Steps[bool]:
    ends = yield from ask_fitting(
        [("LINDEX", key, 0), *(("ZRANGE", key + suffix, 0, 0) for suffix in _SUFFIXES)]
    )
    return any(_is_job(json_object(job)) for job in elements(ends))


def _is_job(fields: Mapping[str, Any]) -> bool:
    """Return whether there is what every version writes, and a name (since 5.3) or Laravel's handler."""
    job = fields.get("job")
    if not (isinstance(job, str) and isinstance(fields.get("attempts"), int) and "data" in fields):
        return False
    return "displayName" in fields or "CallQueuedHandler@" in job


def _read(queue: KnownQueue, context: ReadContext) -> Steps[Reading]:
    key = queue.id.base + queue.id.name
    due_before = int(context.at - context.settings.overdue_after.seconds)
    waiting, head, delayed, overdue, reserved, expired = yield [
        ("LLEN", key),
        ("LINDEX", key, 0),
        ("ZCARD", key + b":delayed"),
        ("ZCOUNT", key + b":delayed", "-inf", f"({due_before}"),
        ("ZCARD", key + b":reserved"),
        ("ZCOUNT", key + b":reserved", "-inf", f"({int(context.at)}"),
    ]
    reading = Reading(overdue=count(overdue), orphaned=count(expired))
    reading.count(State.WAITING, count(waiting))
    reading.count(State.DELAYED, count(delayed))
    reading.count(State.ACTIVE, count(reserved))
    reading.oldest = _oldest(queue, head, context)
    reading.method = reading.oldest.method if reading.oldest else Method.TIMESTAMP
    return reading


def _oldest(queue: KnownQueue, job: Reply, context: ReadContext) -> Oldest | None:
    """Horizon notes when a job was pushed, Laravel from 10 on when it was made; before that nobody does."""
    fields = json_object(job)
    since = parse_epoch(fields.get("pushedAt")) or parse_epoch(fields.get("createdAt"))
    return watch_head(queue, job, context.at) if since is None else Oldest(since, Method.TIMESTAMP)


FRAMEWORK: Final = Laravel()
