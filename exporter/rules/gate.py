"""Keeps rules waiting while what they are about has not been sampled: what is not there yet is not absent."""

import asyncio
from collections.abc import Callable

from exporter.clock import Clock, to_milliseconds


class Gate:
    """Closed at the start, after targets were added, and after a time in which nobody watched.

    Whoever closes it opens it when every target has been sampled or has failed; it opens by itself when the
    patience is over. `on_open` is called then. Open until it is closed for the first time.
    """

    def __init__(self, clock: Clock, on_open: Callable[[], None]) -> None:
        self._clock = clock
        self._on_open = on_open
        self._timer: asyncio.TimerHandle | None = None
        self.opened_at_ms = 0

    @property
    def is_open(self) -> bool:
        """Whether rules may be evaluated, for no moment before `opened_at_ms` (epoch milliseconds)."""
        return self._timer is None

    def close(self, patience_seconds: float) -> None:
        """Let nobody pass, for so long at most; where it is closed already that does not become longer."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(patience_seconds, self.open)

    def open(self) -> None:
        """Let everybody pass."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self.opened_at_ms = to_milliseconds(self._clock.now())
            self._on_open()

    def follow_clock(self, by_ms: int) -> None:
        """The clock was set by so much."""
        self.opened_at_ms += by_ms
