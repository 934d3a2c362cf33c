"""Periodic work on the store: the daemon's own metrics, what is too old, what is too much."""

from collections.abc import Sequence
from typing import Final

from exporter.clock import Clock, to_milliseconds
from exporter.metrics.own import OwnMetrics
from exporter.rules.output import SOURCE_PREFIX
from exporter.samplers.target_manager import TargetManager
from exporter.store import MemoryLimiter, Store
from exporter.store.heap import malloc_trim
from exporter.time_slice import TimeSlice
from exporter.timing.job import Job, every
from exporter.web.directory import CurrentConfig

_TRIM_SECONDS: Final = 60.0
_DEADLINE_SECONDS: Final = 60.0


class Housekeeping:
    """Writes the daemon's own metrics into the store about as often as targets are sampled.

    It also drops samples that are too old or too many.
    """

    def __init__(
        self,
        store: Store,
        limiter: MemoryLimiter,
        own: OwnMetrics,
        target_manager: TargetManager,
        clock: Clock,
        current: CurrentConfig,
    ) -> None:
        self._store = store
        self._limiter = limiter
        self._own = own
        self._target_manager = target_manager
        self._clock = clock
        self._current = current

    def write(self) -> None:
        """Write the own metrics as they are now."""
        self._store.append(self._own.sample(to_milliseconds(self._clock.now())))

    @property
    def jobs(self) -> Sequence[Job]:
        """Writing of the own metrics, the limit of memory, and the retention of samples."""
        return [
            Job("own_metrics", self._write, self._interval_seconds, _DEADLINE_SECONDS, at_once=True),
            Job("memory_limit", self._enforce_limit, self._interval_seconds, _DEADLINE_SECONDS, at_once=True),
            Job("retention", self._trim, every(_TRIM_SECONDS), _DEADLINE_SECONDS),
        ]

    def _interval_seconds(self) -> float:
        return self._current.config.global_.sample_interval.seconds

    async def _write(self) -> None:
        await self._own.prepare()
        self.write()

    async def _enforce_limit(self) -> None:
        await TimeSlice().through(self._limiter.enforce(to_milliseconds(self._clock.now())))

    async def _trim(self) -> None:
        now_ms = to_milliseconds(self._clock.now())
        self._mark_orphans_stale(now_ms)
        await TimeSlice().through(self._store.trim(now_ms))
        malloc_trim()

    def _mark_orphans_stale(self, now_ms: int) -> None:
        """Mark restored series stale whose source has not written since.

        Such are those of targets that are no longer configured.
        """
        alive = {source for runner in self._target_manager.runners for source in runner.sources}
        for source in self._store.resumed_sources:
            if source not in alive and not source.startswith(SOURCE_PREFIX):
                self._store.mark_stale(source, now_ms)
