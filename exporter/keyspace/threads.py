"""Computations that take tens of milliseconds, beside the event loop: pages are answered meanwhile."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


async def to_thread(work: Callable[[], Result]) -> Result:
    """Run `work` in a thread and return its result; nobody else may touch its data until then.

    Where the task is cancelled, the work is still waited for: it cannot be stopped, and its data is about to
    be used by somebody else.
    """
    task = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
