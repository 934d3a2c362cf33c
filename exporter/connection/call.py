"""What one caller wants to have answered."""

import asyncio
from collections.abc import Callable
from typing import Any

from exporter.errors import TargetError

# What a reply can be: a nested list, bytes, an integer, nothing, or the error of that one command.
Reply = Any


class Call:
    """Packed commands, and the `count` replies as they come; `alone`: no others are to be sent with them.

    `ended` is called once, with the error if there is one. `seconds` is the time from sending the commands to
    the arrival of the last reply.
    """

    __slots__ = ("_alarm", "_ended", "alone", "count", "payload", "replies", "seconds")

    def __init__(
        self, payload: bytes, count: int, ended: Callable[[TargetError | None], None], *, alone: bool = False
    ) -> None:
        self.payload = payload
        self.count = count
        self.alone = alone
        self.replies: list[Reply] = []
        self.seconds = 0.0
        self._ended: Callable[[TargetError | None], None] | None = ended
        self._alarm: asyncio.TimerHandle | None = None

    def set_alarm(self, seconds: float, ring: Callable[["Call"], None]) -> None:
        """Have this called unless the call has ended by then."""
        self._alarm = asyncio.get_running_loop().call_later(seconds, ring, self)

    def end(self, error: TargetError | None = None) -> None:
        """The replies are complete, or will never be."""
        ended, self._ended = self._ended, None
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if ended is not None:
            ended(error)
