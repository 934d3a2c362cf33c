"""Keeps the making of big messages from holding up the event loop."""

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

from exporter.notify.notification import Notification

MANY_ALERTS: Final = 50
"""A message about more alerts than this is made in a thread: it can take a second."""

ResultT = TypeVar("ResultT")


async def make_message(notification: Notification, make: Callable[[], ResultT]) -> ResultT:
    """What `make` returns; raises what it raises."""
    if len(notification.alerts) <= MANY_ALERTS:
        return make()
    return await asyncio.to_thread(make)
