"""The way to one server: a persistent connection with deadlines, back-off and a bound on replies."""

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import partial

from exporter.connection.backoff import Backoff
from exporter.connection.command import Argument, Command, pack
from exporter.connection.moving import Follower, follower_of
from exporter.connection.opening import Greeting, open_connection
from exporter.connection.passwords import timed_out
from exporter.connection.request import Reply, Request, value_of
from exporter.connection.resp_protocol import RespProtocol, resolve_future
from exporter.connection.translate import asks_to_log_in
from exporter.errors import Reason, TargetError
from exporter.model.target import Credentials, Target

CLIENT_NAME = "redis-vigil"


class Connection:
    """One persistent connection to a server, opened when first needed and again after it was lost.

    A command never waits longer than its deadline; one that does costs the connection, since its reply would
    be matched to the next one. Opening it takes no longer than `connect_timeout_seconds`, however much longer
    a command may take. While the server cannot be reached, attempts back off (up to 5 s); in between
    every request fails at once with the last error. A host's name is resolved again every minute, and by
    `look_up`; when the peer is no longer among its addresses, a new connection replaces this one. `on_closed`
    is called when the server closes a connection, also an idle one, `on_errors` with replies among which are
    errors. Requests of the same moment share a round trip. `no_touch` asks the server not to count our
    reads as uses of the keys (Redis 7.2, Valkey); `is_untouching` tells whether it agreed.

    Raises `TargetError`, of which `ReplyError` leaves the connection usable.
    """

    def __init__(
        self,
        target: Target,
        *,
        timeout_seconds: float = 5.0,
        connect_timeout_seconds: float | None = None,
        name: str = CLIENT_NAME,
        no_touch: bool = False,
        on_closed: Callable[[], None] | None = None,
        on_errors: Callable[[Sequence[Reply]], None] | None = None,
        max_reply_bytes: int = 32 << 20,
    ) -> None:
        self.target = target
        self.connect_seconds, self.connects = 0.0, 0
        self._timeout_seconds = timeout_seconds
        self._connect_timeout_seconds = connect_timeout_seconds or timeout_seconds
        self._name = name
        self._no_touch = no_touch
        self._on_closed = on_closed
        self._on_errors = on_errors
        self._max_reply_bytes = max_reply_bytes
        self._protocol: RespProtocol | None = None
        # Requests that are not sent yet.
        self._waiting: list[Request] = []
        self._is_about_to_send = False
        self._opening: asyncio.Task[None] | None = None
        self._backoff = Backoff()
        # Opened, and not in use before the requests under way are done.
        self._next_protocol: RespProtocol | None = None
        self._sent_over: RespProtocol | None = None
        self._idle_at_end = 0.0
        # From the first connection until it is closed: the two hold each other.
        self._follower: Follower | None = None

    async def execute(self, *command: Argument, timeout_seconds: float | None = None) -> Reply:
        """Run one command; an error reply is raised as `ReplyError`."""
        (reply,) = await self.pipeline([command], timeout_seconds=timeout_seconds)
        return value_of(reply)

    async def pipeline(
        self, commands: Sequence[Command], *, timeout_seconds: float | None = None
    ) -> list[Reply]:
        """Run several commands in one round trip; an error reply is a `ReplyError` in its place."""
        return await self.exchange(pack(commands), len(commands), timeout_seconds=timeout_seconds)

    async def timed_pipeline(self, commands: Sequence[Command]) -> tuple[list[Reply], float]:
        """Like `pipeline`, with the seconds that the server took.

        They run from when the commands are sent to when the answers have arrived, without the wait for a turn
        or for a connection; nothing else travels with them.
        """
        return await self.timed_exchange(pack(commands), len(commands))

    async def timed_exchange(
        self, payload: bytes, count: int, *, timeout_seconds: float | None = None
    ) -> tuple[list[Reply], float]:
        """Like `timed_pipeline_`, for commands already packed."""
        request = await self._await(payload, count, timeout_seconds, exclusive=True)
        return request.replies, request.seconds

    async def exchange(
        self, payload: bytes, count: int, *, timeout_seconds: float | None = None
    ) -> list[Reply]:
        """Send commands already packed into bytes (see `pack`); returns their `count` replies."""
        return (await self._await(payload, count, timeout_seconds)).replies

    async def _await(
        self, payload: bytes, count: int, timeout_seconds: float | None, *, exclusive: bool = False
    ) -> Request:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        request = Request(payload, count, partial(resolve_future, future), exclusive=exclusive)
        seconds = self._timeout_seconds if timeout_seconds is None else timeout_seconds
        request.set_timeout(seconds, self._cancel)
        self._waiting.append(request)
        self._schedule_send()
        try:
            await future
        except asyncio.CancelledError:
            self._cancel(request)
            raise
        finally:
            # An error that it holds refers to this frame.
            del future
        return request

    def _timed_out(self) -> TargetError:
        return timed_out(self.target, is_connected=self._protocol is not None)

    def _cancel(self, request: Request) -> None:
        """Fail a request that timed out or was cancelled.

        If it was sent already, drop the connection: its reply would be matched to the next request.
        """
        request.finish(self._timed_out())
        if request in self._waiting:
            self._waiting.remove(request)
            if self._opening is not None:
                self._opening.cancel()
        elif self._protocol is not None and request in self._protocol.requests:
            self._disconnect(self._timed_out())

    def _schedule_send(self) -> None:
        """Send the waiting requests when the tasks that are ready now have run: theirs go along."""
        if not self._is_about_to_send and self._can_send:
            self._is_about_to_send = True
            asyncio.get_running_loop().call_soon(self._send)

    @property
    def _can_send(self) -> bool:
        """Whether requests wait, and nothing is under way."""
        is_busy = self._protocol is not None and len(self._protocol.requests) > 0
        return len(self._waiting) > 0 and self._opening is None and not is_busy

    def _send(self) -> None:
        """Send the requests that share the next round trip."""
        self._is_about_to_send = False
        if not self._can_send:
            return
        self._swap_in_next()
        if self._protocol is None:
            self._opening = asyncio.create_task(self._open_and_send())
            return
        if self._follower is not None:
            self._follower.look()
        waiting = self._waiting
        end = 1
        if not waiting[0].exclusive:
            while end < len(waiting) and not waiting[end].exclusive:
                end += 1
        self._waiting = waiting[end:]
        self._send_over(self._protocol, waiting[:end])

    def _send_over(self, protocol: RespProtocol, requests: Sequence[Request]) -> None:
        if requests[0].payload or protocol is self._sent_over:
            self._sent_over = protocol
            protocol.send(requests)
            return
        # Who just listens has asked to hear something over a connection that is gone.
        for request in requests:
            request.finish(TargetError(Reason.CLOSED, f"{self._where}: the connection is another one"))
        self._schedule_send()

    async def _open_and_send(self) -> None:
        try:
            await self._open()
        except asyncio.CancelledError:
            self._disconnect(self._timed_out())
        except TargetError as error:
            self._disconnect(error)
        else:
            self._opening = None
            self._send()

    def _disconnect(self, error: TargetError) -> None:
        """Give the connection up, or the attempt to open one; all requests sent with it fail."""
        protocol, self._protocol = self._protocol, None
        failed: list[Request] = []
        if protocol is None:
            failed, self._waiting = self._waiting, []
        self._opening = None
        if protocol is not None:
            protocol.abort(error)
        for request in failed:
            request.finish(error)
        self._schedule_send()

    def _connection_lost(self, error: TargetError) -> None:
        """Called when the server has closed the connection, or sent what is no reply."""
        if self._protocol is not None:
            self._idle_at_end = 0.0 if self._protocol.requests else self._protocol.idle_seconds
        self._protocol = None
        self._schedule_send()
        # A protocol error is reported to the caller only: the server is reachable, and sampling again
        # would not help.
        if self._on_closed is not None and error.reason is not Reason.PROTOCOL:
            self._on_closed()

    async def _open(self) -> None:
        self._backoff.require_turn()
        began = time.monotonic()
        try:
            protocol = await self._connect()
        except asyncio.CancelledError:
            self._backoff.failed(self._timed_out())
            raise
        except TargetError as error:
            self._backoff.failed(error)
            raise
        self.connect_seconds = time.monotonic() - began
        self._adopt(protocol)
        self._backoff.succeeded()

    @property
    def pause_seconds(self) -> float:
        """Seconds for which requests fail with the last error, since it is too early to reconnect."""
        return self._backoff.pause_seconds

    @property
    def idle_seconds(self) -> float:
        """Seconds without traffic, now or when the server closed the connection."""
        return self._idle_at_end if self._protocol is None else self._protocol.idle_seconds

    @property
    def is_untouching(self) -> bool:
        """Whether the server has agreed not to count what we read as a use of the keys."""
        return self._protocol is not None and self._protocol.is_untouching

    @property
    def certificate_expires_at(self) -> float | None:
        """Expiry of the certificate that the server has shown, in epoch seconds; None without one."""
        return None if self._protocol is None else self._protocol.certificate_expires_at

    def look_up(self) -> None:
        """Resolve the host now, in the background: there is reason to believe that it has moved."""
        if self._follower is not None and self._protocol is not None:
            self._follower.look_now()

    def _peer(self) -> str:
        return self._protocol.peer if self._protocol else ""

    async def _renew(self) -> None:
        """Open a connection that takes the place of the one in use as soon as nothing is under way."""
        protocol = await self._connect()
        self._drop_next()
        self._next_protocol = protocol
        self._swap_in_next()

    def _swap_in_next(self) -> None:
        """Use the connection that was opened meanwhile, unless requests are under way."""
        old, protocol = self._protocol, self._next_protocol
        if protocol is None or (old is not None and old.requests):
            return
        self._next_protocol = None
        if not protocol.is_open:
            return
        if old is not None:
            old.abort(self._closed_by_us())
        self._adopt(protocol)

    def _abandon_address(self, error: TargetError) -> None:
        """Disconnect: the name leads to an address where nobody answers, so the server is down."""
        if self._protocol is not None:
            self._idle_at_end = 0.0
            self._disconnect(error)
            if self._on_closed is not None:
                self._on_closed()

    def _adopt(self, protocol: RespProtocol) -> None:
        self._protocol = protocol
        if self._follower is None:
            self._follower = follower_of(
                self.target.address, peer=self._peer, renew=self._renew, give_up=self._abandon_address
            )
        self.connects += 1
        protocol.follow(self._send, self._connection_lost)

    def _drop_next(self) -> None:
        protocol, self._next_protocol = self._next_protocol, None
        if protocol is not None:
            protocol.abort(self._closed_by_us())

    def _closed_by_us(self) -> TargetError:
        return TargetError(Reason.CLOSED, f"{self._where}: closed by us")

    async def _connect(self) -> RespProtocol:
        """Open a connection, log in, and send CLIENT SETNAME and CLIENT NO-TOUCH."""
        return await open_connection(
            self.target,
            Greeting(self._name, no_touch=self._no_touch, on_errors=self._note_errors),
            timeout_seconds=self._connect_timeout_seconds,
            max_reply_bytes=self._max_reply_bytes,
        )

    def _note_errors(self, protocol: RespProtocol, replies: Sequence[Reply]) -> None:
        """Pass on replies of which some are errors; reconnect where one of them asks to log in."""
        if self._on_errors is not None:
            self._on_errors(replies)
        if self.target.credentials != Credentials() and any(map(asks_to_log_in, replies)):
            asyncio.get_running_loop().call_soon(self._log_in_again, protocol)

    def _log_in_again(self, protocol: RespProtocol) -> None:
        if self._protocol is protocol:
            self._disconnect(TargetError(Reason.PASSWORD_REQUIRED, f"{self._where}: asks to log in again"))

    async def close(self) -> None:
        """Close the connection; a later request would open it again."""
        closed = self._closed_by_us()
        waiting, self._waiting = self._waiting, []
        for request in waiting:
            request.finish(closed)
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.wait([self._opening])
        follower, self._follower = self._follower, None
        if follower is not None:
            await follower.close()
        self._drop_next()
        protocol = self._protocol
        if protocol is not None:
            self._disconnect(closed)
            await protocol.wait_closed()

    @property
    def _where(self) -> str:
        return str(self.target.address)
