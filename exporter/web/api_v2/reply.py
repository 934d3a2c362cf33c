"""How API v2 answers: JSON; a fault is a text in JSON with a fitting status."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from exporter.web.json_pieces import json_response


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
