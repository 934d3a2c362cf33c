"""Time slices: what takes long gives way to the event loop."""

import asyncio
import time
from typing import Final

_SLICE_SECONDS: Final = 0.005


class TimeSlice:
    """The time that a computation may take before everything else gets its turn."""

    __slots__ = ("_ends_at",)

    def __init__(self) -> None:
        self._ends_at = time.monotonic() + _SLICE_SECONDS

    @property
    def is_over(self) -> bool:
        """Whether it is time to `give_way`."""
        return time.monotonic() >= self._ends_at

    async def give_way(self) -> None:
        """Let the event loop do what is due; the next slice begins after that."""
        await asyncio.sleep(0)
        self._ends_at = time.monotonic() + _SLICE_SECONDS
