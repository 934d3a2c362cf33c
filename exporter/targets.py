"""`Targets`: watches the servers that the configuration names and those that discovery finds.

It keeps the rules waiting for those that have not been sampled yet.
"""

import asyncio

from exporter.discovery.manager import Discovery
from exporter.following import Following
from exporter.prepared import Prepared
from exporter.reload import Plan
from exporter.roster import Roster
from exporter.rules.manager import RuleManager
from exporter.samplers.runner import TargetRunner
from exporter.samplers.target_manager import TargetManager
from exporter.selection import Cause, FoundSelection
from exporter.state.state_store import StateStore
from exporter.timing.job import Jobs


class Targets:
    """Goes from one set of targets to the next: at a reload, and whenever discovery finds others.

    `selection` tells which of those found are left out. `lock` is held by whoever changes the plan meanwhile.
    """

    def __init__(
        self,
        prepared: Prepared,
        *,
        target_manager: TargetManager,
        rules: RuleManager,
        state_store: StateStore,
        lock: asyncio.Lock,
    ) -> None:
        self._plan = prepared.plan
        self._jobs: Jobs | None = None
        self._target_manager = target_manager
        self._rules = rules
        self._state_store = state_store
        self._following = Following(lock, self.watch, self.open_gate)
        self.discovery = Discovery(prepared.sources, self._following.note, records=state_store.discovery)
        self.selection = FoundSelection()
        self._roster = Roster(target_manager, self._following.note, lambda: self.discovery.hurry())

    def note(self, runner: TargetRunner) -> None:
        """A target has been sampled."""
        self._roster.note(runner)

    async def watch(self) -> None:
        """Watch what is configured and what has been found by now."""
        found = await self.selection.of(self._plan.config, self.discovery.found)
        if await self._roster.watch(self._plan, found):
            self._state_store.samples.rewrite()
        if self._has_reported:
            self._rules.gate.open()
        else:
            self._rules.gate.close(patience_seconds(self._plan))

    async def start(self, jobs: Jobs) -> None:
        """Begin to watch, and to look for more."""
        self._jobs = jobs
        await self.watch()
        self.discovery.start(jobs)

    async def stop(self) -> None:
        """Look for no more; who is watched stays so."""
        await self.discovery.stop()

    async def apply(self, prepared: Prepared) -> None:
        """Go over to another plan; sources that stay keep what they have found."""
        await self.discovery.stop()
        self._plan = prepared.plan
        try:
            self.discovery = Discovery(
                prepared.sources, self._following.note, self.discovery, self._state_store.discovery
            )
            await self.watch()
        finally:
            if self._jobs is not None:
                self.discovery.start(self._jobs)

    async def hold_rules(self) -> None:
        """Let nothing be evaluated until all targets have been sampled; ends what is under way."""
        self._rules.gate.close(patience_seconds(self._plan))
        await self._rules.wait_until_idle()

    @property
    def left_out(self) -> dict[str, int]:
        """How many servers are not watched, by why: those of the configuration and those found."""
        counts = {cause.value: self.selection.left_out.get(cause, 0) for cause in Cause}
        for cause in self._plan.left_out:
            counts[cause.value] += 1
        return counts

    @property
    def _has_reported(self) -> bool:
        """Whether there is something of every target, also of those that are still to be found."""
        return (
            self._target_manager.has_reported and self.discovery.has_reported and not self._following.is_busy
        )

    def open_gate(self) -> None:
        """Let rules be evaluated if there is something of every target."""
        if self._has_reported:
            self._rules.gate.open()


def patience_seconds(plan: Plan) -> float:
    """Return the longest time, in seconds, that rules wait for targets to be sampled: two intervals."""
    settings = plan.config.global_
    return 2 * max(settings.sample_interval.seconds, settings.evaluation_interval.seconds)
