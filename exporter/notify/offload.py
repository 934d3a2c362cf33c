"""Keeps the making of messages from holding up the event loop."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

ResultT = TypeVar("ResultT")


async def make_message(make: Callable[[], ResultT]) -> ResultT:
    """What `make` returns, in a thread: templates of users may take seconds. Raises what it raises."""
    return await asyncio.to_thread(make)
