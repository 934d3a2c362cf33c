"""The way to one server: a persistent connection with deadlines, back-off and a bound on replies."""

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from functools import partial

import hiredis

from exporter.connection.call import Call, Reply
from exporter.connection.login import log_in
from exporter.connection.passwords import passwords_of
from exporter.connection.stream import Stream
from exporter.connection.translate import connect_error, door_error
from exporter.connection.wire import Wire, ask, settle
from exporter.errors import Reason, ReplyError, TargetError
from exporter.model.target import Credentials, Target

Argument = str | bytes | int | float
Command = tuple[Argument, ...]

CLIENT_NAME = "redis-vigil"
_FIRST_BACKOFF_SECONDS = 0.1
_LAST_BACKOFF_SECONDS = 5.0


class Connection:
    """One persistent connection to a server, opened when first needed and again after it was lost.

    A command never waits longer than its deadline; one that does costs the connection, since its reply would
    be taken for the next one's. While the server cannot be reached, attempts come at growing distances (up to
    5 s); in between every call fails at once with the last error. `on_closed` is called when the server
    closes a connection, also an idle one, `on_errors` with replies of which some are errors. What several
    tasks ask at the same moment travels in one round trip. `no_touch` asks the server not to count what this
    connection reads as a use of the keys (Redis 7.2 and Valkey know how); `is_untouching` tells whether it
    agreed.

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
        on_errors: Callable[[Sequence[Reply]], None] | None = None,
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
        self._on_errors = on_errors
        self._max_reply_bytes = max_reply_bytes
        self._wire: Wire | None = None
        # Calls that are not sent yet.
        self._waiting: list[Call] = []
        self._is_about_to_send = False
        self._opening: asyncio.Task[None] | None = None
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
        call = await self._await(payload, count, timeout_seconds, alone=True)
        return call.replies, call.seconds

    async def exchange(
        self, payload: bytes, count: int, *, timeout_seconds: float | None = None
    ) -> list[Reply]:
        """Commands already packed into bytes (see `pack`), and their `count` replies."""
        return (await self._await(payload, count, timeout_seconds)).replies

    async def _await(
        self, payload: bytes, count: int, timeout_seconds: float | None, *, alone: bool = False
    ) -> Call:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        call = Call(payload, count, partial(settle, future), alone=alone)
        call.set_alarm(self._timeout_seconds if timeout_seconds is None else timeout_seconds, self._give_up)
        self._waiting.append(call)
        self._go_on()
        try:
            await future
        except asyncio.CancelledError:
            self._give_up(call)
            raise
        return call

    def _timed_out(self) -> TargetError:
        passwords = passwords_of(self.target.credentials)
        if self._wire is None and passwords.is_awaited:
            return TargetError(Reason.AUTH, f"{self._where}: {passwords.source} has given no password yet")
        return TargetError(Reason.TIMEOUT, f"{self._where}: no answer in time")

    def _give_up(self, call: Call) -> None:
        """Its time is over, or nobody waits for it. If it is under way, what comes belongs to nobody."""
        call.end(self._timed_out())
        if call in self._waiting:
            self._waiting.remove(call)
            if self._opening is not None:
                self._opening.cancel()
        elif self._wire is not None and call in self._wire.calls:
            self._break_off(self._timed_out())

    def _go_on(self) -> None:
        """See to it that what waits is sent."""
        if not self._is_about_to_send and self._can_send:
            self._is_about_to_send = True
            # After the tasks that are ready now: what they ask goes along.
            asyncio.get_running_loop().call_soon(self._send)

    @property
    def _can_send(self) -> bool:
        """Whether something waits, and for nothing but us."""
        is_under_way = self._opening is not None or (self._wire is not None and len(self._wire.calls) > 0)
        return len(self._waiting) > 0 and not is_under_way

    def _send(self) -> None:
        """Send the calls that travel together next."""
        self._is_about_to_send = False
        if not self._can_send:
            return
        if self._wire is None:
            self._opening = asyncio.create_task(self._open_and_send())
            return
        waiting = self._waiting
        end = 1
        if not waiting[0].alone:
            while end < len(waiting) and not waiting[end].alone:
                end += 1
        self._waiting = waiting[end:]
        self._wire.send(waiting[:end])

    async def _open_and_send(self) -> None:
        try:
            await self._open()
        except asyncio.CancelledError:
            self._break_off(self._timed_out())
        except TargetError as error:
            self._break_off(error)
        else:
            self._opening = None
            self._send()

    def _break_off(self, error: TargetError) -> None:
        """The connection is of no more use, or there is none: that costs all that was asked with it."""
        wire, self._wire = self._wire, None
        failed: list[Call] = []
        if wire is None:
            failed, self._waiting = self._waiting, []
        self._opening = None
        if wire is not None:
            wire.abort(error)
        for call in failed:
            call.end(error)
        self._go_on()

    def _lost(self, error: TargetError) -> None:
        """The server has closed the connection, or sent what is no reply."""
        self._wire = None
        self._go_on()
        # What a server has said wrong, who asked will see: it is there, and asking again would not help.
        if self._on_closed is not None and error.reason is not Reason.PROTOCOL:
            self._on_closed()

    async def _open(self) -> None:
        now = time.monotonic()
        if self._last_error is not None and now < self._retry_at:
            raise self._last_error
        try:
            await self._connect()
        except asyncio.CancelledError:
            self._back_off(self._timed_out())
            raise
        except TargetError as error:
            self._back_off(error)
            raise
        self.connect_seconds = time.monotonic() - now
        self.connects += 1
        self._backoff_seconds = 0.0
        self._last_error = None

    async def _connect(self) -> None:
        stream = await self._log_in()
        wire: Wire | None = None
        try:
            wire = await stream.hand_over(self._where, self._max_reply_bytes)
            wire.on_errors = partial(self._note_errors, wire)
            await self._introduce(wire)
        except BaseException as error:
            stream.abort()
            failure = error if isinstance(error, TargetError) else connect_error(error, self._where)
            if wire is not None:
                wire.abort(failure)
            if isinstance(error, TargetError) or not isinstance(error, Exception):
                raise
            raise failure from error
        wire.follow(self._send, self._lost)
        self._wire = wire

    async def _log_in(self) -> Stream:
        return await log_in(self.target, self._where, connect_timeout_seconds=self._timeout_seconds)

    def _note_errors(self, wire: Wire, replies: Sequence[Reply]) -> None:
        """Pass replies on of which some are errors; where the server has forgotten that we had logged in, or
        wants it only now, the next question is asked over a connection that does."""
        if self._on_errors is not None:
            self._on_errors(replies)
        if self.target.credentials != Credentials() and any(map(_asks_to_log_in, replies)):
            asyncio.get_running_loop().call_soon(self._leave, wire)

    def _leave(self, wire: Wire) -> None:
        if self._wire is wire:
            self._break_off(TargetError(Reason.PASSWORD_REQUIRED, f"{self._where}: asks to log in again"))

    async def _introduce(self, wire: Wire) -> None:
        """Say our name, and that we are no user of the keys; a server may refuse either, neither is needed.

        NO-TOUCH is asked of servers that know it only: the others would count an error for each connection.
        """
        greeting: list[Command] = [("CLIENT", "SETNAME", self._name)]
        if self._no_touch:
            greeting.append(("INFO", "server"))
        replies = await ask(wire, pack(greeting), len(greeting))
        _require_entry(replies[0], self._where)
        self.is_untouching = False
        if self._no_touch and _knows_no_touch(replies[-1]):
            (reply,) = await ask(wire, pack([("CLIENT", "NO-TOUCH", "ON")]), 1)
            self.is_untouching = not isinstance(reply, ReplyError)

    def _back_off(self, error: TargetError) -> None:
        self._backoff_seconds = min(
            max(self._backoff_seconds * 2, _FIRST_BACKOFF_SECONDS), _LAST_BACKOFF_SECONDS
        )
        self._retry_at = time.monotonic() + self._backoff_seconds
        self._last_error = error

    async def close(self) -> None:
        """Close the connection; a later call would open it again."""
        closed = TargetError(Reason.CLOSED, f"{self._where}: closed by us")
        waiting, self._waiting = self._waiting, []
        for call in waiting:
            call.end(closed)
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.wait([self._opening])
        wire = self._wire
        if wire is not None:
            self._break_off(closed)
            await wire.wait_closed()

    @property
    def _where(self) -> str:
        return str(self.target.address)


def _asks_to_log_in(reply: Reply) -> bool:
    return isinstance(reply, ReplyError) and str(reply).startswith("NOAUTH")


def _require_entry(reply: Reply, where: str) -> None:
    """Raises `TargetError` for what a server that lets nobody in says, whatever it is asked."""
    shut = door_error(reply.reason, where) if isinstance(reply, ReplyError) else None
    if shut is not None:
        raise shut


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
