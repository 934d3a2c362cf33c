"""What has to be done from time to time, whatever else happens."""

import asyncio
from typing import Final

from exporter.clock import Clock, to_milliseconds
from exporter.metrics.own import OwnMetrics
from exporter.rules.output import SOURCE_PREFIX
from exporter.samplers.fleet import Fleet
from exporter.store import MemoryLimiter, Store
from exporter.store.heap import malloc_trim
from exporter.time_slice import TimeSlice
from exporter.web.directory import CurrentConfig

_TRIM_SECONDS: Final = 60.0


class Housekeeping:
    """Writes the daemon's own metrics into the store about as often as targets are sampled, and drops what is
    too old or too much there."""

    def __init__(
        self,
        store: Store,
        limiter: MemoryLimiter,
        own: OwnMetrics,
        fleet: Fleet,
        clock: Clock,
        current: CurrentConfig,
    ) -> None:
        self._store = store
        self._limiter = limiter
        self._own = own
        self._fleet = fleet
        self._clock = clock
        self._current = current

    def write(self) -> int:
        """Write the own metrics as they are now; returns the moment in milliseconds."""
        now = to_milliseconds(self._clock.now())
        self._store.append(self._own.sample(now))
        return now

    async def run(self) -> None:
        """Go on until cancelled."""
        trimmed_at = self._clock.monotonic()
        while True:
            now = to_milliseconds(self._clock.now())
            if self._clock.monotonic() - trimmed_at >= _TRIM_SECONDS:
                self._end_orphans(now)
                await TimeSlice().through(self._store.trim(now))
                malloc_trim()
                trimmed_at = self._clock.monotonic()
            await TimeSlice().through(self._limiter.enforce(now))
            self.write()
            await asyncio.sleep(self._current.config.global_.sample_interval.seconds)

    def _end_orphans(self, now: int) -> None:
        """What was put back after a restart and nobody goes on with, such as a target that is gone, ends."""
        alive = {source for runner in self._fleet.runners for source in runner.sources}
        for source in self._store.resumed_sources:
            if source not in alive and not source.startswith(SOURCE_PREFIX):
                self._store.mark_stale(source, now)
