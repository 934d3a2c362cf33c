"""The way to one server: a persistent connection with deadlines, back-off and a bound on replies."""

import asyncio
import contextlib
import re
import time
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

import hiredis

from exporter.connection.stream import Stream
from exporter.connection.translate import connect_error, reply_error
from exporter.errors import Reason, ReplyError, TargetError
from exporter.model.target import Target

Argument = str | bytes | int | float
Command = tuple[Argument, ...]
# What a reply can be: a nested list, bytes, an integer, nothing, or the error of that one command.
Reply = Any

CLIENT_NAME = "redis-vigil"
_READ_BYTES = 1 << 16
_FIRST_BACKOFF_SECONDS = 0.1
_LAST_BACKOFF_SECONDS = 5.0
_CLOSE_SECONDS = 1.0
# What the reader returns while a reply is not complete; any value of Redis' could be a reply.
_NOTHING_YET = object()
# A reader keeps room for the largest reply it has seen until the next one comes: beyond this it is let go of.
_KEPT_BYTES = 4096


class _Call:
    """Commands that one caller wants to have answered; `alone`: no others are to be sent with them."""

    __slots__ = ("alone", "count", "future", "payload", "seconds")

    def __init__(self, payload: bytes, count: int, *, alone: bool = False) -> None:
        self.payload = payload
        self.count = count
        self.alone = alone
        self.seconds = 0.0
        self.future: asyncio.Future[list[Reply]] = asyncio.get_running_loop().create_future()

    def fail(self, error: TargetError) -> None:
        if not self.future.done():
            self.future.set_exception(error)


