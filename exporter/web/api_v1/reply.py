"""The envelope of Prometheus' HTTP API.

Format: https://prometheus.io/docs/prometheus/latest/querying/api/#format-overview.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from exporter.errors import QueryError, VigilError
from exporter.web.api_v1.encode import Encoded, encode_json
from exporter.web.api_v1.turns import QueryTimeoutError

TRUNCATED: Final = "results truncated due to limit"
"""The warning where a `limit` left something out."""


class BadDataError(VigilError):
    """The request itself is wrong."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler found; warnings and infos are texts for people. `release` is called when it is sent."""

    data: Any
    warnings: Sequence[str] = ()
    infos: Sequence[str] = ()
    release: Callable[[], None] | None = None


Handler = Callable[[Request], Awaitable[Answer]]


def api(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """A route's endpoint that wraps what the handler returns or raises."""

    @wraps(handler)
    async def endpoint(request: Request) -> Response:
        try:
            answer = await handler(request)
        except BadDataError as error:
            return _failure(400, "bad_data", str(error))
        except QueryTimeoutError as error:
            return _failure(503, "timeout", str(error))
        except QueryError as error:
            return _failure(422, "execution", str(error))
        return _success(answer)

    return endpoint


def _success(answer: Answer) -> Response:
    shown = answer.data if isinstance(answer.data, Encoded) else encode_json(answer.data)
    notes = {"warnings": list(answer.warnings), "infos": list(answer.infos)}
    told = b"".join(
        b',"%s":%s' % (kind.encode(), encode_json(texts).whole) for kind, texts in notes.items() if texts
    )
    return PiecesResponse([b'{"status":"success","data":', *shown.parts, told + b"}"], answer.release)


def _failure(status: int, kind: str, message: str) -> Response:
    shown = encode_json({"status": "error", "errorType": kind, "error": message})
    return Response(shown.whole, status, media_type="application/json")


class PiecesResponse(Response):
    """JSON that is sent piece by piece: a long answer is never copied as a whole. `release` is called when it
    is sent, or cannot be."""

    media_type = "application/json"

    def __init__(self, pieces: Sequence[bytes], release: Callable[[], None] | None = None) -> None:
        super().__init__()
        self._pieces = pieces
        self._release = release
        self.headers["content-length"] = str(sum(map(len, pieces)))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await send(
                {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
            )
            for piece in () if scope["method"] == "HEAD" else self._pieces:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
                await asyncio.sleep(0)
            await send({"type": "http.response.body", "body": b""})
        finally:
            self._pieces = ()
            if self._release is not None:
                self._release()
