"""How API v2 answers: JSON; a fault is a text in JSON with a fitting status."""

import json
from collections.abc import Awaitable, Callable
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from exporter.web.json_pieces import json_response

MAX_BODY_BYTES: Final = 32 << 20
"""The largest body that is read."""


class RefusedError(Exception):
    """A request that is answered with a fault."""

    def __init__(self, message: str, status: int = 400) -> None:
        self.status = status
        super().__init__(message)


Handler = Callable[[Request], Awaitable[Any]]
"""Makes what is answered as JSON; None: nothing is in the answer. Raises `RefusedError`."""


def endpoint(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """A handler as starlette wants it."""

    async def respond(request: Request) -> Response:
        try:
            return await _respond(await handler(request), 200)
        except RefusedError as error:
            return await _respond(str(error), error.status)

    return respond


async def _respond(content: Any, status: int) -> Response:
    if content is None:
        response = Response("", status, media_type="application/json")
    else:
        response = await json_response(content, status)
    response.headers["Cache-Control"] = "no-store"
    return response


async def read_json(request: Request) -> Any:
    """The body of a request, None for none; raises `RefusedError` where it is too large or no JSON."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise RefusedError(f"the body is larger than {MAX_BODY_BYTES >> 20} MiB", 413)
    if not body.strip():
        return None
    try:
        return json.loads(body.decode(), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise RefusedError(f"the body is not JSON: {error}") from error


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")
