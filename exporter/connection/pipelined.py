"""Runs coroutines that ask the same server in lock-step.

The next requests of all of them share one round trip, without an asyncio task and a deadline for each.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Generator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from exporter.connection.command import Argument, Command, pack
from exporter.connection.connection import Connection
from exporter.connection.request import Reply, split_replies, value_of
from exporter.errors import Reason, TargetError
from exporter.model.target import Target


class Client(Protocol):
    """The way from a sampler to its server: a `Connection`, or a `PipelinedRunner`."""

    @property
    def target(self) -> Target:
        """The server."""
        ...

    @property
    def connects(self) -> int:
        """How often the server was connected to."""
        ...

    async def execute(self, *command: Argument) -> Reply:
        """Run one command; an error reply is raised as `ReplyError`."""
        ...

    async def pipeline(self, commands: Sequence[Command]) -> list[Reply]:
        """Run several commands; an error reply is a `ReplyError` in its place."""
        ...

    async def timed_pipeline(self, commands: Sequence[Command]) -> tuple[list[Reply], float]:
        """Run several commands in a round trip of their own; also returns its seconds."""
        ...


class _PendingRequest:
    """Packed commands on their way from a coroutine to the runner, and the replies on their way back."""

    __slots__ = ("count", "exclusive", "payload", "replies", "seconds")

    def __init__(self, commands: Sequence[Command], *, exclusive: bool = False) -> None:
        self.payload = pack(commands)
        self.count = len(commands)
        self.exclusive = exclusive
        self.replies: list[Reply] = []
        self.seconds = 0.0

    def __await__(self) -> Generator["_PendingRequest", None, "_PendingRequest"]:
        yield self
        return self


class PipelinedRunner:
    """The client of coroutines that `run` drives.

    They may wait for nothing but their server, and yield to the event loop (`asyncio.sleep(0)`) where they
    have much to do.
    """

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
        """Run one command; an error reply is raised as `ReplyError`."""
        (reply,) = await self.pipeline([command])
        return value_of(reply)

    async def pipeline(self, commands: Sequence[Command]) -> list[Reply]:
        """Run several commands; an error reply is a `ReplyError` in its place."""
        if not commands:
            return []
        return (await _PendingRequest(commands)).replies

    async def timed_pipeline(self, commands: Sequence[Command]) -> tuple[list[Reply], float]:
        """Like `pipeline`, in a round trip of their own, with the seconds that it took."""
        request = await _PendingRequest(commands, exclusive=True)
        return request.replies, request.seconds

    async def run(
        self,
        passes: Sequence[Coroutine[Any, Any, None]],
        on_done: Callable[[int, Exception | None], None],
        timeout_seconds: float,
    ) -> None:
        """Drive all to their ends; `on_done` is called for each with its index and what it raised.

        A fault of the connection, or a deadline that has passed, is thrown into all that wait.
        """
        deadline = time.monotonic() + timeout_seconds
        tasks = [_Task(index, one, on_done) for index, one in enumerate(passes)]
        try:
            await self._step_all(tasks, deadline)
            while waiting := [task for task in tasks if task.request is not None]:
                together = [task for task in waiting if not task.exclusive] or waiting[:1]
                await self._send(together, deadline)
        finally:
            for one in passes:
                one.close()

    async def _send(self, tasks: "Sequence[_Task]", deadline: float) -> None:
        """One round trip for the questions of these."""
        requests = [task.request for task in tasks if task.request is not None]
        seconds = deadline - time.monotonic()
        try:
            if seconds <= 0:
                raise TargetError(Reason.TIMEOUT, f"{self.target.address}: no answer in time")
            if requests[0].exclusive:
                await self._time(requests[0], seconds)
            else:
                await self._exchange(requests, seconds)
        except TargetError as error:
            await self._step_all(tasks, deadline, error)
        else:
            await self._step_all(tasks, deadline)

    async def _step_all(
        self, tasks: "Sequence[_Task]", deadline: float, error: TargetError | None = None
    ) -> None:
        """Run each until its next request or its end, in order: later ones use what earlier ones set."""
        for task in tasks:
            task.step(error)
            while task.yields:
                await asyncio.sleep(0)
                is_late = time.monotonic() > deadline
                task.step(self._out_of_time() if is_late else None)

    def _out_of_time(self) -> TargetError:
        return TargetError(Reason.TIMEOUT, f"{self.target.address}: its replies take too long to read")

    async def _time(self, request: _PendingRequest, seconds: float) -> None:
        request.replies, request.seconds = await self._connection.timed_exchange(
            request.payload, request.count, timeout_seconds=seconds
        )

    async def _exchange(self, requests: Sequence[_PendingRequest], seconds: float) -> None:
        payload = b"".join([request.payload for request in requests])
        count = sum([request.count for request in requests])
        replies = await self._connection.exchange(payload, count, timeout_seconds=seconds)
        parts = split_replies(replies, [request.count for request in requests])
        for request, part in zip(requests, parts, strict=True):
            request.replies = list(part)


@dataclass(slots=True)
class _Task:
    """One coroutine, and the question that it waits for."""

    index: int
    coroutine: Coroutine[Any, Any, None]
    on_done: Callable[[int, Exception | None], None]
    request: _PendingRequest | None = None
    yields: bool = False

    @property
    def exclusive(self) -> bool:
        return self.request is not None and self.request.exclusive

    def step(self, error: TargetError | None = None) -> None:
        """Run it until its next request, its end, or a yield to the event loop."""
        self.request, self.yields = None, False
        try:
            asked = self.coroutine.send(None) if error is None else self.coroutine.throw(error.copy())
            if asked is None:
                # What asyncio.sleep(0) hands to whoever drives it.
                self.yields = True
                return
            if not isinstance(asked, _PendingRequest):
                raise TypeError("in a lock-step a coroutine can wait for its server only")
            self.request = asked
        except StopIteration:
            self.on_done(self.index, None)
        except TargetError as failure:
            # A copy: the frames of the one that was raised lead back to this task and whoever keeps it.
            self.on_done(self.index, failure.copy())
        except Exception as failure:
            self.on_done(self.index, failure)
