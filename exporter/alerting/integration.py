"""What alerting needs of whatever brings a message to people, and the gate before it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, Protocol

from exporter.errors import NotifyError
from exporter.model.alert import Alert
from exporter.notify.notification import Notification
from exporter.notify.retry_after import MOST_SECONDS

CONCURRENCY: Final = 32
"""How many messages one integration sends at a time: a hanging one must not use up the sockets."""


class Integration(Protocol):
    """Sends messages: one entry of a receiver's `slack_configs`, `email_configs`, ….

    `name` is a closed set (slack, email, webhook), used as a label.
    """

    @property
    def name(self) -> str: ...

    @property
    def send_resolved(self) -> bool: ...

    @property
    def tells_event_ends(self) -> bool:
        """Whether the end of an alert is told, too, that is about an event (`kind: event`)."""
        ...

    async def send(self, notification: Notification) -> None:
        """Deliver one message; raises `NotifyError`."""
        ...


def tells_end(integration: Integration, alert: Alert) -> bool:
    """Whether an integration tells people that an alert is over: an event, such as a restart, never is."""
    return integration.send_resolved and (integration.tells_event_ends or not alert.is_event)


class Gate:
    """Stands before an integration, for all its groups: a bounded number passes at a time, and nobody before
    the moment that the receiver asked to wait for.
    """

    def __init__(self, concurrency: int = CONCURRENCY) -> None:
        self._turns = asyncio.Semaphore(concurrency)
        self._opens_at = 0.0
        self._was_asked_to_wait = False
        self.error: NotifyError | None = None
        """Why the last message was not taken; None where it was."""

    @property
    def closed_seconds(self) -> float:
        """How long nobody passes from now on."""
        return max(0.0, self._opens_at - asyncio.get_running_loop().time())

    def close_for(self, seconds: float) -> bool:
        """Let nobody pass for a while, as the receiver asked by Retry-After; whether it did not since it took
        a message."""
        opens_at = asyncio.get_running_loop().time() + min(seconds, MOST_SECONDS)
        self._opens_at = max(self._opens_at, opens_at)
        is_first, self._was_asked_to_wait = not self._was_asked_to_wait, True
        return is_first

    def note(self, error: NotifyError | None) -> bool:
        """Take note of how a message went; whether that is a change from the one before."""
        changed = (error is None) is not (self.error is None)
        self.error = error
        if error is None:
            self._was_asked_to_wait = False
        return changed

    @asynccontextmanager
    async def turn(self, deadline: float) -> AsyncIterator[None]:
        """Wait for a turn until a deadline on the loop's clock; raises `NotifyError` when it passes."""
        try:
            async with asyncio.timeout_at(deadline):
                await self._turns.acquire()
        except TimeoutError:
            raise _no_turn("too many messages to it are under way") from None
        try:
            await self._wait_until_open(deadline)
            yield
        finally:
            self._turns.release()

    async def _wait_until_open(self, deadline: float) -> None:
        if self._opens_at > deadline:
            raise _no_turn("it asked to wait longer")
        await asyncio.sleep(self.closed_seconds)


def _no_turn(why: str) -> NotifyError:
    return NotifyError(f"no turn before the deadline: {why}", retryable=True, kind="contextDeadlineExceeded")
