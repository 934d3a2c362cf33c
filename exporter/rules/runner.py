"""The group runner is the task that evaluates one group, slot after slot."""

import asyncio
from math import inf
from typing import Final

from exporter.clock import Clock, to_milliseconds
from exporter.log import get_logger
from exporter.rules.gate import Gate
from exporter.rules.group import RuleGroup
from exporter.timing.schedule import Schedule
from exporter.timing.spread import offset_ms

_log = get_logger(__name__)

# Evaluations besides the slots keep this distance, however many targets fail at once.
_EXTRA_PAUSE_SECONDS: Final = 1.0
# The clock is looked at this often at least, since it can be set.
_LONGEST_WAIT_SECONDS: Final = 10.0
_STOP_DEADLINE_SECONDS: Final = 5.0


class GroupRunner:
    """The runner of a group: in its slots, and when it is woken, but never while the gate is closed.

    `idle` is set between evaluations.
    """

    def __init__(self, group: RuleGroup, clock: Clock, gate: Gate | None = None) -> None:
        self.group = group
        self._clock = clock
        self._gate = gate
        phase_ms = offset_ms(str(group.spec.key), group.interval_ms)
        self._schedule = Schedule(group.interval_ms, phase_ms, self._now_ms())
        self._wake = asyncio.Event()
        self._is_woken = False
        self._stopping = asyncio.Event()
        self.idle = asyncio.Event()
        self.idle.set()
        self._last_extra_seconds = float("-inf")
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; the first evaluation is that of the next slot."""
        self._task = asyncio.create_task(self._run(), name=f"rules {self.group.spec.key}")

    def wake(self) -> None:
        """Ask for one evaluation besides the slots; many calls in a row ask for one."""
        self._is_woken = True
        self._wake.set()

    def recheck(self) -> None:
        """Look again at the gate and the clock, one of which has changed."""
        self._wake.set()

    async def stop(self) -> None:
        """End after the evaluation under way; cut it off when it takes too long."""
        self._stopping.set()
        self._wake.set()
        if self._task is None:
            return
        _, running = await asyncio.wait({self._task}, timeout=_STOP_DEADLINE_SECONDS)
        for task in running:
            task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def _now_ms(self) -> int:
        return to_milliseconds(self._clock.now())

    async def _run(self) -> None:
        while not self._stopping.is_set():
            at_ms = await self._wait_for_next_ms()
            if self._stopping.is_set():
                return
            self.idle.clear()
            try:
                await self.group.evaluate(at_ms)
            except Exception:
                # A bug costs one evaluation, not the group.
                _log.exception("evaluation of a group broke", group=str(self.group.spec.key))
            finally:
                self.idle.set()

    async def _wait_for_next_ms(self) -> int:
        """Wait for the next slot, or for being woken; returns the time to evaluate."""
        was_paused = False
        while not self._stopping.is_set():
            paused_ms = self._paused_ms()
            if paused_ms > 0:
                was_paused = True
                await self._sleep(paused_ms / 1000)
                continue
            now_ms = self._now_ms()
            tick = self._schedule.pop_due(now_ms)
            if tick is not None:
                # Slots that were paused on purpose are not missed.
                self.group.missed_total += 0 if was_paused else tick.missed
                return max(tick.at, self._earliest_ms)
            wait_ms = self._schedule.due - now_ms
            pause = self._last_extra_seconds + _EXTRA_PAUSE_SECONDS - self._clock.monotonic()
            if self._is_woken and pause <= 0:
                self._is_woken = False
                self._last_extra_seconds = self._clock.monotonic()
                return self._now_ms()
            await self._sleep(min(wait_ms / 1000, pause if self._is_woken else wait_ms / 1000))
        return self._now_ms()

    @property
    def _earliest_ms(self) -> int:
        """The first time that may be evaluated: its data must be from after the opening of the gate."""
        return 0 if self._gate is None else self._gate.opened_at_ms + self.group.spec.query_offset_ms

    def _paused_ms(self) -> float:
        """Return for how long evaluations are paused; 0 where they are not."""
        if self._gate is None:
            return 0
        if not self._gate.is_open:
            return inf
        # After a clock was set back nothing waits longer than for the offset.
        return min(max(0, self._earliest_ms - self._now_ms()), self.group.spec.query_offset_ms)

    async def _sleep(self, seconds: float) -> None:
        """Sleep until the time is over, or something happens."""
        self._wake.clear()
        try:
            async with asyncio.timeout(min(seconds, _LONGEST_WAIT_SECONDS)):
                await self._wake.wait()
        except TimeoutError:
            return
