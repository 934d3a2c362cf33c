"""`JobScheduler`: runs everything periodic that is not the sampling of a target or the evaluation of rules.

It is APScheduler's `AsyncIOScheduler` by the event loop's clock. APScheduler asks for the time of day, which
may be set: after an hour back all jobs would stand still for an hour. So its `timezone` is one in which the
time of day is that of the loop (docs/decisions/0004-apscheduler.md).
"""

import asyncio
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final

from apscheduler.events import EVENT_JOB_MAX_INSTANCES
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector, CollectorRegistry

from exporter.clock import Clock
from exporter.errors import JobError
from exporter.log import get_logger
from exporter.timing.job import Job

OUTCOMES: Final = ("success", "failure", "timeout", "skipped")
"""How a run can end; `skipped`: it did not begin, since the one before was still under way."""

_LEAST_INTERVAL_SECONDS: Final = 0.1
_ENDING_SECONDS: Final = 1.0

log = get_logger(__name__)


class LoopTime(tzinfo):
    """A zone whose time of day is the time of an event loop, in seconds since 1970."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def utcoffset(self, _: datetime | None) -> timedelta:
        """Zero: the time of the loop has no zones."""
        return timedelta(0)

    def dst(self, _: datetime | None) -> timedelta:
        """Zero: the time of the loop has no zones."""
        return timedelta(0)

    def tzname(self, _: datetime | None) -> str:
        """The name of the zone."""
        return "loop"

    def fromutc(self, _: datetime) -> datetime:
        """`datetime.now(self)` asks this; the time of day of the machine is of no concern."""
        return self.at(self._loop.time())

    def at(self, seconds: float) -> datetime:
        """A moment of the loop's time."""
        return datetime(1970, 1, 1, tzinfo=self) + timedelta(seconds=seconds)


