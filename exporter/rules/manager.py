"""The rule manager starts all groups of all rule files, replaces them on reload, and stops them."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from exporter.clock import Clock, Leap, to_milliseconds
from exporter.errors import StateError
from exporter.log import get_logger
from exporter.rules.environment import Environment
from exporter.rules.gate import Gate
from exporter.rules.group import RuleGroup
from exporter.rules.model import GroupKey, GroupSpec, RuleFile
from exporter.rules.origins import origins_of
from exporter.rules.restore import RestorePolicy
from exporter.rules.runner import GroupRunner
from exporter.rules.saved import SavedGroup
from exporter.time_slice import TimeSlice

_log = get_logger(__name__)

# The series of a removed group stay for so many intervals, so that a renamed one goes on without a gap.
_STALE_MARKER_DELAY_INTERVALS: Final = 2
_STATE_DEADLINE_SECONDS: Final = 10.0
_IDLE_DEADLINE_SECONDS: Final = 2.0


class RuleManager:
    """The manager of the groups of the rule files.

    `environment` is shared with all groups: change its settings, then call `apply`. While `gate` is closed
    nothing is evaluated.
    """

    def __init__(self, environment: Environment, clock: Clock, policy: RestorePolicy | None = None) -> None:
        self.environment = environment
        self.gate = Gate(clock, self._recheck)
        self._clock = clock
        self._policy = policy or RestorePolicy()
        self._runners: dict[GroupKey, GroupRunner] = {}
        self._is_running = False
        self._stale_marker_tasks: set[asyncio.Task[None]] = set()

    @property
    def groups(self) -> list[RuleGroup]:
        """All groups, in the order of their files."""
        return [runner.group for runner in self._runners.values()]

    async def start(self, files: Sequence[RuleFile]) -> None:
        """Restore what was saved before a restart, then run these groups.

        Raises `StateError` where the saved state cannot be read.
        """
        saved = await self.environment.state.load()
        await self.apply(files)
        self._restore(saved)
        for key in saved.keys() - self._runners.keys():
            await self._delete_state(key)
        self._is_running = True
        for runner in self._runners.values():
            runner.start()

    def _restore(self, saved: Mapping[GroupKey, SavedGroup]) -> None:
        now_ms = to_milliseconds(self._clock.now())
        for key, runner in self._runners.items():
            if key in saved:
                runner.group.restore(saved[key], self._policy, now_ms)

    async def apply(self, files: Sequence[RuleFile]) -> None:
        """Run these groups from now on.

        Unchanged groups go on, changed ones copy the state, removed ones end; a rule that is in another group
        now keeps its alerts. Yields to the event loop; where a group cannot be made nothing has changed.
        """
        origins = origins_of(files)
        specs = {group.key: group for file in files for group in file.groups}
        before = self._runners
        new: dict[GroupKey, RuleGroup] = {}
        async for key, spec in TimeSlice().each(specs.items()):
            if key not in before or not self._is_same(before[key], spec):
                new[key] = RuleGroup(spec, self.environment)
        kept = specs.keys() - new.keys()
        self.environment.origins = origins
        # The others finish the evaluation under way, so that the groups that replace them copy its outcome.
        await asyncio.gather(*(runner.stop() for key, runner in before.items() if key not in kept))
        gone = [key for key in before if key not in specs]
        left = [rule for key in gone for rule in before[key].group.alerting_rules]
        for key, group in new.items():
            if key in before:
                left += group.copy_state(before[key].group)
        for group in new.values():
            group.adopt(left)
        self._runners = {key: before[key] if key in kept else self._run(new[key]) for key in specs}
        for key in gone:
            self._schedule_stale_markers(before[key].group)
            await self._delete_state(key)

    def _is_same(self, runner: GroupRunner, spec: GroupSpec) -> bool:
        interval_ms = spec.interval_ms or self.environment.evaluation_interval_ms
        return runner.group.spec == spec and runner.group.interval_ms == interval_ms

    def _run(self, group: RuleGroup) -> GroupRunner:
        runner = GroupRunner(group, self._clock, self.gate)
        if self._is_running:
            runner.start()
        return runner

    def _schedule_stale_markers(self, group: RuleGroup) -> None:
        task = asyncio.create_task(self._mark_stale_later(group), name=f"end of {group.spec.key}")
        self._stale_marker_tasks.add(task)
        task.add_done_callback(self._stale_marker_tasks.discard)

    async def _mark_stale_later(self, group: RuleGroup) -> None:
        await asyncio.sleep(_STALE_MARKER_DELAY_INTERVALS * group.interval_ms / 1000)
        if group.spec.key not in self._runners:
            group.mark_stale(to_milliseconds(self._clock.now()))

    async def _delete_state(self, key: GroupKey) -> None:
        try:
            async with asyncio.timeout(_STATE_DEADLINE_SECONDS):
                await self.environment.state.delete(key)
        except (StateError, TimeoutError) as error:
            self.environment.state_failures_total += 1
            _log.error("alert state not dropped", group=str(key), error=repr(error))

    def evaluate_now(self) -> None:
        """Evaluate every group at once, besides its slots; calls in quick succession count as one."""
        for runner in self._runners.values():
            runner.wake()

    async def wait_until_idle(self) -> None:
        """Wait with a closed gate until no evaluation is under way, for two seconds at most."""
        waits = [asyncio.create_task(runner.idle.wait()) for runner in self._runners.values()]
        if waits:
            _, late = await asyncio.wait(waits, timeout=_IDLE_DEADLINE_SECONDS)
            for task in late:
                task.cancel()

    def follow_clock(self, leap: Leap) -> None:
        """Follow a clock that leapt: no timer runs out because of it, and no alert lies in the future."""
        jumped_ms, moved_ms = to_milliseconds(leap.jumped), to_milliseconds(leap.moved)
        self.gate.follow_clock(jumped_ms)
        for runner in self._runners.values():
            runner.group.follow_clock(jumped_ms, moved_ms)
        self._recheck()

    def _recheck(self) -> None:
        for runner in self._runners.values():
            runner.recheck()

    async def stop(self) -> None:
        """Stop all groups, each after the evaluation under way."""
        self._is_running = False
        for task in self._stale_marker_tasks:
            task.cancel()
        await asyncio.gather(*(runner.stop() for runner in self._runners.values()))
        await asyncio.gather(*self._stale_marker_tasks, return_exceptions=True)
