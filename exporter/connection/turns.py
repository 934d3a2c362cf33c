"""Turns of connections whose replies take long to read: they share a part of the event loop's time."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Final

from exporter.time_slice import PerLoop

# The event loop is held up so long at a time, by all of them together, and then is free for as long.
TURN_SECONDS: Final = 0.002
# Reads on for a moment; whether there is more to read.
Work = Callable[[], bool]


class ReadingTurns:
    """Runs what is to be read, a piece of each connection in turn."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._work: deque[Work] = deque()
        self._is_running = False

    def add(self, work: Work) -> None:
        """Call this again and again, until it says that there is no more."""
        self._work.append(work)
        if not self._is_running:
            self._is_running = True
            self._loop.call_soon(self._run)

    def _run(self) -> None:
        began = time.monotonic()
        spent = 0.0
        while self._work and spent < TURN_SECONDS:
            work = self._work.popleft()
            if work():
                self._work.append(work)
            spent = time.monotonic() - began
        self._is_running = len(self._work) > 0
        if self._is_running:
            self._loop.call_later(spent, self._run)


reading_turns: Final = PerLoop(ReadingTurns)
"""The turns that all connections of the running event loop share: `reading_turns()`."""
