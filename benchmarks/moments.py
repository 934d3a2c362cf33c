"""CPU time of waking up for each of many moments: `loop.call_at`, as sampling does, and jobs of APScheduler.

    python -m benchmarks.moments --moments 200 --seconds 30

Nothing is done at a moment. Each comes once every `--interval` seconds; they are spread over the interval.
Prints the CPU time of the process, in milliseconds per second.
"""

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable

import uvloop
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from exporter.jobs import LoopTime, _Every
from exporter.timing.job import Job, every


async def _do_nothing() -> None:
    """What is done at a moment."""


async def with_timers(moments: int, interval: float, seconds: float) -> None:
    """One `call_later` for each moment, and a task."""
    loop = asyncio.get_running_loop()
    tasks: set[asyncio.Task[None]] = set()

    def wake(number: int, due: float) -> None:
        task = loop.create_task(_do_nothing())
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        loop.call_at(due + interval, wake, number, due + interval)

    for number in range(moments):
        due = loop.time() + interval * number / moments
        loop.call_at(due, wake, number, due)
    await asyncio.sleep(seconds)


async def with_jobs(moments: int, interval: float, seconds: float) -> None:
    """One job of APScheduler for each moment."""
    loop = asyncio.get_running_loop()
    zone = LoopTime(loop)
    job = Job("moment", _do_nothing, every(interval), 1)
    scheduler = AsyncIOScheduler(
        event_loop=loop,
        timezone=zone,
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    for number in range(moments):
        first = zone.at(loop.time() + interval * number / moments)
        scheduler.add_job(_do_nothing, _Every(job), next_run_time=first)
    scheduler.start()
    await asyncio.sleep(seconds)
    scheduler.shutdown(wait=False)
    await asyncio.sleep(0)


Run = Callable[[int, float, float], Awaitable[None]]


def measure(run: Run, moments: int, interval: float, seconds: float) -> float:
    """Milliseconds of CPU time for each second."""

    async def measured() -> float:
        began = time.process_time()
        await run(moments, interval, seconds)
        return (time.process_time() - began) * 1000 / seconds

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(measured())


def main() -> None:
    """Measure both, in turn."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moments", type=int, default=200)
    parser.add_argument("--interval", type=float, default=15.0)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    for _ in range(options.rounds):
        for name, run in (("call_later", with_timers), ("APScheduler", with_jobs)):
            cost = measure(run, options.moments, options.interval, options.seconds)
            print(f"{name:12} {cost:6.2f} ms of CPU time per second", flush=True)


if __name__ == "__main__":
    main()
