"""`Lifecycle`: starts the parts of the daemon in order, and stops them, each by a deadline."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from exporter.log import get_logger

# Seconds that each part has to stop in when a later one could not be started.
_ROLLBACK_SECONDS: Final = 1.0

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of the daemon. `stop` must be harmless where `start` has failed half way, or was never called.

    `stop_within`: seconds after the beginning of the end by which it must have stopped.
    """

    name: str
    start: Callable[[], Awaitable[None]]
    stop: Callable[[], Awaitable[None]]
    stop_within: float


class Lifecycle:
    """Starts `stages` in their order, and stops them in the order of the names in `stopping`."""

    def __init__(self, stages: Sequence[Stage], stopping: Sequence[str]) -> None:
        by_name = {stage.name: stage for stage in stages}
        assert by_name.keys() == set(stopping), "every part is stopped"
        self.stages = stages
        self._stopping = [by_name[name] for name in stopping]

    async def start(self) -> None:
        """Start every part.

        Where one raises, all are stopped, the last first, and its error goes on: those that were not started
        yet may hold something since they were built, such as a socket or the lock of a directory.
        """
        for stage in self.stages:
            try:
                await stage.start()
            except BaseException:
                log.error("a part of the daemon cannot be started, stopping the others", part=stage.name)
                await self._roll_back()
                raise

    async def _roll_back(self) -> None:
        for stage in reversed(self.stages):
            await _stop(stage, asyncio.get_running_loop().time() + _ROLLBACK_SECONDS)

    async def stop(self) -> None:
        """Stop every part; what hangs or fails is left behind, in time for the next."""
        began = asyncio.get_running_loop().time()
        for stage in self._stopping:
            await _stop(stage, began + stage.stop_within)


async def _stop(stage: Stage, moment: float) -> None:
    """Wait for a part to stop, until a moment of the loop's time, and not at all where that is over."""
    try:
        async with asyncio.timeout_at(moment):
            await stage.stop()
    except TimeoutError:
        log.error("a part of the daemon does not stop in time and is left behind", part=stage.name)
    except Exception:
        log.exception("a part of the daemon failed to stop and is left behind", part=stage.name)
