"""`Shards`: how many requests to one receiver are under way at a time."""

import asyncio
import zlib
from collections.abc import Awaitable, Callable
from typing import Final

from exporter.config.remote_write import QueueSection

# Rounds that take so much longer, or less, than there is time for change the number.
_TOO_SLOW: Final = 1.0
_TOO_FAST: Final = 0.2
_REQUESTS_EACH: Final = 8


class Shards:
    """A source belongs to one shard while a round of sending lasts, so that its samples stay in order.

    There are more shards where samples come faster than they are taken, and fewer where most have nothing to
    do. `count` is their number in the next round.
    """

    def __init__(self, queue: QueueSection) -> None:
        self.count = queue.min_shards
        self._queue = queue

    def configure(self, queue: QueueSection) -> None:
        """Keep within other bounds."""
        self._queue = queue
        self._set(self.count)

    def fit(self, requests: int) -> None:
        """Have neither more shards than a round of so many requests can fill, nor too few of them for it."""
        fewest = requests // _REQUESTS_EACH
        self._set(max(fewest, min(self.count, requests)))

    def note(self, took_seconds: float, there_was_seconds: float, *, is_behind: bool) -> None:
        """Note how long a round took, and how long its samples took to gather.

        `is_behind`: there was more than one round takes.
        """
        if is_behind or took_seconds > there_was_seconds * _TOO_SLOW:
            self._set(self.count * 2)
        elif took_seconds < there_was_seconds * _TOO_FAST:
            self._set(self.count - 1)

    def _set(self, count: int) -> None:
        self.count = min(max(count, self._queue.min_shards), self._queue.max_shards)

    async def run(self, work: Callable[[Callable[[str], bool]], Awaitable[bool]]) -> bool:
        """Do the work of each shard, all at a time; whether all was done.

        `work` is handed what tells which sources it is for. Where one raises, the others are cancelled.
        """
        count = self.count
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_coroutine(work(_chooser(shard, count)))) for shard in range(count)]
        return all(task.result() for task in tasks)


def _chooser(shard: int, count: int) -> Callable[[str], bool]:
    return lambda source: zlib.crc32(source.encode()) % count == shard


async def _coroutine(work: Awaitable[bool]) -> bool:
    return await work
