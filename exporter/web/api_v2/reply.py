"""Replies of API v2: JSON; an error is a text in JSON with an HTTP status."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from exporter.web.json_pieces import json_response


class RefusedError(Exception):
    """An error that is returned to the client with an HTTP status."""

    def __init__(self, message: str, status: int = 400) -> None:
        self.status = status
        super().__init__(message)


Handler = Callable[[Request], Awaitable[Any]]
"""Returns the reply as plain data; None for an empty one. Raises `RefusedError`."""


def endpoint(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """Return a handler as a starlette endpoint."""

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