class _Every(BaseTrigger):  # type: ignore[misc]  # the library has no types
    """Fires an interval after the moment at which it fired last; what was missed is not made up for."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def get_next_fire_time(self, _: datetime | None, now: datetime) -> datetime:
        # Where the interval begins with the end of a run, it is set then: this is later than that.
        running_seconds = self._job.deadline_seconds + _ENDING_SECONDS if self._job.from_end else 0.0
        return now + timedelta(seconds=running_seconds + _interval_seconds(self._job))


def _interval_seconds(job: Job) -> float:
    return max(job.interval_seconds(), _LEAST_INTERVAL_SECONDS)


@dataclass(slots=True)
class JobStatus:
    """The runs of a job so far; moments in epoch seconds, 0: none yet."""

    job: Job
    runs: dict[str, int]
    last_run_at: float = 0.0
    last_success_at: float = 0.0
    last_duration_seconds: float = 0.0
    last_outcome: str = ""
    next_run_at: float = 0.0


class JobScheduler:
    """Runs jobs from `start` to `stop`. A job that fails or hangs is counted, logged, and runs again."""

    def __init__(self, jobs: Iterable[Job], clock: Clock, registry: CollectorRegistry) -> None:
        self._clock = clock
        self._statuses = {job.name: _new_status(job) for job in jobs}
        self._scheduler: Any = None
        self._running: dict[asyncio.Task[Any], str] = {}
        # Its warnings would say what is counted and logged here.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        registry.register(_JobCollector(self))

    async def start(self) -> None:
        """Begin to run the jobs."""
        loop = asyncio.get_running_loop()
        zone = LoopTime(loop)
        self._scheduler = AsyncIOScheduler(
            event_loop=loop,
            timezone=zone,
            # Each run is at the right time by the loop's clock; the library would compare it with the wall's.
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._scheduler.add_listener(self._skipped, EVENT_JOB_MAX_INSTANCES)
        for status in self._statuses.values():
            self._schedule(status)
        self._scheduler.start()

    def add(self, job: Job) -> None:
        """Run another job, from `start` on. Raises `ValueError` where the name is taken."""
        if job.name in self._statuses:
            raise ValueError(f"there is a job {job.name} already")
        status = self._statuses[job.name] = _new_status(job)
        if self._is_started:
            self._schedule(status)

    async def remove(self, name: str) -> None:
        """Run a job no more; a run under way is cancelled, and has ended then."""
        if self._statuses.pop(name, None) is None:
            return
        if self._is_started:
            self._scheduler.remove_job(name)
        await self._cancel([task for task, running in self._running.items() if running == name])

    def run_soon(self, name: str) -> None:
        """Run a job now, unless it is being run."""
        if self._is_started and name in self._statuses and name not in self._running.values():
            self._run_after(name, 0.0)

    @property
    def _is_started(self) -> bool:
        return self._scheduler is not None and bool(self._scheduler.running)

    def _schedule(self, status: JobStatus) -> None:
        job, first = status.job, {}
        if job.at_once or job.from_end:
            seconds = 0.0 if job.at_once else _interval_seconds(job)
            first = {"next_run_time": self._moment_in(seconds)}
        self._scheduler.add_job(self._run, _Every(job), [status], id=job.name, name=job.name, **first)

    def _run_after(self, name: str, seconds: float) -> None:
        self._scheduler.modify_job(name, next_run_time=self._moment_in(seconds))

    def _moment_in(self, seconds: float) -> datetime:
        zone: LoopTime = self._scheduler.timezone
        return zone.at(asyncio.get_running_loop().time() + seconds)

    async def stop(self) -> None:
        """Run nothing more; what is under way is cancelled."""
        if not self._is_started:
            return
        # The library would write a traceback for each run that is cancelled.
        logging.getLogger("apscheduler").setLevel(logging.CRITICAL)
        self._scheduler.shutdown(wait=False)
        # The library shuts down in the next round of the loop.
        await asyncio.sleep(0)
        await self._cancel(list(self._running))

    async def _cancel(self, running: Iterable[asyncio.Task[Any]]) -> None:
        """End runs, except for the one that asks for it."""
        others = [task for task in running if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        if others:
            await asyncio.wait(others, timeout=_ENDING_SECONDS)

    @property
    def statuses(self) -> Sequence[JobStatus]:
        """The status of every job, in the order of their names."""
        for name, status in self._statuses.items():
            status.next_run_at = self._next_run_at(name)
        return [self._statuses[name] for name in sorted(self._statuses)]

    def _next_run_at(self, name: str) -> float:
        job = None if self._scheduler is None else self._scheduler.get_job(name)
        if job is None or job.next_run_time is None:
            return 0.0
        left: timedelta = job.next_run_time - datetime.now(self._scheduler.timezone)
        return self._clock.now() + left.total_seconds()

    async def _run(self, status: JobStatus) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._running[task] = status.job.name
        loop = asyncio.get_running_loop()
        status.last_run_at, began = self._clock.now(), loop.time()
        try:
            outcome = await _outcome_of(status.job)
        finally:
            del self._running[task]
            status.last_duration_seconds = loop.time() - began
        self._note(status, outcome)
        if status.job.from_end and self._is_started and self._statuses.get(status.job.name) is status:
            self._run_after(status.job.name, _interval_seconds(status.job))
        if outcome == "success":
            status.last_success_at = self._clock.now()

    def _skipped(self, event: Any) -> None:
        status = self._statuses[event.job_id]
        self._note(status, "skipped")
        log.warning("a job is still running, this run is left out", job=status.job.name)

    def _note(self, status: JobStatus, outcome: str) -> None:
        status.runs[outcome] += 1
        status.last_outcome = outcome


def _new_status(job: Job) -> JobStatus:
    return JobStatus(job, dict.fromkeys(OUTCOMES, 0))


async def _outcome_of(job: Job) -> str:
    deadline = asyncio.timeout(job.deadline_seconds)
    try:
        async with deadline:
            await job.run()
    except TimeoutError:
        if deadline.expired():
            log.error("a job took too long and was cut off", job=job.name, seconds=job.deadline_seconds)
            return "timeout"
        log.exception("a job failed", job=job.name)
        return "failure"
    except JobError:
        return "failure"
    except Exception:
        log.exception("a job failed", job=job.name)
        return "failure"
    return "success"


class _JobCollector(Collector):
    """Metrics of all jobs, read when they are asked for."""

    def __init__(self, scheduler: JobScheduler) -> None:
        self._jobs = scheduler

    def collect(self) -> Iterator[Metric]:
        runs = CounterMetricFamily(
            "redis_vigil_job_runs",
            "Runs of a periodic job, by outcome; skipped: the run before was still under way.",
            labels=["job", "outcome"],
        )
        gauges = {
            attribute: GaugeMetricFamily(f"redis_vigil_job_{name}", text, labels=["job"])
            for attribute, name, text in (
                ("last_duration_seconds", "last_duration_seconds", "How long the last run of a job took."),
                ("last_success_at", "last_success_timestamp_seconds", "When a job succeeded last; 0: never."),
                ("next_run_at", "next_run_timestamp_seconds", "When a job runs next."),
            )
        }
        for status in self._jobs.statuses:
            name = status.job.name
            for outcome, count in status.runs.items():
                runs.add_metric([name, outcome], count)
            for attribute, gauge in gauges.items():
                gauge.add_metric([name], getattr(status, attribute))
        yield runs
        yield from gauges.values()
