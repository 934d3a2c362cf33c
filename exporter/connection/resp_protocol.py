"""RESP over an open connection: sends requests, and reads their replies as they arrive."""

import asyncio
import contextlib
import ssl
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from typing import Final, cast

import hiredis

from exporter.connection.bounds import TOO_LARGE, ReplyBoundError, ReplyBounds
from exporter.connection.certificate import expiry_of
from exporter.connection.request import Reply, Request
from exporter.connection.translate import connect_error, reply_error
from exporter.connection.turns import reading_turns
from exporter.errors import Reason, TargetError

# Returned by the reader while a reply is incomplete; any value of Redis' could be a reply.
_NOTHING_YET: Final = object()
# A reader keeps room for the largest reply that it has seen; beyond this it is replaced.
_KEPT_BYTES: Final = 4096
_CLOSE_SECONDS: Final = 1.0
# More than this is read in pieces, in turns with all else: the event loop must not stand.
_PIECE_BYTES: Final = 16_384
# So much of the processor's time may be spent on the replies to what is asked together.
_MOST_SECONDS: Final = 0.5
# What RESP2 has; another protocol was not asked for.
_TYPES: Final = frozenset({bytes, int, list, type(None), hiredis.ReplyError})


class RespProtocol(asyncio.Protocol):
    """The asyncio protocol of a transport on which somebody has logged in.

    Whoever sends waits until all requests are done (see `follow`). `on_errors` is handed the replies of
    requests of which some are errors. `is_untouching`: the server has agreed not to count what
    we read as a use of the keys.
    """

    def __init__(self, writer: asyncio.StreamWriter, where: str, max_reply_bytes: int) -> None:
        # Kept with all that belongs to it: a writer that is thrown away closes its transport.
        self._writer = writer
        self._transport = cast(asyncio.Transport, writer.transport)
        self._where = where
        self._max_reply_bytes = max_reply_bytes
        self._budget = max_reply_bytes
        self._on_idle: Callable[[], None] | None = None
        self._on_connection_lost: Callable[[TargetError], None] | None = None
        self.is_untouching = False
        self.on_errors: Callable[[Sequence[Reply]], None] | None = None
        self._reader = _new_reader()
        self._bounds = ReplyBounds(max_reply_bytes)
        # What has arrived and is not read yet, with when it came; and the seconds that reading has taken.
        self._backlog: deque[tuple[bytes, float]] = deque()
        self._spent_seconds = 0.0
        self._pending_end: TargetError | None = None
        self._buffer_is_large = False
        self._has_unread = False
        self._requests: deque[Request] = deque()
        self._sent_at = 0.0
        self._active_at = time.monotonic()
        self._closed = asyncio.Event()
        self._end: TargetError | None = None

    def follow(self, on_idle: Callable[[], None], on_connection_lost: Callable[[TargetError], None]) -> None:
        """Set the callbacks.

        `on_idle` is called whenever all requests have been answered; `on_connection_lost` once, when the
        server closes the connection or sends what is no reply, before the requests under way end with that
        error.
        """
        self._on_idle, self._on_connection_lost = on_idle, on_connection_lost

    @property
    def peer(self) -> str:
        """The address at the other end; empty for a Unix socket."""
        name = self._transport.get_extra_info("peername")
        return str(name[0]) if isinstance(name, tuple) else ""

    @property
    def certificate_expires_at(self) -> float | None:
        """Expiry of the certificate that the server has shown, in epoch seconds; None without one."""
        return expiry_of(self._transport)

    @property
    def is_open(self) -> bool:
        """Whether it can be written to, as far as is known."""
        return not self._transport.is_closing()

    @property
    def idle_seconds(self) -> float:
        """Seconds since something was sent or received."""
        return time.monotonic() - self._active_at

    @property
    def requests(self) -> Sequence[Request]:
        """The requests that are not answered yet."""
        return self._requests

    def send(self, requests: Sequence[Request]) -> None:
        """Send the commands of these requests."""
        self._requests.extend(requests)
        self._budget = self._max_reply_bytes
        self._spent_seconds = 0.0
        self._bounds.begin()
        self._sent_at = self._active_at = time.monotonic()
        self._transport.write(b"".join([request.payload for request in requests]))
        if self._has_unread:
            # Data received before any request, e.g. "max number of clients reached".
            self._has_unread = False
            self._read(self._sent_at)
        if self._end is not None:
            self.abort(self._end)

    def require_open(self) -> None:
        """Raises the `TargetError` with which it has ended, if it has."""
        if self._end is not None:
            raise self._end.copy()

    def data_received(self, data: bytes) -> None:
        """Read the replies in what has arrived, at once or in turns with other connections."""
        arrived_at = self._active_at = time.monotonic()
        self._budget -= len(data)
        if self._budget < 0:
            self._refuse(TOO_LARGE)
        elif len(data) > _PIECE_BYTES or self._backlog or self._bounds.is_strict:
            self._defer(data, arrived_at)
        else:
            self._feed(data, arrived_at)

    def _feed(self, data: bytes, arrived_at: float) -> None:
        try:
            self._bounds.note(data)
        except ReplyBoundError as error:
            self._refuse(str(error))
            return
        self._buffer_is_large = self._buffer_is_large or len(data) > _KEPT_BYTES
        self._reader.feed(data)
        self._read(arrived_at)

    def _defer(self, data: bytes, arrived_at: float) -> None:
        """Read this in turns with other work; until then nothing more is taken from the socket."""
        if not self._backlog:
            reading_turns().add(self._read_piece)
        starts = range(0, len(data), _PIECE_BYTES)
        self._backlog.extend([(data[start : start + _PIECE_BYTES], arrived_at) for start in starts])
        if not self._transport.is_closing():
            self._transport.pause_reading()

    def _read_piece(self) -> bool:
        """Read the next piece; whether there are more."""
        if not self._backlog:
            return False
        began = time.thread_time()
        data, arrived_at = self._backlog.popleft()
        self._feed(data, arrived_at)
        self._spent_seconds += time.thread_time() - began
        if self._spent_seconds > _MOST_SECONDS and self._requests:
            self._refuse(f"replies take more than {_MOST_SECONDS} s to read")
        if self._backlog:
            return True
        if self._pending_end is not None:
            self._fail(self._pending_end)
        elif not self._transport.is_closing():
            self._transport.resume_reading()
        return False

    def _refuse(self, why: str) -> None:
        self._fail(TargetError(Reason.PROTOCOL, f"{self._where}: {why}"))

    def _read(self, arrived_at: float) -> None:
        try:
            self._deliver(arrived_at)
        except Exception:
            # What hiredis says of what is no reply, or of one that Python has no room or no form for.
            self._refuse("does not speak the Redis protocol")

    def _deliver(self, arrived_at: float) -> None:
        """Hand the complete replies to their requests."""
        requests, replies_to_come = self._requests, iter(self._reader.gets, _NOTHING_YET)
        if not requests:
            self._has_unread = True
            return
        while requests:
            request = requests[0]
            request.replies.extend(islice(replies_to_come, request.count - len(request.replies)))
            if len(request.replies) < request.count:
                return
            requests.popleft()
            request.seconds = max(0.0, arrived_at - self._sent_at)
            types = set(map(type, request.replies))
            if not types <= _TYPES:
                requests.appendleft(request)
                self._refuse("a reply is none of RESP2")
                return
            if hiredis.ReplyError in types:
                request.replies = _with_errors(request.replies)
                if self.on_errors is not None:
                    self.on_errors(request.replies)
            request.finish()
        if self._reader.has_data():
            # More than was asked for, such as the next message of a subscription: for whoever asks next.
            self._has_unread = True
        else:
            self._clear()
        if self._on_idle is not None:
            self._on_idle()

    def _clear(self) -> None:
        """Reset the bounds, and a reader whose buffer has grown."""
        self._bounds.rest()
        if self._buffer_is_large:
            self._reader, self._buffer_is_large = _new_reader(), False

    def eof_received(self) -> None:
        """The server has closed the connection."""
        self._fail_after_backlog(TargetError(Reason.CLOSED, f"{self._where}: closed the connection"))

    def connection_lost(self, exc: Exception | None) -> None:
        """The transport is closed."""
        self._closed.set()
        # Whatever the system says of it: it was open, so it says nothing of the next one.
        cause = exc if isinstance(exc, ssl.SSLError) else EOFError()
        self._fail_after_backlog(connect_error(cause, self._where))

    def _fail_after_backlog(self, error: TargetError) -> None:
        """Fail when all that came before the end has been read."""
        if self._backlog:
            self._pending_end = self._pending_end or error
        else:
            self._fail(error)

    def _fail(self, error: TargetError) -> None:
        tell = self._on_connection_lost
        if tell is not None:
            tell(error)
        self.abort(error)

    def abort(self, error: TargetError) -> None:
        """Abort without calling `on_connection_lost`; all requests end with this error."""
        self._on_idle = self._on_connection_lost = self.on_errors = None
        self._end = self._end or error
        self._transport.abort()
        self._backlog.clear()
        while self._requests:
            self._requests.popleft().finish(error)

    async def wait_closed(self) -> None:
        """Wait until it is closed, though not for long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._closed.wait()


async def ask(resp_protocol: RespProtocol, payload: bytes, count: int) -> list[Reply]:
    """Send commands and wait for their replies, for as long as it takes."""
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    request = Request(payload, count, partial(resolve_future, future))
    resp_protocol.send([request])
    try:
        await future
    finally:
        # An error that it holds refers to this frame.
        del future
    return request.replies


def resolve_future(future: "asyncio.Future[None]", error: TargetError | None) -> None:
    """Set the result of a future whose request is done, or its exception."""
    if future.done():
        return
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(error.copy())


def _new_reader() -> hiredis.Reader:
    return hiredis.Reader(notEnoughData=_NOTHING_YET)


def _with_errors(replies: list[Reply]) -> list[Reply]:
    """The same replies, error replies as ours."""
    return [reply_error(one) if isinstance(one, hiredis.ReplyError) else one for one in replies]