class Connection:
    """One persistent connection to a server, opened when first needed and again after it was lost.

    A command never waits longer than its deadline; one that does costs the connection, since its reply would
    be taken for the next one's. While the server cannot be reached, attempts come at growing distances (up to
    5 s); in between every call fails at once with the last error. `on_closed` is called when the server
    closes a connection, also an idle one. What several tasks ask at the same moment travels in one round
    trip. `no_touch` asks the server not to count what this connection reads as a use of the keys (Redis 7.2
    and Valkey know how); `is_untouching` tells whether it agreed.

    Raises `TargetError`, of which `ReplyError` leaves the connection usable.
    """

    def __init__(
        self,
        target: Target,
        *,
        timeout_seconds: float = 5.0,
        name: str = CLIENT_NAME,
        no_touch: bool = False,
        on_closed: Callable[[], None] | None = None,
        max_reply_bytes: int = 64 << 20,
    ) -> None:
        self.target = target
        self.connect_seconds = 0.0
        self.connects = 0
        self._timeout_seconds = timeout_seconds
        self._name = name
        self._no_touch = no_touch
        self.is_untouching = False
        self._on_closed = on_closed
        self._max_reply_bytes = max_reply_bytes
        self._stream: Stream | None = None
        self._reader = _new_reader()
        self._is_swollen = False
        self._waiting: list[_Call] = []
        self._under_way: list[_Call] = []
        self._talk: asyncio.Task[None] | None = None
        self._backoff_seconds = 0.0
        self._retry_at = 0.0
        self._last_error: TargetError | None = None

    async def execute(self, *command: Argument, timeout_seconds: float | None = None) -> Reply:
        """One command; an error reply is raised as `ReplyError`."""
        (reply,) = await self.pipeline([command], timeout_seconds=timeout_seconds)
        if isinstance(reply, ReplyError):
            raise reply
        return reply

    async def pipeline(
        self, commands: Sequence[Command], *, timeout_seconds: float | None = None
    ) -> list[Reply]:
        """Several commands in one round trip; an error reply stands as a `ReplyError` in its place."""
        return await self.exchange(pack(commands), len(commands), timeout_seconds=timeout_seconds)

    async def time(self, commands: Sequence[Command]) -> tuple[list[Reply], float]:
        """Like `pipeline`, with the seconds that the server took.

        They run from when the commands are sent to when the answers have arrived, without the wait for a turn
        or for a connection; nothing else travels with them.
        """
        return await self.time_exchange(pack(commands), len(commands))

    async def time_exchange(
        self, payload: bytes, count: int, *, timeout_seconds: float | None = None
    ) -> tuple[list[Reply], float]:
        """Like `time`, for commands already packed."""
        call = _Call(payload, count, alone=True)
        replies = await self._await(
            call, self._timeout_seconds if timeout_seconds is None else timeout_seconds
        )
        return replies, call.seconds

    async def exchange(
        self, payload: bytes, count: int, *, timeout_seconds: float | None = None
    ) -> list[Reply]:
        """Commands already packed into bytes (see `pack`), and their `count` replies."""
        seconds = self._timeout_seconds if timeout_seconds is None else timeout_seconds
        return await self._await(_Call(payload, count), seconds)

    async def _await(self, call: _Call, timeout_seconds: float) -> list[Reply]:
        self._waiting.append(call)
        if self._talk is None:
            # It begins after the tasks that are ready now: what they ask goes along.
            self._talk = asyncio.create_task(self._converse())
        alarm = asyncio.get_running_loop().call_later(timeout_seconds, self._expire, call)
        try:
            return await call.future
        except asyncio.CancelledError:
            self._give_up(call)
            raise
        finally:
            alarm.cancel()

    def _expire(self, call: _Call) -> None:
        call.fail(connect_error(TimeoutError(), self._where))
        self._give_up(call)

    def _give_up(self, call: _Call) -> None:
        """Nobody waits for this any more. If it is under way, what is still to come belongs to nobody."""
        if call in self._waiting:
            self._waiting.remove(call)
        elif call in self._under_way and self._talk is not None:
            self._talk.cancel()

    async def _converse(self) -> None:
        """Answer calls until there are no more."""
        try:
            while self._waiting:
                self._under_way = self._take()
                await self._answer(self._under_way)
                self._under_way = []
        except asyncio.CancelledError:
            self._break_off(TargetError(Reason.TIMEOUT, f"{self._where}: no answer in time"))
        finally:
            self._talk = None
            if self._waiting:
                self._talk = asyncio.create_task(self._converse())

    def _take(self) -> list[_Call]:
        """The calls that travel together next."""
        waiting = self._waiting
        end = 1
        if not waiting[0].alone:
            while end < len(waiting) and not waiting[end].alone:
                end += 1
        self._waiting = waiting[end:]
        return waiting[:end]

    async def _answer(self, calls: Sequence[_Call]) -> None:
        try:
            stream = self._stream or await self._open()
            sent_at = time.monotonic()
            await stream.write(b"".join([call.payload for call in calls]))
            for call in calls:
                replies = await self._read(stream, call.count)
                call.seconds = max(0.0, stream.received_at - sent_at)
                if not call.future.done():
                    call.future.set_result(replies)
            if self._is_swollen:
                # All is read, so nothing is lost with it.
                self._reader, self._is_swollen = _new_reader(), False
        except Exception as error:
            self._break_off(error if isinstance(error, TargetError) else connect_error(error, self._where))

    def _break_off(self, error: TargetError) -> None:
        """The conversation failed half-way: it costs the connection and all that was asked with it."""
        self._drop()
        for call in self._under_way:
            call.fail(error)
        self._under_way = []

    async def _read(self, stream: Stream, count: int) -> list[Reply]:
        reader = self._reader
        replies: list[Reply] = []
        budget = self._max_reply_bytes
        while True:
            replies.extend(islice(iter(reader.gets, _NOTHING_YET), count - len(replies)))
            if len(replies) == count:
                break
            data = await stream.read(_READ_BYTES)
            if not data:
                raise TargetError(Reason.CLOSED, f"{self._where}: closed the connection")
            budget -= len(data)
            if budget < 0:
                raise TargetError(Reason.PROTOCOL, f"{self._where}: a reply is too large")
            self._is_swollen = self._is_swollen or len(data) > _KEPT_BYTES
            reader.feed(data)
        if hiredis.ReplyError in set(map(type, replies)):
            return [reply_error(one) if isinstance(one, hiredis.ReplyError) else one for one in replies]
        return replies

    async def _open(self) -> Stream:
        now = time.monotonic()
        if self._last_error is not None and now < self._retry_at:
            raise self._last_error
        try:
            stream = await self._connect()
        except (TimeoutError, asyncio.CancelledError):
            self._back_off(TargetError(Reason.TIMEOUT, f"{self._where}: no answer in time"))
            raise
        except TargetError as error:
            self._back_off(error)
            raise
        self.connect_seconds = time.monotonic() - now
        self.connects += 1
        self._backoff_seconds = 0.0
        self._last_error = None
        return stream

    async def _connect(self) -> Stream:
        stream = Stream(
            self.target, connect_timeout_seconds=self._timeout_seconds, on_closed=self._server_closed
        )
        try:
            await stream.open()
            self._reader = _new_reader()
            await self._introduce(stream)
        except BaseException as error:
            stream.abort()
            if isinstance(error, TargetError) or not isinstance(error, Exception):
                raise
            raise connect_error(error, self._where) from error
        self._stream = stream
        return stream

    async def _introduce(self, stream: Stream) -> None:
        """Say our name, and that we are no user of the keys; a server may refuse either, neither is needed.

        NO-TOUCH is asked of servers that know it only: the others would count an error for each connection.
        """
        greeting: list[Command] = [("CLIENT", "SETNAME", self._name)]
        if self._no_touch:
            greeting.append(("INFO", "server"))
        await stream.write(pack(greeting))
        replies = await self._read(stream, len(greeting))
        self.is_untouching = False
        if self._no_touch and _knows_no_touch(replies[-1]):
            await stream.write(pack([("CLIENT", "NO-TOUCH", "ON")]))
            (reply,) = await self._read(stream, 1)
            self.is_untouching = not isinstance(reply, ReplyError)

    def _back_off(self, error: TargetError) -> None:
        self._backoff_seconds = min(
            max(self._backoff_seconds * 2, _FIRST_BACKOFF_SECONDS), _LAST_BACKOFF_SECONDS
        )
        self._retry_at = time.monotonic() + self._backoff_seconds
        self._last_error = error

    def _server_closed(self) -> None:
        if self._stream is not None:
            self._drop()
            if self._on_closed is not None:
                self._on_closed()

    def _drop(self) -> asyncio.StreamWriter | None:
        stream, self._stream = self._stream, None
        return None if stream is None else stream.abort()

    async def close(self) -> None:
        """Close the connection; a later call would open it again."""
        waiting, self._waiting = self._waiting, []
        for call in waiting:
            call.fail(TargetError(Reason.CLOSED, f"{self._where}: closed by us"))
        if self._talk is not None:
            self._talk.cancel()
            await asyncio.wait([self._talk])
        writer = self._drop()
        if writer is not None:
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(_CLOSE_SECONDS):
                    await writer.wait_closed()

    @property
    def _where(self) -> str:
        return str(self.target.address)


def _new_reader() -> hiredis.Reader:
    return hiredis.Reader(notEnoughData=_NOTHING_YET)


_VERSION = re.compile(rb"redis_version:(\d+)\.(\d+)")


def _knows_no_touch(info: Reply) -> bool:
    """Whether the server is Redis 7.2 or newer, or as new; Valkey says that it is."""
    match = _VERSION.search(info) if isinstance(info, bytes) else None
    return match is not None and (int(match[1]), int(match[2])) >= (7, 2)


def pack(commands: Sequence[Command]) -> bytes:
    """Commands as the bytes that go over the wire; worth keeping where they do not change."""
    return b"".join([_pack_command(command) for command in commands])


# hiredis takes tuples of any length; its type hints know one of length 1 only.
_pack_command: Callable[[Command], bytes] = hiredis.pack_command  # type: ignore[assignment]
