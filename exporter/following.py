"""Goes after news, one piece of work at a time, however often they come."""

import asyncio
from collections.abc import Awaitable, Callable

from exporter.log import get_logger

_log = get_logger(__name__)


class Following:
    """Calls `follow` soon after each `note`; notes until it begins cost one call.

    `on_done` is called after each.

    `follow` takes `lock` while it works: others do the same things under it. A fault of it is told, and the
    next note calls it again.
    """

    def __init__(
        self, lock: asyncio.Lock, follow: Callable[[], Awaitable[None]], on_done: Callable[[], None]
    ) -> None:
        self._lock = lock
        self._follow = follow
        self._on_done = on_done
        self._waiting: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def is_busy(self) -> bool:
        """Whether something is still to be followed."""
        return len(self._tasks) > 0

    def note(self) -> None:
        """Ask for a call of `follow`."""
        if self._waiting is None:
            self._waiting = asyncio.create_task(self._run(), name="following")
            self._tasks.add(self._waiting)
            self._waiting.add_done_callback(self._done)

    async def _run(self) -> None:
        async with self._lock:
            self._waiting = None
            try:
                await self._follow()
            except Exception:
                _log.exception("what has changed could not be followed")

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if self._waiting is task:
            self._waiting = None
        self._on_done()
