"""A turn bounds how long one answer is worked on before others have theirs."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from typing import Final, TypeVar

TURN_SECONDS: Final = 0.01
_T = TypeVar("_T")


class Turn:
    """How long one answer has been worked on without a break."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    async def give_way(self) -> None:
        """Let others run, if it is time."""
        if time.monotonic() - self._began >= TURN_SECONDS:
            await asyncio.sleep(0)
            self._began = time.monotonic()

    async def each(self, items: Iterable[_T]) -> AsyncIterator[_T]:
        """The items; others have their turn between two of them, when it is time."""
        for item in items:
            yield item
            await self.give_way()
