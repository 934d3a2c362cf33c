"""A walk through one database: plain SCAN, so that the server looks up no key, within a budget of its time.

The names go to whoever wants them; nothing is asked about them here. Source:
https://redis.io/docs/latest/commands/scan/.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from exporter.clock import Clock
from exporter.connection import Command, Connection
from exporter.errors import ReplyError
from exporter.keyspace.guard import Guard
from exporter.sampling.pace import Budget, Pace
from exporter.sampling.scan import ScanCursor, ScanPacer, scan
from exporter.sampling.turns import Turns

# Each step wakes up the daemon, which costs it more than all the names; it holds the server for a fifth of a
# millisecond, since no key is asked about.
_BATCH: Final = 500


class Walker:
    """The way through a server's keyspace; takes turns with everything else that walks there.

    `budget` bounds what it may cost. The server is looked at (INFO) every few seconds: while it forks or is
    near its memory limit the rests are four times as long.
    """

    def __init__(
        self,
        connection: Connection,
        turns: Turns,
        clock: Clock,
        *,
        budget: Budget | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._connection = connection
        self._sleep = sleep
        pace = Pace(budget or Budget(), _BATCH)
        self._guard = guard = Guard(connection, "any", pace, clock)
        # Without a reference to the walk itself, which would make a cycle of it and all that it holds.
        self._pacer = ScanPacer(pace, turns, lambda: guard.is_strained)
        self._may_look = True
        self._pause = 0.0

    async def begin(self) -> None:
        """See how the server is now; a walk of a few steps can do without. Raises `TargetError`."""
        self._may_look = True
        self._guard.run_id = ""
        await self._look(self._guard.refresh)
        self._guard.run_id = self._guard.server.run_id

    async def _look(self, look: Callable[[], Awaitable[None]]) -> None:
        if self._may_look:
            try:
                await look()
            except ReplyError:
                # It does not tell: it is walked through all the same, and not asked again.
                self._may_look = False

    async def walk(self, select: Sequence[Command], notice: Callable[[Sequence[bytes]], None]) -> None:
        """Walk from end to end; `select` goes before each step.

        Raises `TargetError`, `ReplyError` where the server does not let us SCAN, and `ServerChangedError`
        where it has become another one.
        """
        async for names in scan(
            self._connection, ScanCursor(), self._pacer, prelude=select, between=self._between
        ):
            notice(names)

    async def _between(self, pause: float) -> None:
        await self._sleep(pause)
        await self._look(self._guard.poll)

    def throttle(self, seconds: float) -> None:
        """Rest the server for what else was asked: it took so many seconds, and nobody walks on before."""
        self._pause = self._pacer.rest(seconds, 0)

    async def rest(self) -> None:
        """Wait for as long as was owed last."""
        await self._sleep(self._pause)
