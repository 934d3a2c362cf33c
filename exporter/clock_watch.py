"""Notices that the machine's clock was set, or that nothing ran for a while, and says so."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge

from exporter.clock import Leap, SteadyClock
from exporter.log import get_logger

_PAUSE_SECONDS: Final = 1.0

_log = get_logger(__name__)


class ClockWatch:
    """Looks at the machine's clock about once a second.

    When it was set, or the process stood still, `prepare` is awaited first, then the daemon's clock follows,
    then `on_leap` is called, before anybody else can ask for the time.
    """

    def __init__(
        self,
        clock: SteadyClock,
        registry: CollectorRegistry,
        prepare: Callable[[], Awaitable[None]],
        on_leap: Callable[[Leap], None],
    ) -> None:
        self._clock = clock
        self._prepare = prepare
        self._on_leap = on_leap
        self._jumps = Counter(
            "redis_vigil_clock_jumps",
            "Times that the machine's clock was set, by direction.",
            ["direction"],
            registry=registry,
        )
        self._last_jump = Gauge(
            "redis_vigil_clock_last_jump_seconds",
            "By how much the machine's clock was set last; negative: back, 0: not since the start.",
            registry=registry,
        )
        self._standstills = Counter(
            "redis_vigil_standstills",
            "Times that the daemon stood still for five seconds or longer, as when the machine is suspended.",
            registry=registry,
        )
        self._stood = Counter(
            "redis_vigil_standstill_seconds",
            "How long the daemon stood still altogether.",
            registry=registry,
        )
        for direction in ("back", "forward"):
            self._jumps.labels(direction)

    async def run(self) -> None:
        """Go on until cancelled."""
        while True:
            await asyncio.sleep(_PAUSE_SECONDS)
            try:
                await self.look()
            except Exception:
                # A bug of ours in one part must not cost the daemon its clock.
                _log.exception("not every part has followed the clock")

    async def look(self) -> None:
        """Look once."""
        if not self._clock.is_off:
            self._clock.look()
            return
        await self._prepare()
        leap = self._clock.look() or Leap(0.0, 0.0, 0.0)
        self._on_leap(leap)
        self._tell(leap)

    def _tell(self, leap: Leap) -> None:
        if leap.stood:
            self._standstills.inc()
            self._stood.inc(leap.stood)
            _log.warning("the daemon stood still, nobody watched meanwhile", seconds=round(leap.stood, 1))
        if leap.jumped:
            direction = "back" if leap.jumped < 0 else "forward"
            self._jumps.labels(direction).inc()
            self._last_jump.set(round(leap.jumped, 3))
            _log.warning(f"the machine's clock was set {direction}", seconds=round(abs(leap.jumped), 1))
