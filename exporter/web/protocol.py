"""The protocol bounds one HTTP connection: sizes, deadlines and the number of connections.

uvicorn and httptools bound none of these, except how long a connection may idle between two requests.
"""

import asyncio
from collections import Counter
from http import HTTPStatus
from typing import Any, Final

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

MAX_CONNECTIONS: Final = 1000
MAX_URL_BYTES: Final = 16 << 10
MAX_HEADER_BYTES: Final = 16 << 10
MAX_HEAD_BYTES: Final = 64 << 10
MAX_BODY_BYTES: Final = 1 << 20
# Alerts of many servers in one request, as API v2 reads them.
MAX_API_V2_BODY_BYTES: Final = 32 << 20
# Of a body whose request has been answered.
MAX_UNWANTED_BYTES: Final = 256 << 10
HEAD_SECONDS: Final = 10.0
BODY_SECONDS: Final = 60.0
# A client that says nothing more gets what is answered within this time.
HALF_CLOSED_SECONDS: Final = 3.0
# Of an answer so much has to be taken within this time.
ANSWER_SECONDS: Final = 60.0
_ANSWER_BYTES: Final = 16 << 10

_VERSIONS: Final = frozenset({"1.0", "1.1"})

# The parser cannot be stopped within a piece: so many bytes hold some twenty small requests at most.
_PIECE_BYTES: Final = 512


class _RefusedError(Exception):
    """Ends the parser's work; the protocol knows the status."""


