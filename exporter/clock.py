"""Time as an argument: everything that asks for the time is handed a `Clock`."""

import time
from typing import Protocol


class Clock(Protocol):
    """Tells the time of day and measures spans."""

    def now(self) -> float:
        """Seconds since the Unix epoch."""
        ...

    def monotonic(self) -> float:
        """Seconds since an arbitrary moment; never goes back."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()


def to_milliseconds(seconds: float) -> int:
    """Epoch seconds to the whole milliseconds in which samples are stamped."""
    return round(seconds * 1000)
