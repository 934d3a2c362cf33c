"""When samplers run: one job per target and sampler, phases spread, coalesced, never overlapping."""

import asyncio
import zlib
from datetime import UTC, datetime

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

from exporter.clock import Clock
from exporter.samplers.runner import TargetRunner

# At start every target is sampled at once, this many at a time.
_FIRST_PASSES_AT_A_TIME = 100
# Moments at which jobs start are this far apart, and spread over this span.
_GRID_SECONDS = 0.25
_CYCLE_SECONDS = 3600
_SOON = "/soon"


class SampleSchedule:
    """Runs every sampler of every target on its own interval.

    A job's phase is fixed by the name of its target, so that many targets are spread over the interval and a
    restart changes nothing. The samplers of a target wake up together, and so do some targets: to wake up
    is what costs most (measured: 250 us alone, 35 us per job with 50 jobs at once). A pass that comes too
    late is run once; the slots that it missed are not made up for.
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
        now = self._clock.now()
        for plan in runner.plans:
            interval = plan.interval_seconds
            start = first_slot(runner.target.instance, interval, now, apart=plan.spec.apart)
            self._scheduler.add_job(
                self._run,
                IntervalTrigger(seconds=interval, start_date=start, timezone=UTC),
                args=(runner, plan.spec.name),
                id=_job_id(runner, plan.spec.name),
            )
        task = asyncio.create_task(self._first_pass(runner))
        self._first_passes.add(task)
        task.add_done_callback(self._first_passes.discard)

    async def _first_pass(self, runner: TargetRunner) -> None:
        async with self._room:
            for plan in runner.plans:
                await self._run(runner, plan.spec.name)

    async def _run(self, runner: TargetRunner, name: str) -> None:
        try:
            await runner.run(name)
        except asyncio.CancelledError:
            # Everything stops. APScheduler would log this as a failure of the job.
            return
        delay = runner.next_delay_seconds(name)
        job_id = _job_id(runner, name)
        if delay is not None and self._scheduler.running and self._scheduler.get_job(job_id) is not None:
            due = datetime.fromtimestamp(self._clock.now() + delay, UTC)
            self._scheduler.add_job(
                self._run,
                DateTrigger(due, timezone=UTC),
                args=(runner, name),
                id=f"{job_id}{_SOON}",
                replace_existing=True,
            )

    def remove(self, runner: TargetRunner) -> None:
        """Run nothing of this target any more; a pass under way goes on."""
        for plan in runner.plans:
            job_id = _job_id(runner, plan.spec.name)
            self._scheduler.remove_job(job_id)
            if self._scheduler.get_job(f"{job_id}{_SOON}") is not None:
                self._scheduler.remove_job(f"{job_id}{_SOON}")

    async def stop(self) -> None:
        """Run nothing any more."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        for task in list(self._first_passes):
            task.cancel()
        await asyncio.gather(*self._first_passes, return_exceptions=True)


def first_slot(name: str, interval_seconds: float, now: float, *, apart: bool = False) -> datetime:
    """The next moment at which the jobs of this interval of a target are due.

    Intervals that divide each other share their moments; `apart` are those that are not to meet the others.
    """
    grid = min(_GRID_SECONDS, interval_seconds / 20)
    slots = int(_CYCLE_SECONDS / grid)
    phase = (zlib.crc32(name.encode()) % slots + (0.5 if apart else 0.0)) * grid
    behind = (now - phase) % interval_seconds
    return datetime.fromtimestamp(now + interval_seconds - behind, UTC)


def _job_id(runner: TargetRunner, name: str) -> str:
    return f"{runner.target.instance}/{name}"
