"""Rate limiter of an integration: how many notifications it sends at a time, and when."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from exporter.errors import NotifyError
from exporter.notify.retry_after import MOST_SECONDS

CONCURRENCY: Final = 32
"""How many notifications one integration sends at a time: a hanging one must not use up the sockets."""


class RateLimiter:
    """Limits one integration, for all its groups.

    A bounded number of notifications is sent at a time, and none before the receiver's Retry-After is over.
    """

    def __init__(self, concurrency: int = CONCURRENCY) -> None:
        self._slots = asyncio.Semaphore(concurrency)
        self._backs_off_until = 0.0
        self._was_asked_to_wait = False
        self.error: NotifyError | None = None
        """The reason why the last notification failed; None where it was delivered."""

    @property
    def wait_seconds(self) -> float:
        """The time until the next notification may be sent."""
        return max(0.0, self._backs_off_until - asyncio.get_running_loop().time())

    def back_off(self, seconds: float) -> bool:
        """Send nothing for some time, as the receiver asked by Retry-After.

        Returns whether this is the first request to wait since the last delivery.
        """
        until = asyncio.get_running_loop().time() + min(seconds, MOST_SECONDS)
        self._backs_off_until = max(self._backs_off_until, until)
        is_first, self._was_asked_to_wait = not self._was_asked_to_wait, True
        return is_first

    def record_result(self, error: NotifyError | None) -> bool:
        """Record how an attempt ended (None: delivered); return whether the one before ended otherwise."""
        changed = (error is None) is not (self.error is None)
        self.error = error
        if error is None:
            self._was_asked_to_wait = False
        return changed

    @asynccontextmanager
    async def acquire(self, deadline: float) -> AsyncIterator[None]:
        """Wait until a notification may be sent; raises `NotifyError` at the deadline on the loop's clock."""
        try:
            async with asyncio.timeout_at(deadline):
                await self._slots.acquire()
        except TimeoutError:
            raise _not_acquired("too many messages are being sent to the receiver") from None
        try:
            await self._wait_until_open(deadline)
            yield
        finally:
            self._slots.release()

    async def _wait_until_open(self, deadline: float) -> None:
        if self._backs_off_until > deadline:
            raise _not_acquired("the receiver asked to wait longer")
        await asyncio.sleep(self.wait_seconds)


def _not_acquired(why: str) -> NotifyError:
    return NotifyError(f"not sent before the deadline: {why}", retryable=True, kind="contextDeadlineExceeded")
