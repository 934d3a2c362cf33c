"""Time slices let long computations give way to the event loop."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from heapq import nsmallest
from itertools import count, islice
from typing import Any, Final, TypeVar

_SLICE_SECONDS: Final = 0.005
_BATCH: Final = 500
_T = TypeVar("_T")


class TimeSlice:
    """The time that a computation may take before the event loop gets a turn."""

    __slots__ = ("_ends_at",)

    def __init__(self) -> None:
        self._ends_at = time.monotonic() + _SLICE_SECONDS

    @property
    def is_over(self) -> bool:
        """Whether it is time to `yield_control`: to ask this costs less than to await that each time."""
        return time.monotonic() >= self._ends_at

    async def yield_control(self) -> None:
        """Let the event loop run if the slice is over; the next slice begins after that."""
        if self.is_over:
            await asyncio.sleep(0)
            self._ends_at = time.monotonic() + _SLICE_SECONDS

    async def each(self, items: Iterable[_T]) -> AsyncIterator[_T]:
        """Yield the items; gives way between two of them when the slice is over."""
        for item in items:
            yield item
            await self.yield_control()

    async def through(self, steps: Iterable[None]) -> None:
        """Take all steps of a generator; gives way between two of them when the slice is over."""
        for _ in steps:
            await self.yield_control()

    async def first(self, wanted: int, items: Iterable[_T], key: Callable[[_T], Any]) -> list[_T]:
        """The first few of the items by their keys, equal ones as they come; gives way meanwhile."""
        remaining, numbers = iter(items), count()
        best: list[tuple[Any, int, _T]] = []
        while batch := list(islice(remaining, _BATCH)):
            keyed = [(key(item), number, item) for item, number in zip(batch, numbers, strict=False)]
            best = nsmallest(wanted, [*best, *keyed])
            await self.yield_control()
        return [item for _, _, item in best]
