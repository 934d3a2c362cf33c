"""Compression of what the HTTP API answers, for clients that take gzip."""

import asyncio
import zlib
from collections.abc import Sequence
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LEAST_BYTES: Final = 512
# What is compressed in the event loop at a time, which takes about a millisecond; more goes to a thread.
_MOST_IN_LOOP: Final = 32 << 10
# JSON of numbers hardly gets smaller by trying harder.
_LEVEL: Final = 4
_GZIP: Final = 16 + zlib.MAX_WBITS


class Compression:
    """Middleware: answers of the paths that begin with one of `prefixes` are compressed, piece by piece."""

    def __init__(self, app: ASGIApp, prefixes: Sequence[str]) -> None:
        self._app = app
        self._prefixes = tuple(prefixes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on, and compress the answer."""
        if scope["type"] == "http" and scope["path"].startswith(self._prefixes):
            accepted = Headers(scope=scope).get("accept-encoding", "")
            send = _Sender(send, takes_gzip=_takes_gzip(accepted))
        await self._app(scope, receive, send)


def _takes_gzip(accepted: str) -> bool:
    for item in accepted.lower().split(","):
        coding, _, quality = item.partition(";")
        if coding.strip() == "gzip":
            return quality.replace(" ", "").rstrip("0.") != "q="
    return False


class _Sender:
    """Sends one answer on, compressed where it is worth it and not compressed already."""

    def __init__(self, send: Send, *, takes_gzip: bool) -> None:
        self._send = send
        self._takes_gzip = takes_gzip
        self._compressor: zlib._Compress | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._begin(message)
        elif self._compressor is not None:
            is_last = not message.get("more_body", False)
            body = await self._compress(self._compressor, message.get("body", b""), is_last)
            message = {**message, "body": body}
        await self._send(message)

    def _begin(self, message: Message) -> None:
        headers = MutableHeaders(raw=message["headers"])
        headers.add_vary_header("Accept-Encoding")
        is_long = int(headers.get("content-length", _LEAST_BYTES)) >= _LEAST_BYTES
        if self._takes_gzip and is_long and message["status"] != 204 and "content-encoding" not in headers:
            self._compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
            headers["content-encoding"] = "gzip"
            del headers["content-length"]

    async def _compress(self, compressor: "zlib._Compress", body: bytes, is_last: bool) -> bytes:
        def compress() -> bytes:
            return compressor.compress(body) + (compressor.flush() if is_last else b"")

        return compress() if len(body) <= _MOST_IN_LOOP else await asyncio.to_thread(compress)
