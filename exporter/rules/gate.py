"""The gate pauses rules until the targets have been sampled: what is not there yet is not absent."""

import asyncio
from collections.abc import Callable

from exporter.clock import Clock, to_milliseconds


class Gate:
    """A gate that is closed at the start, after targets were added, and after a gap in the samples.

    The one who closes it opens it when every target has been sampled or has failed; it opens by itself when
    the patience is over. `on_open` is called then. It is open until it is closed for the first time.
    """

    def __init__(self, clock: Clock, on_open: Callable[[], None]) -> None:
        self._clock = clock
        self._on_open = on_open
        self._timer: asyncio.TimerHandle | None = None
        self.opened_at_ms = 0

    @property
    def is_open(self) -> bool:
        """True if rules may be evaluated, but for no time before `opened_at_ms`."""
        return self._timer is None

    def close(self, patience_seconds: float) -> None:
        """Pause evaluations, for so long at most; a gate that is closed stays so for no longer."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(patience_seconds, self.open)

    def open(self) -> None:
        """Resume evaluations."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self.opened_at_ms = to_milliseconds(self._clock.now())
            self._on_open()

    def follow_clock(self, by_ms: int) -> None:
        """Follow a clock that was set by so much."""
        self.opened_at_ms += by_ms
