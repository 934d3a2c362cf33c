"""Several coroutines that ask one server in lock-step.

What all of them want to know next travels in one round trip, without a task and a deadline for each.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Generator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from exporter.connection.call import Reply
from exporter.connection.command import Argument, Command, pack
from exporter.connection.connection import Connection
from exporter.errors import Reason, ReplyError, TargetError
from exporter.model.target import Target


class Asker(Protocol):
    """What a sampler asks its server through: a `Connection`, or a place in a lock-step."""

    @property
    def target(self) -> Target: ...

    @property
    def connects(self) -> int: ...

    async def execute(self, *command: Argument) -> Reply: ...

    async def pipeline(self, commands: Sequence[Command]) -> list[Reply]: ...

    async def time(self, commands: Sequence[Command]) -> tuple[list[Reply], float]: ...


class _Question:
    """Packed commands on the way from a coroutine to the lock-step, and their replies on the way back."""

    __slots__ = ("alone", "count", "payload", "replies", "seconds")

    def __init__(self, commands: Sequence[Command], *, alone: bool = False) -> None:
        self.payload = pack(commands)
        self.count = len(commands)
        self.alone = alone
        self.replies: list[Reply] = []
        self.seconds = 0.0

    def __await__(self) -> Generator["_Question", None, "_Question"]:
        yield self
        return self


class LockStep:
    """The way to a server for coroutines that `run` drives; they may wait for nothing else, but give way to
    the event loop (`asyncio.sleep(0)`) where they have much to do."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def target(self) -> Target:
        """The server."""
        return self._connection.target

    @property
    def connects(self) -> int:
        """How often it was connected to."""
        return self._connection.connects

    async def execute(self, *command: Argument) -> Reply:
        """One command; an error reply is raised as `ReplyError`."""
        (reply,) = await self.pipeline([command])
        if isinstance(reply, ReplyError):
            raise reply
        return reply

    async def pipeline(self, commands: Sequence[Command]) -> list[Reply]:
        """Several commands; an error reply stands as a `ReplyError` in its place."""
        if not commands:
            return []
        return (await _Question(commands)).replies

    async def time(self, commands: Sequence[Command]) -> tuple[list[Reply], float]:
        """Like `pipeline`, in a round trip of their own, with the seconds that it took."""
        question = await _Question(commands, alone=True)
        return question.replies, question.seconds

    async def run(
        self,
        passes: Sequence[Coroutine[Any, Any, None]],
        ended: Callable[[int, Exception | None], None],
        timeout_seconds: float,
    ) -> None:
        """Drive all to their ends; `ended` is told of each, by its index, with what it raised.

        A fault of the connection, or a deadline that has passed, is thrown into all that wait.
        """
        deadline = time.monotonic() + timeout_seconds
        walkers = [_Walker(index, one, ended) for index, one in enumerate(passes)]
        try:
            await self._go_on(walkers, deadline)
            while waiting := [walker for walker in walkers if walker.question is not None]:
                together = [walker for walker in waiting if not walker.alone] or waiting[:1]
                await self._ask(together, deadline)
        finally:
            for one in passes:
                one.close()

    async def _ask(self, walkers: "Sequence[_Walker]", deadline: float) -> None:
        """One round trip for the questions of these."""
        questions = [walker.question for walker in walkers if walker.question is not None]
        seconds = deadline - time.monotonic()
        try:
            if seconds <= 0:
                raise TargetError(Reason.TIMEOUT, f"{self.target.address}: no answer in time")
            if questions[0].alone:
                await self._time(questions[0], seconds)
            else:
                await self._exchange(questions, seconds)
        except TargetError as error:
            await self._go_on(walkers, deadline, error)
        else:
            await self._go_on(walkers, deadline)

    async def _go_on(
        self, walkers: "Sequence[_Walker]", deadline: float, error: TargetError | None = None
    ) -> None:
        """Let each run until it asks or ends, one after the other: what comes first, others go by."""
        for walker in walkers:
            walker.go_on(error)
            while walker.gives_way:
                await asyncio.sleep(0)
                is_late = time.monotonic() > deadline
                walker.go_on(self._out_of_time() if is_late else None)

    def _out_of_time(self) -> TargetError:
        return TargetError(Reason.TIMEOUT, f"{self.target.address}: its replies take too long to read")

    async def _time(self, question: _Question, seconds: float) -> None:
        question.replies, question.seconds = await self._connection.time_exchange(
            question.payload, question.count, timeout_seconds=seconds
        )

    async def _exchange(self, questions: Sequence[_Question], seconds: float) -> None:
        payload = b"".join([question.payload for question in questions])
        count = sum([question.count for question in questions])
        replies = await self._connection.exchange(payload, count, timeout_seconds=seconds)
        start = 0
        for question in questions:
            question.replies = replies[start : start + question.count]
            start += question.count


@dataclass(slots=True)
class _Walker:
    """One coroutine, and the question that it waits for."""

    index: int
    coroutine: Coroutine[Any, Any, None]
    ended: Callable[[int, Exception | None], None]
    question: _Question | None = None
    gives_way: bool = False

    @property
    def alone(self) -> bool:
        return self.question is not None and self.question.alone

    def go_on(self, error: TargetError | None = None) -> None:
        """Let it run until it asks, ends or gives way."""
        self.question, self.gives_way = None, False
        try:
            asked = self.coroutine.send(None) if error is None else self.coroutine.throw(error)
            if asked is None:
                # What asyncio.sleep(0) hands to whoever drives it.
                self.gives_way = True
                return
            if not isinstance(asked, _Question):
                raise TypeError("in a lock-step a coroutine can wait for its server only")
            self.question = asked
        except StopIteration:
            self.ended(self.index, None)
        except Exception as failure:
            self.ended(self.index, failure)
