"""A range of time that charts show, in steps that move on with the clock."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from exporter.model.duration import format_duration

POINTS: Final = 200
"""About how many points a line of a chart has."""

_COARSEST_MS: Final = 300_000
_STEPS_S: Final = (
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    300,
    600,
    900,
    1800,
    3600,
    7200,
    14_400,
    21_600,
    43_200,
    86_400,
)


@dataclass(frozen=True, slots=True)
class TimeRange:
    """From `start_ms` to `end_ms`, in epoch milliseconds, in steps of `step_ms`.

    Both are multiples of a step, or of five minutes where that is less: what goes with the clock moves from
    point to point, and its end is not long ago. `name` is that of a range that ends now, else empty.
    """

    start_ms: int
    end_ms: int
    step_ms: int
    name: str = ""

    @property
    def span_ms(self) -> int:
        """How long it is."""
        return self.end_ms - self.start_ms

    @property
    def is_live(self) -> bool:
        """Whether it ends now, and moves on with the clock."""
        return bool(self.name)

    @property
    def words(self) -> str:
        """From when to when: `Fri 13 Mar 22:00 – Sat 14 Mar 04:00`."""
        start, end = (datetime.fromtimestamp(at / 1000, UTC) for at in (self.start_ms, self.end_ms))
        return f"{start:%a %-d %b %H:%M} – {end:%a %-d %b %H:%M}"

    def coarser(self) -> "TimeRange":
        """The same range in steps twice as long."""
        return _aligned(self.end_ms, self.span_ms, 2 * self.step_ms, self.name)

    def back(self) -> dict[str, object]:
        """The parameters of the range of the same length before this one."""
        return _parameters(self.start_ms - self.span_ms, self.start_ms)

    def forward(self, now: float) -> dict[str, object]:
        """The parameters of the range of the same length after this one, or of the one that ends now."""
        end_ms = self.end_ms + self.span_ms
        # What ends a step ago is what goes with the clock.
        if end_ms > now * 1000 - self.step_ms:
            name = self.name or format_duration(self.span_ms)
            return {"range": name, "from": None, "to": None}
        return _parameters(self.end_ms, end_ms)


def ending_at(end_ms: int, span_ms: int, name: str = "") -> TimeRange:
    """Return the range of this length that ends about then."""
    return _aligned(end_ms, span_ms, _step_ms(span_ms), name)


def _aligned(end_ms: int, span_ms: int, step_ms: int, name: str) -> TimeRange:
    end_ms -= end_ms % min(step_ms, _COARSEST_MS)
    return TimeRange(end_ms - math.ceil(span_ms / step_ms) * step_ms, end_ms, step_ms, name)


def _step_ms(span_ms: int) -> int:
    wanted = span_ms / 1000 / POINTS
    return 1000 * next((step for step in _STEPS_S if step >= wanted), math.ceil(wanted / 86_400) * 86_400)


def _parameters(start_ms: int, end_ms: int) -> dict[str, object]:
    return {"from": start_ms // 1000, "to": end_ms // 1000, "range": None}