class _Flow(FlowControl):
    """Reads nothing more while there is something unread, whoever would like to."""

    is_held = False

    def resume_reading(self) -> None:
        if not self.is_held:
            super().resume_reading()


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol with bounds; counts in `refused` by status what it does not take.

    Requests that are sent before the former ones are answered (pipelining) are read when their turn comes.
    """

    def __init__(self, refused: Counter[int], most_connections: int, **of_uvicorn: Any) -> None:
        super().__init__(**of_uvicorn)
        self._refused = refused
        self._most_connections = most_connections

    _deadline: asyncio.TimerHandle | None = None
    _progress: asyncio.TimerHandle | None = None
    _refusal: HTTPStatus = HTTPStatus.BAD_REQUEST
    # Taken since the parser last began a request or gave a part of a body: it keeps these.
    _held_bytes = 0
    _head_bytes = 0
    _body_bytes = 0
    _unwanted_bytes = 0
    _is_within_message = False
    _half_closed: asyncio.TimerHandle | None = None
    _answered: RequestResponseCycle | None = None
    # What arrived and waits for the answers to the requests before it.
    _unread = memoryview(b"")

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Count the connection, and refuse it where there are too many."""
        super().connection_made(transport)
        self.flow: _Flow = _Flow(transport)
        if len(self.connections) > min(MAX_CONNECTIONS, self._most_connections):
            self._refusal = HTTPStatus.SERVICE_UNAVAILABLE
            self.send_400_response("")
            return
        self._expect_within(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadline."""
        self._forget_deadline()
        self._forget_progress()
        if self._half_closed is not None:
            self._half_closed.cancel()
        if self._answered is not None:
            # uvicorn tells the request that came last only.
            self._answered.disconnected = True
            self._answered.message_event.set()
        super().connection_lost(exc)

    def eof_received(self) -> bool:  # type: ignore[override]
        """Tell whether to keep the connection of a client that says nothing more, so that it gets its answer.

        One that has gone looks the same, so the answer has little time: the query of nobody has to end.
        """
        if self._half_closed is not None or self._is_within_message or not self._is_answering:
            return False
        if self.scheme == "https":
            # TLS has no half of a connection.
            return False
        self._half_closed = self.loop.call_later(HALF_CLOSED_SECONDS, self.transport.abort)
        return True

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answered = cycle
        super()._start_asgi_task(cycle, app)

    def data_received(self, data: bytes) -> None:
        """Parse what has arrived, within the limits."""
        if self.transport.is_closing():
            return
        if self._deadline is None and not self._is_answering:
            self._expect_within(HEAD_SECONDS)
        self._unread = memoryview(bytes(self._unread) + data if self._unread else data)
        self._parse()

    def _parse(self) -> None:
        """Have the parser read, up to where a request has to wait for the answer to the one before it."""
        self.flow.is_held = False
        while self._unread and not self.pipeline and not self.transport.is_closing():
            piece, self._unread = self._unread[:_PIECE_BYTES], self._unread[_PIECE_BYTES:]
            self._held_bytes += len(piece)
            super().data_received(piece)  # type: ignore[arg-type]
            if self._held_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
                self._refusal = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
                self.send_400_response("")
        if self._unread and not self.transport.is_closing():
            self.flow.pause_reading()
            self.flow.is_held = True
            # It is we who do not read on.
            self._forget_deadline()
        elif self._is_within_message and self._deadline is None:
            self._expect_within(BODY_SECONDS)

    def on_response_complete(self) -> None:
        """Go on with the next request."""
        self.flow.is_held = False
        super().on_response_complete()
        self._parse()
        if self._half_closed is not None and not self._is_answering:
            self.transport.close()
        self._see_to_the_end()

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that stays idle."""
        super().timeout_keep_alive_handler()
        self._see_to_the_end()

    def shutdown(self) -> None:
        """Close the connection, after the request under way."""
        super().shutdown()
        self._see_to_the_end()

    def pause_writing(self) -> None:
        """Bound how long the client may take to read."""
        super().pause_writing()
        self._expect_progress()

    def resume_writing(self) -> None:
        """Lift the bound: the client reads again."""
        super().resume_writing()
        if not self.transport.is_closing():
            self._forget_progress()

    def on_message_begin(self) -> None:
        """Begin to parse a request."""
        self._head_bytes = self._body_bytes = self._unwanted_bytes = 0
        self._is_within_message = True
        self._expect_within(HEAD_SECONDS)
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Take a part of the URL."""
        super().on_url(url)
        if len(self.url) > MAX_URL_BYTES:
            self._refuse(HTTPStatus.REQUEST_URI_TOO_LONG)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        size = len(name) + len(value)
        self._head_bytes += size
        if size > MAX_HEADER_BYTES or self._head_bytes > MAX_HEAD_BYTES:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Check the headers, and wait for the body."""
        self._held_bytes = 0
        self._expect_within(BODY_SECONDS)
        hosts = [value for name, value in self.headers if name == b"host"]
        version = self.parser.get_http_version()
        # RFC 9112, 3.2: who stands before us may have taken another one than we would.
        if len(hosts) > 1 or version not in _VERSIONS or (not hosts and version == "1.1"):
            self._refuse(HTTPStatus.BAD_REQUEST)
        if not self._is_for_its_host(hosts):
            self._refuse(HTTPStatus.BAD_REQUEST)
        if any(name == b"expect" and value.lower() != b"100-continue" for name, value in self.headers):
            self._refuse(HTTPStatus.EXPECTATION_FAILED)
        length = next((value for name, value in self.headers if name == b"content-length"), b"0")
        if int(length) > self._most_body_bytes:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        wants_other_protocol = self.parser.should_upgrade()
        names = {name for name, _ in self.headers}
        if wants_other_protocol and (int(length) or b"transfer-encoding" in names):
            # The parser takes what follows for the other protocol: the next request would be in the body.
            self._refuse(HTTPStatus.BAD_REQUEST)
        super().on_headers_complete()
        if wants_other_protocol:
            self.cycle.keep_alive = False

    def _is_for_its_host(self, hosts: list[bytes]) -> bool:
        """Whether a URL with a host, as proxies get them, has that of the header, which we look at."""
        scheme, separator, rest = self.url.partition(b"://")
        if not separator or self.url.startswith(b"/") or not scheme.isalpha():
            return True
        return not hosts or rest.partition(b"/")[0].partition(b"?")[0].lower() == hosts[0].lower()

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        self._held_bytes = 0
        self._body_bytes += len(body)
        if self._body_bytes > self._most_body_bytes:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if self.cycle.response_complete:
            # Refused without having been read: a little is taken, so that the client gets to see the answer.
            self._unwanted_bytes += len(body)
            if self._unwanted_bytes > MAX_UNWANTED_BYTES:
                self.transport.close()
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Note that the request is complete."""
        self._held_bytes = 0
        self._is_within_message = False
        self._forget_deadline()
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what cannot be taken, where no answer has begun, and close."""
        self._forget_deadline()
        self._refused[self._refusal.value] += 1
        if self._is_answering and self._answered is self.cycle and not self.cycle.response_started:
            # Too large a body is noticed while somebody waits for the rest of it.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        elif self._is_answering:
            # An answer may be half written: closing is all that can be said.
            self.transport.close()
            self._see_to_the_end()
            return
        status = self._refusal
        body = f"{msg or status.phrase}\n".encode()
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: text/plain; charset=utf-8\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()
        self._see_to_the_end()

    @property
    def _is_answering(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete

    @property
    def _most_body_bytes(self) -> int:
        return MAX_API_V2_BODY_BYTES if self.url.startswith(b"/api/v2/") else MAX_BODY_BYTES

    def _refuse(self, status: HTTPStatus) -> None:
        self._refusal = status
        raise _RefusedError

    def _expect_within(self, seconds: float) -> None:
        self._forget_deadline()
        self._deadline = self.loop.call_later(seconds, self._cut)

    def _cut(self) -> None:
        self._refused[HTTPStatus.REQUEST_TIMEOUT.value] += 1
        self.transport.abort()

    def _forget_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _see_to_the_end(self) -> None:
        """A connection that is closed stays open for as long as the peer does not take the last answer."""
        if self.transport.is_closing() and self._progress is None:
            self._expect_progress()

    def _expect_progress(self) -> None:
        self._forget_progress()
        left = self.transport.get_write_buffer_size()
        self._progress = self.loop.call_later(ANSWER_SECONDS, self._look_at_progress, left)

    def _look_at_progress(self, left_before: int) -> None:
        if self.transport.get_write_buffer_size() > left_before - _ANSWER_BYTES:
            self._cut()
        else:
            self._expect_progress()

    def _forget_progress(self) -> None:
        if self._progress is not None:
            self._progress.cancel()
            self._progress = None
