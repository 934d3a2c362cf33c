"""Long computations that take turns with the event loop.

A query is a synchronous computation over the store, which the event loop changes: the two must never run at
once. It runs in a thread of its own, and the event loop waits for it; after a short turn it hands back
(`Turns.give_way`, called wherever the store may change), everything else gets its turn, and it goes on.
"""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from starlette.requests import Request

from exporter.errors import QueryError
from exporter.web.api_v1.collector import CollectorPause

TURN_SECONDS: Final = 0.005
"""How long the event loop is held up at a time; the computations take this in turn."""

AT_ONCE: Final = 20
"""How many computations there may be at once; as `query.max-concurrency` of Prometheus."""

_T = TypeVar("_T")


class AbandonedError(QueryError):
    """Nobody waits for the result any more."""


class QueryTimeoutError(QueryError):
    """A query took longer than it was given."""


class Turns:
    """The turns of one computation."""

    def __init__(self) -> None:
        self._mine = threading.Semaphore(0)
        self._others = threading.Semaphore(0)
        self._ends_at = 0.0
        self._abandoned = False
        self.is_over = False

    @property
    def is_due(self) -> bool:
        """Whether the turn is over."""
        return time.monotonic() >= self._ends_at

    def give_way(self) -> None:
        """Called by the computation: let the event loop run if the turn is over. Raises `AbandonedError`."""
        if self.is_due:
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
    """Runs computations, a few at once; the others wait.

    `running` and `waiting` are how many there are; `timed_out_total` counts those that had not begun when
    their time was up, `abandoned_total` those whose client went away.
    """

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="query")
        self._places = asyncio.Semaphore(at_once)
        self._turn = asyncio.Lock()
        self._collector = CollectorPause()
        self._is_closed = False
        self.running = 0
        self.waiting = 0
        self.timed_out_total = 0
        self.abandoned_total = 0

    def close(self) -> None:
        """Let what runs fail at its next turn, and all that comes."""
        self._is_closed = True

    async def run(
        self,
        compute: Callable[[Turns], _T],
        request: Request | None = None,
        wait_seconds: float | None = None,
    ) -> _T:
        """The result of a computation; what it raises is raised.

        It ends when the client of the request has gone. Raises `QueryTimeoutError` where it cannot begin
        within `wait_seconds`.
        """
        watch = None if request is None else asyncio.create_task(_disconnection(request))
        try:
            await self._await_place(watch, wait_seconds)
            self.running += 1
            self._collector.begin()
            try:
                return await self._run(compute, watch)
            finally:
                self._collector.end()
                self.running -= 1
                self._places.release()
        finally:
            if watch is not None:
                watch.cancel()

    async def _await_place(self, watch: "asyncio.Task[None] | None", seconds: float | None) -> None:
        if not self._places.locked():
            await self._places.acquire()
            return
        self.waiting += 1
        place = asyncio.create_task(self._places.acquire())
        try:
            await asyncio.wait(
                {place, watch} if watch else {place}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
            )
            if place.done():
                return
            self._check_wanted(watch)
            self.timed_out_total += 1
            raise QueryTimeoutError("query timed out in query queue")
        except BaseException:
            if place.done() and not place.cancelled():
                self._places.release()
            place.cancel()
            raise
        finally:
            self.waiting -= 1

    async def _run(self, compute: Callable[[Turns], _T], watch: "asyncio.Task[None] | None") -> _T:
        turns = Turns()
        future = self._threads.submit(turns.run, compute)
        try:
            while not turns.is_over:
                async with self._turn:
                    self._check_wanted(watch)
                    turns.take(TURN_SECONDS)
                    await asyncio.sleep(0)
        except BaseException:
            turns.abandon()
            raise
        return future.result()

    def _check_wanted(self, watch: Awaitable[None] | None) -> None:
        if self._is_closed:
            raise AbandonedError("the daemon is stopping")
        if isinstance(watch, asyncio.Task) and watch.done():
            self.abandoned_total += 1
            raise AbandonedError("the client has gone")


async def _disconnection(request: Request) -> None:
    """Until the client of a request, whose body has been read, goes away."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
