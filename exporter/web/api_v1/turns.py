"""Long computations that take turns with the event loop.

A query is a synchronous computation over the store, which the event loop changes: the two must never run at
once. It runs in a thread of its own, and the event loop waits for it; after a short turn it hands back
(`Turns.give_way`, called wherever the store may change), everything else gets its turn, and it goes on.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from exporter.errors import QueryError

TURN_SECONDS: Final = 0.02
"""How long the event loop is held up at a time, by all computations together."""

AT_ONCE: Final = 4
"""How many computations there may be at once."""

_T = TypeVar("_T")


class AbandonedError(QueryError):
    """Nobody waits for the result any more."""


class Turns:
    """The turns of one computation."""

    def __init__(self) -> None:
        self._mine = threading.Semaphore(0)
        self._others = threading.Semaphore(0)
        self._ends_at = 0.0
        self._abandoned = False
        self.is_over = False

    def give_way(self) -> None:
        """Called by the computation: let the event loop run if the turn is over. Raises `AbandonedError`."""
        if time.monotonic() >= self._ends_at:
            self._others.release()
            self._await_turn()

    def run(self, compute: Callable[["Turns"], _T]) -> _T:
        """What the thread does."""
        try:
            self._await_turn()
            return compute(self)
        finally:
            self.is_over = True
            self._others.release()

    def take(self, seconds: float) -> None:
        """Called by the event loop: let the computation have a turn of about this length."""
        self._ends_at = time.monotonic() + seconds
        self._mine.release()
        self._others.acquire()

    def abandon(self) -> None:
        """Called by the event loop: make the computation end."""
        self._abandoned = True
        self._mine.release()

    def _await_turn(self) -> None:
        self._mine.acquire()
        if self._abandoned:
            raise AbandonedError("the query was abandoned")


class TurnTaker:
    """Runs computations, a few at once; the others wait."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="query")
        self._places = asyncio.Semaphore(AT_ONCE)
        self._running = 0
        self._is_closed = False

    def close(self) -> None:
        """Let what runs fail at its next turn, and all that comes."""
        self._is_closed = True

    async def run(self, compute: Callable[[Turns], _T]) -> _T:
        """The result of a computation; what it raises is raised."""
        async with self._places:
            self._running += 1
            try:
                return await self._run(compute)
            finally:
                self._running -= 1

    async def _run(self, compute: Callable[[Turns], _T]) -> _T:
        turns = Turns()
        future = self._threads.submit(turns.run, compute)
        try:
            self._check_open()
            turns.take(TURN_SECONDS)
            while not turns.is_over:
                await asyncio.sleep(0)
                self._check_open()
                turns.take(TURN_SECONDS / self._running)
        except BaseException:
            turns.abandon()
            raise
        return future.result()

    def _check_open(self) -> None:
        if self._is_closed:
            raise AbandonedError("the daemon is stopping")
