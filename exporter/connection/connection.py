"""The way to one server: a persistent connection with deadlines, back-off and a bound on replies."""

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import partial

from exporter.connection.backoff import Backoff
from exporter.connection.call import Call, Reply
from exporter.connection.command import Argument, Command, pack
from exporter.connection.greeting import introduce
from exporter.connection.login import log_in
from exporter.connection.moving import follower_of
from exporter.connection.passwords import passwords_of
from exporter.connection.stream import Stream
from exporter.connection.translate import asks_to_log_in, connect_error
from exporter.connection.wire import Wire, settle
from exporter.errors import Reason, ReplyError, TargetError
from exporter.model.target import Credentials, Target

CLIENT_NAME = "redis-vigil"


class Connection:
    """One persistent connection to a server, opened when first needed and again after it was lost.

    A command never waits longer than its deadline; one that does costs the connection, since its reply would
    be taken for the next one's. While the server cannot be reached, attempts come at growing distances (up to
    5 s); in between every call fails at once with the last error. A host's name is looked up again every
    minute, and by `look_up`; once the peer is no longer among its addresses, a connection with one of them
    takes the place of the old one. `on_closed` is called when the server
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
        max_reply_bytes: int = 32 << 20,
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
        self._backoff = Backoff()
        # Opened, and not in use before the calls under way have ended.
        self._next_wire: Wire | None = None
        self._asked_over: Wire | None = None
        self._idle_at_end = 0.0
        self._follower = follower_of(
            target.address, peer=self._peer, renew=self._renew, give_up=self._leave_behind
        )

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
        self._take_over()
        if self._wire is None:
            self._opening = asyncio.create_task(self._open_and_send())
            return
        if self._follower is not None:
            self._follower.look()
        waiting = self._waiting
        end = 1
        if not waiting[0].alone:
            while end < len(waiting) and not waiting[end].alone:
                end += 1
        self._waiting = waiting[end:]
        self._send_over(self._wire, waiting[:end])

    def _send_over(self, wire: Wire, calls: Sequence[Call]) -> None:
        if calls[0].payload or wire is self._asked_over:
            self._asked_over = wire
            wire.send(calls)
            return
        # Who just listens has asked to hear something over a connection that is gone.
        for call in calls:
            call.end(TargetError(Reason.CLOSED, f"{self._where}: the connection is another one"))
        self._go_on()

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
        if self._wire is not None:
            self._idle_at_end = 0.0 if self._wire.calls else self._wire.idle_seconds
        self._wire = None
        self._go_on()
        # What a server has said wrong, who asked will see: it is there, and asking again would not help.
        if self._on_closed is not None and error.reason is not Reason.PROTOCOL:
            self._on_closed()

    async def _open(self) -> None:
        self._backoff.require_turn()
        began = time.monotonic()
        try:
            wire = await self._connect()
        except asyncio.CancelledError:
            self._backoff.failed(self._timed_out())
            raise
        except TargetError as error:
            self._backoff.failed(error)
            raise
        self.connect_seconds = time.monotonic() - began
        self._use(wire)
        self._backoff.succeeded()

    @property
    def pause_seconds(self) -> float:
        """For how long calls will fail with the last error, since it is too early to connect again."""
        return self._backoff.pause_seconds

    @property
    def idle_seconds(self) -> float:
        """For how long nothing has been asked, or had been when the server closed the connection."""
        return self._idle_at_end if self._wire is None else self._wire.idle_seconds

    @property
    def certificate_expires_at(self) -> float | None:
        """When the certificate expires that the server has shown, in epoch seconds; None without one."""
        return None if self._wire is None else self._wire.certificate_expires_at

    def look_up(self) -> None:
        """There is reason to believe that the host has moved: look now, in the background."""
        if self._follower is not None and self._wire is not None:
            self._follower.look_now()

    def _peer(self) -> str:
        return "" if self._wire is None else self._wire.peer

    async def _renew(self) -> None:
        """Open a connection that takes the place of the one in use as soon as nothing is under way."""
        try:
            async with asyncio.timeout(self._timeout_seconds):
                wire = await self._connect()
        except TimeoutError:
            raise self._timed_out() from None
        self._drop_next()
        self._next_wire = wire
        self._take_over()

    def _take_over(self) -> None:
        """Use the connection that was opened meanwhile, unless something is under way."""
        old, wire = self._wire, self._next_wire
        if wire is None or (old is not None and old.calls):
            return
        self._next_wire = None
        if not wire.is_open:
            return
        if old is not None:
            old.abort(self._closed_by_us())
        self._use(wire)

    def _leave_behind(self, error: TargetError) -> None:
        """The name leads to where nobody answers: so the server is down for those who go by it."""
        if self._wire is not None:
            self._idle_at_end = 0.0
            self._break_off(error)
            if self._on_closed is not None:
                self._on_closed()

    def _use(self, wire: Wire) -> None:
        self._wire = wire
        self.connects += 1
        wire.follow(self._send, self._lost)

    def _drop_next(self) -> None:
        wire, self._next_wire = self._next_wire, None
        if wire is not None:
            wire.abort(self._closed_by_us())

    def _closed_by_us(self) -> TargetError:
        return TargetError(Reason.CLOSED, f"{self._where}: closed by us")

    async def _connect(self) -> Wire:
        """A connection on which we have logged in and said our name."""
        stream = await self._log_in()
        wire: Wire | None = None
        try:
            wire = await stream.hand_over(self._where, self._max_reply_bytes)
            wire.on_errors = partial(self._note_errors, wire)
            self.is_untouching = await introduce(wire, self._where, self._name, no_touch=self._no_touch)
        except BaseException as error:
            stream.abort()
            failure = error if isinstance(error, TargetError) else connect_error(error, self._where)
            if wire is not None:
                wire.abort(failure)
            if isinstance(error, TargetError) or not isinstance(error, Exception):
                raise
            raise failure from error
        return wire

    async def _log_in(self) -> Stream:
        return await log_in(self.target, self._where, connect_timeout_seconds=self._timeout_seconds)

    def _note_errors(self, wire: Wire, replies: Sequence[Reply]) -> None:
        """Pass replies on of which some are errors; where the server has forgotten that we had logged in, or
        wants it only now, the next question is asked over a connection that does."""
        if self._on_errors is not None:
            self._on_errors(replies)
        if self.target.credentials != Credentials() and any(map(asks_to_log_in, replies)):
            asyncio.get_running_loop().call_soon(self._leave, wire)

    def _leave(self, wire: Wire) -> None:
        if self._wire is wire:
            self._break_off(TargetError(Reason.PASSWORD_REQUIRED, f"{self._where}: asks to log in again"))

    async def close(self) -> None:
        """Close the connection; a later call would open it again."""
        closed = self._closed_by_us()
        waiting, self._waiting = self._waiting, []
        for call in waiting:
            call.end(closed)
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.wait([self._opening])
        if self._follower is not None:
            await self._follower.close()
        self._drop_next()
        wire = self._wire
        if wire is not None:
            self._break_off(closed)
            await wire.wait_closed()

    @property
    def _where(self) -> str:
        return str(self.target.address)
