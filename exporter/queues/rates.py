"""The time that a queue will take to drain: from its counters over the last minutes."""

from collections import deque
from math import inf
from typing import Final

from exporter.queues.model import Reading

_WINDOW_SECONDS: Final = 300.0
# Rates over less than this are noise.
_LEAST_SECONDS: Final = 30.0


class DrainRate:
    """The counters of one queue over the last five minutes."""

    def __init__(self) -> None:
        self._points: deque[tuple[float, float, float]] = deque()

    def drain_seconds(self, reading: Reading, at: float) -> float | None:
        """Seconds until the backlog is done, +Inf while it does not shrink; None while rates are unknown.

        `at` is in epoch seconds and moves on from call to call.
        """
        if reading.added is None or not reading.finished:
            return None
        added, finished = reading.added, sum(reading.finished.values())
        points = self._points
        if points and (added < points[-1][1] or finished < points[-1][2]):
            # A counter began anew.
            points.clear()
        points.append((at, added, finished))
        while points[0][0] < at - _WINDOW_SECONDS:
            points.popleft()
        return self._estimate(reading.backlog)

    def follow_clock(self, seconds: float) -> None:
        """The clock was set by so much."""
        self._points = deque((at + seconds, added, finished) for at, added, finished in self._points)

    def _estimate(self, backlog: int | None) -> float | None:
        (first_at, first_added, first_finished), (at, added, finished) = self._points[0], self._points[-1]
        span = at - first_at
        if backlog is None or span < _LEAST_SECONDS:
            return None
        if backlog == 0:
            return 0.0
        net = ((finished - first_finished) - (added - first_added)) / span
        return backlog / net if net > 0 else inf
