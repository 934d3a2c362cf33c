"""Passes of samplers that share a connection, which may be cut at any moment."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from exporter.clock import Clock
from exporter.connection import Connection, PipelinedRunner
from exporter.errors import CUT_REASONS, TargetError
from exporter.samplers.slot import Slot

# CLIENT KILL, or a proxy that restarts, is no end of the server: that is where so many new connections in a
# row did not last for one INFO either.
_ATTEMPTS_AFTER_CUT: Final = 3

# A slot whose pass is over, when it began (epoch seconds, then monotonic ones), and the fault, if any.
Ended = Callable[[Slot, float, float, Exception | None], None]


class SharedPasses:
    """Runs passes in lock-step; those that end with their connection get another one, over a new one.

    `ended` is told of each pass that is over. `is_worth_asking`: whether to try again.
    """

    def __init__(
        self, connection: Connection, clock: Clock, ended: Ended, is_worth_asking: Callable[[], bool]
    ) -> None:
        self._connection = connection
        self._lockstep = PipelinedRunner(connection)
        self._clock = clock
        self._ended = ended
        self._is_worth_asking = is_worth_asking

    async def run(self, slots: Sequence[Slot]) -> None:
        """Run one pass of each of these, which are busy meanwhile."""
        started = self._clock.monotonic()
        for slot in slots:
            slot.busy = True
        try:
            cut = await self._try(slots, started)
            deciding = {slot: error for slot, error in cut.items() if slot.plan.spec.decides_up}
            others = {slot: error for slot, error in cut.items() if slot not in deciding}
            for _ in range(_ATTEMPTS_AFTER_CUT):
                # Alone: it may be what another one asks that has the connection closed.
                deciding = await self._try_again(deciding, started)
            self._end(deciding, started)
            self._end(await self._try_again(others, started), started)
        finally:
            for slot in slots:
                slot.busy = False

    async def _try(self, slots: Sequence[Slot], started: float) -> dict[Slot, TargetError]:
        """Run a pass of each; return those that were cut, which are not over."""
        at = self._clock.now()
        cut: dict[Slot, TargetError] = {}

        def end(index: int, error: Exception | None) -> None:
            slot = slots[index]
            if isinstance(error, TargetError) and error.reason in CUT_REASONS:
                slot.table.discard()
                cut[slot] = error
            else:
                self._ended(slot, at, started, error)

        passes = [slot.sampler.sample(self._lockstep, at) for slot in slots]
        await self._lockstep.run(passes, end, min(slot.plan.timeout_seconds for slot in slots))
        return cut

    async def _try_again(self, cut: dict[Slot, TargetError], started: float) -> dict[Slot, TargetError]:
        if not cut or not self._is_worth_asking():
            return cut
        await asyncio.sleep(self._connection.pause_seconds)
        return await self._try(list(cut), started)

    def _end(self, cut: Mapping[Slot, TargetError], started: float) -> None:
        for slot, error in cut.items():
            self._ended(slot, self._clock.now(), started, error)
