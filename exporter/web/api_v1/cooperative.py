"""A cooperative executor: long computations run in time slices, between which the event loop runs.

A query is a synchronous computation over the store, which the event loop changes: the two must never run at
once. It runs in a thread of its own, and the event loop waits for it; after a time slice it hands back
(`CooperativeTask.yield_control`, called wherever the store may change), the event loop runs, and it goes on.
"""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from starlette.requests import Request

from exporter.errors import QueryCancelledError, QueryError
from exporter.time_slice import turns
from exporter.web.api_v1.collector import CollectorPause

TIME_SLICE_SECONDS: Final = 0.005
"""The longest time that the event loop waits at once; computations share it in turn."""

MAX_CONCURRENCY: Final = 20
"""The most computations at once, as `query.max-concurrency` of Prometheus."""

_T = TypeVar("_T")


class QueryTimeoutError(QueryError):
    """A query took longer than it was given."""


class CooperativeTask:
    """One computation, and whose turn it is: its own, in its thread, or the event loop's."""

    def __init__(self) -> None:
        self._mine = threading.Semaphore(0)
        self._others = threading.Semaphore(0)
        self._ends_at = 0.0
        self._is_cancelled = False
        self.is_over = False

    @property
    def is_due(self) -> bool:
        """True if the time slice is over."""
        return time.monotonic() >= self._ends_at

    def yield_control(self) -> None:
        """Let the event loop run if the time slice is over; called by the computation.

        Raises `QueryCancelledError`.
        """
        if self.is_due:
            self._others.release()
            self._await_turn()

    def run(self, compute: Callable[["CooperativeTask"], _T]) -> _T:
        """Run the computation, in a thread, from its first time slice on."""
        try:
            self._await_turn()
            return compute(self)
        finally:
            self.is_over = True
            self._others.release()

    def run_slice(self, seconds: float) -> None:
        """Let the computation run for about so long; called by the event loop, which waits for it."""
        self._ends_at = time.monotonic() + seconds
        self._mine.release()
        self._others.acquire()

    def cancel(self) -> None:
        """Make the computation end with `QueryCancelledError`; called by the event loop."""
        self._is_cancelled = True
        self._mine.release()

    def _await_turn(self) -> None:
        self._mine.acquire()
        if self._is_cancelled:
            raise QueryCancelledError("the query was abandoned")


class BoundedPace:
    """The pace of queries that may take until a deadline (monotonic seconds); `too_long` says what then."""

    def __init__(self, task: CooperativeTask, deadline: float, too_long: str) -> None:
        self._task = task
        self._deadline = deadline
        self._too_long = too_long

    @property
    def is_due(self) -> bool:
        """True if the time slice is over."""
        return self._task.is_due

    def yield_control(self) -> None:
        """Let others run, if it is time; raises `QueryTimeoutError`."""
        self._task.yield_control()
        if time.monotonic() > self._deadline:
            raise QueryTimeoutError(self._too_long)


class CooperativeExecutor:
    """Runs computations, a few at once; the others wait.

    `running` and `waiting` are how many there are; `timed_out_total` counts those that had not begun when
    their time was up, `cancelled_total` those whose client went away.
    """

    def __init__(self, max_concurrency: int = MAX_CONCURRENCY) -> None:
        self._threads = ThreadPoolExecutor(max_concurrency, thread_name_prefix="query")
        self._places = asyncio.Semaphore(max_concurrency)
        self._collector = CollectorPause()
        self._is_closed = False
        self.running = 0
        self.waiting = 0
        self.timed_out_total = 0
        self.cancelled_total = 0

    def close(self) -> None:
        """Cancel what runs, at its next time slice, and all that comes."""
        self._is_closed = True

    async def run(
        self,
        compute: Callable[[CooperativeTask], _T],
        request: Request | None = None,
        wait_seconds: float | None = None,
    ) -> _T:
        """Return the result of a computation, or raise what it raises.

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

    async def _run(self, compute: Callable[[CooperativeTask], _T], watch: "asyncio.Task[None] | None") -> _T:
        task = CooperativeTask()
        future = self._threads.submit(task.run, compute)
        try:
            await turns().begin()
            while True:
                self._check_wanted(watch)
                task.run_slice(TIME_SLICE_SECONDS)
                if task.is_over:
                    break
                await turns().take()
        except BaseException:
            task.cancel()
            raise
        return future.result()

    def _check_wanted(self, watch: Awaitable[None] | None) -> None:
        if self._is_closed:
            raise QueryCancelledError("the daemon is stopping")
        if isinstance(watch, asyncio.Task) and watch.done():
            self.cancelled_total += 1
            raise QueryCancelledError("the client has gone")


async def _disconnection(request: Request) -> None:
    """Wait until the client of a request, whose body has been read, goes away."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
