"""`/-/healthy`, `/-/ready` and `POST /-/reload`."""

from collections.abc import Iterator, Sequence
from typing import Final, Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from exporter.errors import ShuttingDownError, VigilError

RELOAD_PATH: Final = "/-/reload"


class Lifecycle(Protocol):
    """What the daemon lets be asked of it."""

    @property
    def ready(self) -> bool:
        """Whether every target has been sampled once and rules are being evaluated."""
        ...

    async def reload(self) -> None:
        """Take on the changed files; raises `VigilError` and changes nothing where one is bad."""
        ...

    @property
    def restart_needed(self) -> Sequence[str]:
        """The keys whose values in the files hold only after a restart."""
        ...


def routes(daemon: Lifecycle) -> Sequence[Route]:
    """The routes of the daemon's life."""

    async def healthy(_: Request) -> Response:
        return PlainTextResponse("redis-vigil is healthy.\n")

    async def ready(_: Request) -> Response:
        if daemon.ready:
            return PlainTextResponse("redis-vigil is ready.\n")
        return PlainTextResponse("redis-vigil is starting.\n", status_code=503)

    async def reload(request: Request) -> Response:
        wants_json = "application/json" in request.headers.get("accept", "")
        try:
            await daemon.reload()
        except VigilError as error:
            status = 503 if isinstance(error, ShuttingDownError) else 500
            if wants_json:
                return JSONResponse({"status": "error", "errorType": "config", "error": str(error)}, status)
            return PlainTextResponse(f"The configuration was not reloaded:\n{error}\n", status)
        needed = list(daemon.restart_needed)
        if wants_json:
            return JSONResponse({"status": "success", "data": {"restartNeeded": needed}})
        return PlainTextResponse("".join(f"{line}\n" for line in _what_was_done(needed)))

    return (
        Route("/-/healthy", healthy, methods=["GET"]),
        Route("/-/ready", ready, methods=["GET"]),
        Route(RELOAD_PATH, reload, methods=["POST", "PUT"]),
    )


def _what_was_done(restart_needed: Sequence[str]) -> Iterator[str]:
    yield "The configuration was reloaded."
    if restart_needed:
        yield f"Needs a restart, until then the former value holds: {', '.join(restart_needed)}"
