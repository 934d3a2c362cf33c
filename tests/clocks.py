"""Clocks of tests: one that stands still, that of a loop in virtual time, and the machine's set forward."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

from exporter.clock import SystemClock

ResultT = TypeVar("ResultT")

EPOCH = 1_700_000_000.0
"""The time of day at which every virtual loop begins."""


class FrozenClock:
    """A clock that stands still until it is moved: `at` is the time in seconds."""

    def __init__(self, at: float = EPOCH) -> None:
        self.at = at

    @property
    def at_ms(self) -> int:
        """The time in milliseconds."""
        return round(self.at * 1000)

    @at_ms.setter
    def at_ms(self, at_ms: int) -> None:
        self.at = at_ms / 1000

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at


class ShiftedClock(SystemClock):
    """The machine's clock, `ahead` by so many seconds; the time of day alone was also set by `was_set`."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self.was_set = 0.0

    def now(self) -> float:
        return super().now() + self.ahead + self.was_set

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead


class LoopClock:
    """The time of the running loop as time of day, which begins at `epoch`, and is set `ahead` by a test."""

    def __init__(self, epoch: float = EPOCH) -> None:
        self.epoch = epoch
        self.ahead = 0.0

    def now(self) -> float:
        return self.epoch + asyncio.get_running_loop().time() + self.ahead

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


class _JumpingSelector(selectors.SelectSelector):
    """A selector that goes on to the next timer instead of waiting for it."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        ready = super().select(0)
        if not ready:
            if timeout is None:
                raise RuntimeError("nothing will ever happen again")
            self.now += max(timeout, 0.0)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop on which time passes only when there is nothing else to do."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now


def run_virtually(main: Coroutine[Any, Any, ResultT]) -> ResultT:
    """Run a coroutine as `asyncio.run` does, in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
