"""An event loop whose time passes only while everybody waits."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any

from tests.rules.world import START_MS


class _Selector(selectors.SelectSelector):
    """Instead of waiting for the next timer it moves the time on to it."""

    passed_seconds = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout:
            self.passed_seconds += timeout
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """Runs coroutines that sleep for hours in no time."""

    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)

    def time(self) -> float:
        return self._virtual.passed_seconds


class VirtualClock:
    """The clock of a virtual loop; `shift_ms` sets the time of day on or back."""

    shift_ms = 0

    def now(self) -> float:
        return START_MS / 1000 + self.monotonic() + self.shift_ms / 1000

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


def run_virtually(scenario: Coroutine[Any, Any, None]) -> None:
    """Run a scenario on a loop of its own."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(scenario)
