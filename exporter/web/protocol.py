"""What one HTTP connection may cost: sizes, deadlines and the number of connections.

uvicorn and httptools bound none of these, except how long a connection may idle between two requests.
"""

import asyncio
from collections import Counter
from http import HTTPStatus
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

MAX_CONNECTIONS: Final = 1000
MAX_URL_BYTES: Final = 16 << 10
MAX_HEADER_BYTES: Final = 16 << 10
MAX_HEAD_BYTES: Final = 64 << 10
MAX_BODY_BYTES: Final = 1 << 20
# Alerts of many servers in one request, as API v2 reads them.
MAX_API_V2_BODY_BYTES: Final = 32 << 20
HEAD_SECONDS: Final = 10.0
BODY_SECONDS: Final = 60.0


class _RefusedError(Exception):
    """Ends the parser's work; the protocol knows the status."""


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol with bounds; counts in `refused` by status what it does not take."""

    def __init__(self, refused: Counter[int], **of_uvicorn: Any) -> None:
        super().__init__(**of_uvicorn)
        self._refused = refused

    _deadline: asyncio.TimerHandle | None = None
    _refusal: HTTPStatus = HTTPStatus.BAD_REQUEST
    # Taken since the parser last began a request or gave a part of a body: it keeps these.
    _held_bytes = 0
    _head_bytes = 0
    _body_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > MAX_CONNECTIONS:
            self._refusal = HTTPStatus.SERVICE_UNAVAILABLE
            self.send_400_response("")
            return
        self._expect_within(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_deadline()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        if self._deadline is None and not self._is_answering:
            self._expect_within(HEAD_SECONDS)
        self._held_bytes += len(data)
        super().data_received(data)
        if self._held_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self._refusal = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            self.send_400_response("")

    def on_message_begin(self) -> None:
        self._head_bytes = self._body_bytes = 0
        self._expect_within(HEAD_SECONDS)
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > MAX_URL_BYTES:
            self._refuse(HTTPStatus.REQUEST_URI_TOO_LONG)

    def on_header(self, name: bytes, value: bytes) -> None:
        size = len(name) + len(value)
        self._head_bytes += size
        if size > MAX_HEADER_BYTES or self._head_bytes > MAX_HEAD_BYTES:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._held_bytes = 0
        self._expect_within(BODY_SECONDS)
        hosts = sum(name == b"host" for name, _ in self.headers)
        # RFC 9112, 3.2: who stands before us may have taken another one than we would.
        if hosts > 1 or (not hosts and self.parser.get_http_version() == "1.1"):
            self._refuse(HTTPStatus.BAD_REQUEST)
        length = next((value for name, value in self.headers if name == b"content-length"), b"0")
        if int(length) > self._most_body_bytes:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._held_bytes = 0
        self._body_bytes += len(body)
        if self._body_bytes > self._most_body_bytes:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._held_bytes = 0
        self._forget_deadline()
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what cannot be taken, where no answer has begun, and close."""
        self._forget_deadline()
        self._refused[self._refusal.value] += 1
        if self._is_answering:
            # An answer may be half written: closing is all that can be said.
            self.transport.close()
            return
        status = self._refusal
        body = f"{msg or status.phrase}\n".encode()
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: text/plain; charset=utf-8\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()

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
