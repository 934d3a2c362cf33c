"""Time slices let long computations give way to the event loop."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from heapq import nsmallest
from itertools import count, islice
from typing import Any, Final, Generic, TypeVar
from weakref import WeakKeyDictionary

# How long a computation runs at once: for its first time, and whenever it is its turn again.
_FIRST_SECONDS: Final = 0.002
_SLICE_SECONDS: Final = 0.005
_BATCH: Final = 500
_T = TypeVar("_T")


class PerLoop(Generic[_T]):
    """Something of which each event loop has one: made for the running one when it is first called."""

    def __init__(self, make: Callable[[asyncio.AbstractEventLoop], _T]) -> None:
        self._make = make
        self._made: WeakKeyDictionary[asyncio.AbstractEventLoop, _T] = WeakKeyDictionary()

    def __call__(self) -> _T:
        """Return that of the running event loop."""
        loop = asyncio.get_running_loop()
        found = self._made.get(loop)
        if found is None:
            found = self._made[loop] = self._make(loop)
        return found


class Turns:
    """Whose turn it is: of all long computations of an event loop one goes on in each round of the loop.

    The loop serves all that is ready once a round. Where ten pages and rules went on in the same one, it
    would last ten slices, and an answer takes some rounds.
    """

    def __init__(self) -> None:
        self._waiting: deque[object] = deque()
        self._is_taken = False

    async def begin(self) -> None:
        """Take a turn at once where nobody has this one, and `take` one otherwise."""
        if self._is_taken or self._waiting:
            await self.take()
        else:
            self._note_taken()

    async def take(self) -> None:
        """Let the event loop run, and others whose turn is earlier; then it is one's own.

        It only ever yields as `asyncio.sleep(0)` does, so that coroutines which something else than a task
        drives can take part.
        """
        me = object()
        self._waiting.append(me)
        try:
            await asyncio.sleep(0)
            while self._is_taken or self._waiting[0] is not me:  # noqa: ASYNC110
                await asyncio.sleep(0)
        finally:
            self._waiting.remove(me)
        self._note_taken()

    def _note_taken(self) -> None:
        self._is_taken = True
        asyncio.get_running_loop().call_soon(self._end_round)

    def _end_round(self) -> None:
        self._is_taken = False


turns: Final = PerLoop(lambda _: Turns())
"""The turns that all long computations of the running event loop share: `turns()`."""


class TimeSlice:
    """The time that a computation may take before the event loop gets a turn."""

    __slots__ = ("_ends_at",)

    def __init__(self) -> None:
        self._ends_at = time.monotonic() + _FIRST_SECONDS

    @property
    def is_over(self) -> bool:
        """Whether it is time to `yield_control`: to ask this costs less than to await that each time."""
        return time.monotonic() >= self._ends_at

    async def yield_control(self) -> None:
        """Let the event loop run if the slice is over; the next slice begins when it is its turn."""
        if self.is_over:
            await turns().take()
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
