"""Runs samplers at their slots: phases spread, what is missed coalesced, never overlapping."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

from exporter.clock import Clock
from exporter.samplers.runner import TargetRunner
from exporter.samplers.target_schedule import TargetSchedule
from exporter.timing.spread import spread_interval

# At start every target is sampled at once, this many at a time.
_FIRST_PASSES_AT_A_TIME = 100
# A timer runs by another clock than the schedule, which may be set meanwhile: look at it this often.
_LONGEST_SLEEP_SECONDS = 60.0


class SampleScheduler:
    """Runs every sampler of every target on its own interval.

    A target has one timer, for the moment at which any of its samplers is next due (see `TargetSchedule`).
    Those that are due at once run together, and so do some targets: to wake up is what costs most. A sampler
    whose last pass is still under way is left out.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._is_running = False
        self._spread_seconds = spread_interval(1, 1.0)
        self._schedules: dict[TargetRunner, TargetSchedule] = {}
        self._timers: dict[TargetRunner, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(_FIRST_PASSES_AT_A_TIME)
        self._turn = asyncio.Lock()

    def start(self) -> None:
        """Begin to run the targets that were and will be added."""
        self._is_running = True
        for runner in self._schedules:
            self._set_timer(runner)

    def set_target_count(self, targets: int, interval_seconds: float) -> None:
        """Set how many targets there are, and their typical interval.

        Affects the spread of targets that are added later.
        """
        self._spread_seconds = spread_interval(targets, interval_seconds)

    def add(self, runner: TargetRunner) -> None:
        """Run the target's samplers now and then at their slots."""
        self._schedules[runner] = TargetSchedule(
            runner.target.instance, runner.plans, self._clock.now(), self._spread_seconds
        )
        self._spawn(self._first_pass(runner))
        self._set_timer(runner)

    def restart(self) -> None:
        """Run everything now and then at its slots, after the clock was set or slots were missed."""
        for runner, schedule in self._schedules.items():
            schedule.restart(self._clock.now())
            self._spawn(self._first_pass(runner))
            self._set_timer(runner)

    def remove(self, runner: TargetRunner) -> None:
        """Run nothing of this target any more; a pass under way goes on."""
        del self._schedules[runner]
        self._cancel_timer(runner)

    async def stop(self) -> None:
        """Cancel everything."""
        self._is_running = False
        for runner in list(self._timers):
            self._cancel_timer(runner)
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _set_timer(self, runner: TargetRunner) -> None:
        self._cancel_timer(runner)
        schedule = self._schedules.get(runner)
        due = None if schedule is None else schedule.due
        if due is not None and self._is_running:
            seconds = min(max(0.0, due - self._clock.now()), _LONGEST_SLEEP_SECONDS)
            self._timers[runner] = asyncio.get_running_loop().call_later(seconds, self._wake, runner)

    def _cancel_timer(self, runner: TargetRunner) -> None:
        timer = self._timers.pop(runner, None)
        if timer is not None:
            timer.cancel()

    def _wake(self, runner: TargetRunner) -> None:
        """Run what is due, and set the timer for what is due next."""
        names = self._schedules[runner].pop_due(self._clock.now())
        if names:
            self._spawn(self._run(runner, names))
        self._set_timer(runner)

    async def _first_pass(self, runner: TargetRunner) -> None:
        """Run first what decides whether the target is up: the others go by what it finds out."""
        first = runner.health_sampler
        async with self._room:
            if first:
                await self._wait_for_turn()
                await self._run(runner, [first])
            await self._wait_for_turn()
            await self._run(runner, [name for plan in runner.plans if (name := plan.spec.name) != first])

    async def _wait_for_turn(self) -> None:
        """Wait until the loop has run others: the first passes of many targets would block it together."""
        async with self._turn:
            await asyncio.sleep(0)

    async def _run(self, runner: TargetRunner, names: Sequence[str]) -> None:
        await runner.run(*names)
        schedule = self._schedules.get(runner)
        delays = [(name, delay) for name in names if (delay := runner.next_delay_seconds(name)) is not None]
        if schedule is not None and delays:
            now = self._clock.now()
            for name, delay in delays:
                schedule.expedite(name, now + delay)
            self._set_timer(runner)
