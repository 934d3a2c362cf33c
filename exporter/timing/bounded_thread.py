"""A thread for work that may hang, such as that of a disk: waited for until a deadline, never longer."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

ResultT = TypeVar("ResultT")


class BoundedThread:
    """One thread, in which work is done in the order in which it comes.

    While work that did not end in time still occupies it, all else fails at once, so that nothing queues up.
    `on_late` is called when a deadline passes, to have the work end.
    """

    def __init__(self, name: str, on_late: Callable[[], None] = lambda: None) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._on_late = on_late
        self._late: asyncio.Future[Any] | None = None
        self._is_closed = False

    async def run(self, work: Callable[[], ResultT], deadline_seconds: float) -> ResultT:
        """Return the outcome of work; raises `TimeoutError` where it takes longer, and what the work does.

        After `shutdown` it is too late for everything.
        """
        if self._is_closed:
            raise TimeoutError("it is closed already")
        if self._late is not None and not self._late.done():
            raise TimeoutError
        future = asyncio.get_running_loop().run_in_executor(self._executor, work)
        # Work that timed out ends some time later; its exception must not be reported as unhandled.
        future.add_done_callback(_ignore_outcome)
        try:
            return await asyncio.wait_for(asyncio.shield(future), deadline_seconds)
        except TimeoutError:
            self._late = future
            self._on_late()
            raise

    def shutdown(self) -> None:
        """Take no more work; what is under way goes on, and is not waited for."""
        self._is_closed = True
        self._executor.shutdown(wait=False)


def _ignore_outcome(future: "asyncio.Future[Any]") -> None:
    if not future.cancelled():
        future.exception()
