"""When samplers run: one job per target and sampler, phases spread, coalesced, never overlapping."""

import asyncio
import zlib
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from exporter.clock import Clock
from exporter.samplers.runner import TargetRunner

# At start every target is sampled at once, this many at a time.
_FIRST_PASSES_AT_A_TIME = 100


class SampleSchedule:
    """Runs every sampler of every target on its own interval.

    A job's phase is fixed by the names of its target and sampler, so that many targets are spread over the
    interval and a restart changes nothing. A pass that comes too late is run once; the slots that it missed
    are not made up for.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )
        self._first_passes: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(_FIRST_PASSES_AT_A_TIME)

    def start(self) -> None:
        """Begin to run what was and will be added."""
        self._scheduler.start()

    def add(self, runner: TargetRunner) -> None:
        """Run the target's samplers now and then at their slots."""
        for plan in runner.plans:
            name, interval = plan.spec.name, plan.interval_seconds
            self._scheduler.add_job(
                runner.run,
                IntervalTrigger(
                    seconds=interval,
                    start_date=first_slot(f"{runner.target.instance}/{name}", interval, self._clock.now()),
                    timezone=UTC,
                ),
                args=(name,),
                id=f"{runner.target.instance}/{name}",
            )
        task = asyncio.create_task(self._first_pass(runner))
        self._first_passes.add(task)
        task.add_done_callback(self._first_passes.discard)

    async def _first_pass(self, runner: TargetRunner) -> None:
        async with self._room:
            for plan in runner.plans:
                await runner.run(plan.spec.name)

    def remove(self, runner: TargetRunner) -> None:
        """Run nothing of this target any more; a pass under way goes on."""
        for plan in runner.plans:
            self._scheduler.remove_job(f"{runner.target.instance}/{plan.spec.name}")

    async def stop(self) -> None:
        """Run nothing any more."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        for task in list(self._first_passes):
            task.cancel()
        await asyncio.gather(*self._first_passes, return_exceptions=True)


def first_slot(name: str, interval_seconds: float, now: float) -> datetime:
    """The next moment at which a job of this name and interval is due."""
    phase = zlib.crc32(name.encode()) / 2**32 * interval_seconds
    behind = (now - phase) % interval_seconds
    return datetime.fromtimestamp(now, UTC) + timedelta(seconds=interval_seconds - behind)
