"""`/-/healthy`, `/-/ready` and `POST /-/reload`."""

from collections.abc import Sequence
from typing import Protocol

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from exporter.errors import VigilError


class Lifecycle(Protocol):
    """What the daemon lets be asked of it."""

    @property
    def ready(self) -> bool:
        """Whether every target has been sampled once and rules are being evaluated."""
        ...

    async def reload(self) -> None:
        """Take on the changed files; raises `VigilError` and changes nothing where one is bad."""
        ...


def routes(daemon: Lifecycle) -> Sequence[Route]:
    """The routes of the daemon's life."""

    async def healthy(_: Request) -> Response:
        return PlainTextResponse("redis-vigil is healthy.\n")

    async def ready(_: Request) -> Response:
        if daemon.ready:
            return PlainTextResponse("redis-vigil is ready.\n")
        return PlainTextResponse("redis-vigil is starting.\n", status_code=503)

    async def reload(_: Request) -> Response:
        try:
            await daemon.reload()
        except VigilError as error:
            return PlainTextResponse(f"The configuration was not reloaded:\n{error}\n", status_code=500)
        return PlainTextResponse("The configuration was reloaded.\n")

    return (
        Route("/-/healthy", healthy, methods=["GET"]),
        Route("/-/ready", ready, methods=["GET"]),
        Route("/-/reload", reload, methods=["POST", "PUT"]),
    )
