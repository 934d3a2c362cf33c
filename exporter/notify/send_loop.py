"""`SendLoop`: sends what waits for one receiver, one request at a time, with retries.

Source of the word: `sendLoop` in notifier/sendloop.go of Prometheus.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator

from exporter.errors import NotifyError


class SendLoop:
    """Calls `send_first` as long as `has_waiting`; use it inside the event loop.

    `send_first` raises `NotifyError` where that is to be tried again: after the next of `delays`, which begin
    anew with each success, or after what the receiver asked for.
    """

    def __init__(
        self,
        has_waiting: Callable[[], bool],
        send_first: Callable[[], Awaitable[None]],
        delays: Callable[[], Iterator[float]],
        *,
        name: str,
    ) -> None:
        self._has_waiting = has_waiting
        self._send_first = send_first
        self._delays = delays
        self._filled = asyncio.Event()
        self._draining = asyncio.Event()
        self._task = asyncio.create_task(self._run(), name=name)

    def wake(self) -> None:
        """Something waits."""
        self._filled.set()

    def drain(self) -> "asyncio.Task[None]":
        """End once everything is sent, or the first request fails."""
        self._draining.set()
        self._filled.set()
        return self._task

    def cancel(self) -> "asyncio.Task[None]":
        """End at once."""
        self._task.cancel()
        return self._task

    async def _run(self) -> None:
        delays = self._delays()
        while True:
            await self._filled.wait()
            if not self._has_waiting():
                if self._draining.is_set():
                    return
                self._filled.clear()
                continue
            try:
                await self._send_first()
                delays = self._delays()
            except NotifyError as error:
                if self._draining.is_set():
                    return
                await self._wait(max(next(delays), error.retry_after_seconds or 0.0))

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._draining.wait()
        except TimeoutError:
            pass
