"""SCAN: the loop over the keys of a database, for everything that walks through a keyspace.

Plain SCAN looks up no key, so that it changes no statistics of the server; without MATCH the server does not
even compare names. Source: https://redis.io/docs/latest/commands/scan/.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Final

from exporter.connection import Argument, Command, Connection, Reply, value_of
from exporter.errors import Reason, TargetError
from exporter.model.target import Address
from exporter.sampling.pace import Pace
from exporter.sampling.turns import Turns

START: Final = b"0"
_ONLY_BYTES: Final = frozenset({bytes})


class ScanCursor:
    """The position of one iteration, which can be interrupted and resumed.

    `position` is the cursor of the next call, None once the iteration is complete. `match` is a glob-style
    pattern, `key_type` a type as TYPE names it (Redis 6.0).
    """

    __slots__ = ("_match", "_type", "position")

    def __init__(self, *, match: str = "", key_type: str = "", position: bytes | None = START) -> None:
        self.position = position
        self._match = match
        self._type = key_type

    def command(self, count: int) -> Command:
        """The next call, with a hint of how many keys it is to look at."""
        arguments: list[Argument] = ["SCAN", START if self.position is None else self.position]
        if self._match:
            arguments += ["MATCH", self._match]
        arguments += ["COUNT", count]
        if self._type:
            arguments += ["TYPE", self._type]
        return tuple(arguments)

    def advance(self, reply: Reply, where: Address) -> Sequence[bytes]:
        """The keys in the reply of the server `where`, after which `position` is that of the next call.

        SCAN may return a key more than once. Raises the `ReplyError` of a call that was refused, and
        `TargetError` (protocol) for what is no reply of SCAN; `position` stays what it was.
        """
        answer = value_of(reply)
        if not isinstance(answer, list) or len(answer) != 2:
            raise _invalid(where)
        position, keys = answer
        if not isinstance(position, bytes) or not position or not isinstance(keys, list):
            raise _invalid(where)
        if keys and set(map(type, keys)) != _ONLY_BYTES:
            keys = [key for key in keys if isinstance(key, bytes)]
        self.position = None if position == START else position
        return keys

    def restart(self) -> None:
        """Begin another iteration."""
        self.position = START


def _invalid(where: Address) -> TargetError:
    return TargetError(Reason.PROTOCOL, f"{where}: not a reply of SCAN")


class ScanPacer:
    """Lets the steps of one scan through: in turn with other scans of the server, and with rests between.

    `is_strained` tells whether the server is to be spared. No step begins after `deadline` (in seconds of the
    monotonic clock).
    """

    def __init__(
        self, pace: Pace, turns: Turns, is_strained: Callable[[], bool], *, deadline: float | None = None
    ) -> None:
        self.pace = pace
        self.turns = turns
        self._is_strained = is_strained
        self._deadline = deadline

    @property
    def has_time(self) -> bool:
        """Whether another step may begin."""
        return self._deadline is None or time.monotonic() < self._deadline

    async def acquire(self) -> bool:
        """Wait for a turn, which `release` ends; returns False where none comes before the deadline."""
        seconds = None if self._deadline is None else max(0.0, self._deadline - time.monotonic())
        try:
            async with asyncio.timeout(seconds):
                await self.turns.wait()
        except TimeoutError:
            return False
        return True

    def release(self) -> None:
        """End the turn."""
        self.turns.end()

    def rest(self, seconds: float, keys: int) -> float:
        """The pause in seconds after a step that took so long and saw so many keys.

        No scan of this server steps on before the server has had its part of that pause.
        """
        pause = self.pace.pause(seconds, keys, strained=self._is_strained())
        self.turns.rest(self.pace.rest)
        return pause


async def scan(
    connection: Connection,
    cursor: ScanCursor,
    pacer: ScanPacer,
    *,
    prelude: Sequence[Command] = (),
    count: int | None = None,
    between: Callable[[float], Awaitable[None]] | None = None,
) -> AsyncGenerator[Sequence[bytes], None]:
    """Yield the keys of each step, from the cursor's position to the end or to the pacer's deadline.

    The commands of the `prelude`, such as SELECT, go before each step in the same round trip. `count` is that
    of the pace by default. `between` is called before each further step with the pause in seconds that the
    pace wants: a place to wait, and to check that the server is still the same.

    Raises `TargetError`, and `ReplyError` where the server refuses a command.
    """
    while cursor.position is not None and pacer.has_time and await pacer.acquire():
        try:
            wanted = pacer.pace.batch if count is None else count
            asked = [*prelude, cursor.command(wanted)]
            replies, seconds = await connection.timed_pipeline(asked)
            for reply in replies:
                value_of(reply)
            keys = cursor.advance(replies[-1], connection.target.address)
            pause = pacer.rest(seconds, wanted)
        finally:
            pacer.release()
        yield keys
        if between is not None and cursor.position is not None:
            await between(pause)
