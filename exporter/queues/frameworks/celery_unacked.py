"""The messages that Celery's workers hold: which of them wait for a moment (ETA)?

Workers fetch a task with an ETA or a countdown at once and keep it until then, so that it stands among those
that are fetched and not acknowledged. Just its message tells: each is looked at once, soon after it was
fetched, and those with an ETA are remembered. Source: kombu's `transport/redis.py`, Celery's task message
protocol 2.
"""

import json
from collections.abc import Sequence
from itertools import islice
from typing import Final

from exporter.connection import Command, Reply
from exporter.queues.replies import count, scored_members
from exporter.queues.steps import Steps
from exporter.queues.timestamps import at_path, parse_iso

_MAX_NEW: Final = 500
_MAX_MESSAGE_BYTES: Final = 64 << 10
_MAX_BYTES: Final = 1 << 20
_MAX_REMEMBERED: Final = 20_000
_MAX_CHECKED: Final = 500


class HeldMessages:
    """The messages with an ETA among those of one index, from pass to pass."""

    def __init__(self) -> None:
        self._due: dict[bytes, float] = {}
        self._looked_until = "-inf"
        self._checked: Sequence[bytes] = ()

    def ask(self, index: bytes) -> list[Command]:
        """Ask what was fetched since the last pass, and whether remembered messages are still held."""
        self._checked = list(islice(self._due, _MAX_CHECKED))
        new = ("ZRANGEBYSCORE", index, self._looked_until, "+inf", "WITHSCORES", "LIMIT", 0, _MAX_NEW)
        return [new, *(("ZSCORE", index, tag) for tag in self._checked)]

    def look(self, messages: bytes, replies: Sequence[Reply]) -> Steps[None]:
        """Look at the messages that are new."""
        for tag, score in zip(self._checked, replies[1:], strict=True):
            due = self._due.pop(tag, None)
            if score is not None and due is not None:
                # At the end: next time others are checked.
                self._due[tag] = due
        fetched = scored_members(replies[0])
        if not fetched:
            return
        self._looked_until = f"({fetched[-1][1]!r}"
        sizes = yield [("HSTRLEN", messages, tag) for tag, _ in fetched]
        small = _fitting([tag for tag, _ in fetched], sizes)
        bodies = (yield [("HGET", messages, tag) for tag in small]) if small else ()
        for tag, body in zip(small, bodies, strict=True):
            due = _eta(body)
            if due is not None and len(self._due) < _MAX_REMEMBERED:
                self._due[tag] = due

    def waiting(self, at: float) -> int:
        """How many wait for a moment that is yet to come (after `at`, in epoch seconds)."""
        for tag in [tag for tag, due in self._due.items() if due <= at]:
            del self._due[tag]
        return len(self._due)


def _fitting(tags: Sequence[bytes], sizes: Sequence[Reply]) -> Sequence[bytes]:
    """Those whose messages are small enough to be read, and all together too."""
    fitting, total = [], 0
    for tag, reply in zip(tags, sizes, strict=True):
        size = count(reply) or 0
        if 0 < size <= _MAX_MESSAGE_BYTES and total + size <= _MAX_BYTES:
            fitting.append(tag)
            total += size
    return fitting


def _eta(message: Reply) -> float | None:
    """The ETA of a held message, in epoch seconds; None for one that has none."""
    if not isinstance(message, bytes):
        return None
    try:
        parts = json.loads(message)
    except (ValueError, RecursionError):
        return None
    if not isinstance(parts, list) or not parts or not isinstance(parts[0], dict):
        return None
    return parse_iso(at_path(parts[0], "headers.eta"))
