"""Turns: everything that walks through one server's keyspace shares the rest that a step has earned."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Self


class Turns:
    """Lets one step through at a time, first come, first served, and none while the server is to rest.

    `async with turns` waits for its turn; `rest` says for how long nobody is to step.
    """

    def __init__(
        self,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._monotonic = monotonic
        self._sleep = sleep
        self._lock = asyncio.Lock()
        self._free_at = 0.0

    async def __aenter__(self) -> Self:
        await self.wait()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.end()

    async def wait(self) -> None:
        """Wait for a turn, which `end` ends."""
        await self._lock.acquire()
        try:
            left = self._free_at - self._monotonic()
            if left > 0:
                await self._sleep(left)
        except BaseException:
            self._lock.release()
            raise

    def end(self) -> None:
        """The turn is over."""
        self._lock.release()

    def rest(self, seconds: float) -> None:
        """Nobody steps for so long, from now on."""
        self._free_at = max(self._free_at, self._monotonic() + seconds)
