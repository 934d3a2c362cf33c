"""`/-/healthy`, `/-/ready` and `POST /-/reload`."""

from collections.abc import Iterator, Sequence
from typing import Final, Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from exporter.errors import ShuttingDownError, VigilError
from exporter.model.printable import printable

RELOAD_PATH: Final = "/-/reload"
RELOAD_PATHS: Final = frozenset({RELOAD_PATH, "/status/reload"})
"""Requests to these read the files themselves; the second is that of the pages."""


class Reloads(Protocol):
    """The reloader of the configuration."""

    async def reload(self) -> None:
        """Take on the changed files; raises `VigilError` and changes nothing where one is bad."""
        ...

    @property
    def restart_needed(self) -> Sequence[str]:
        """The keys whose values in the files hold only after a restart."""
        ...

    @property
    def warnings(self) -> Sequence[str]:
        """One line for each thing in the files in force that is valid, but probably a mistake."""
        ...


class Readiness(Protocol):
    """Tells when the daemon can be relied on."""

    @property
    def is_ready(self) -> bool:
        """Whether every target has been sampled once, and rules are being evaluated."""
        ...


def routes(readiness: Readiness, reloads: Reloads) -> Sequence[Route]:
    """The routes of the daemon's life."""

    async def healthy(_: Request) -> Response:
        return PlainTextResponse("redis-vigil is healthy.\n")

    async def ready(_: Request) -> Response:
        if readiness.is_ready:
            return PlainTextResponse("redis-vigil is ready.\n")
        return PlainTextResponse("redis-vigil is starting.\n", status_code=503)

    async def reload(request: Request) -> Response:
        wants_json = "application/json" in request.headers.get("accept", "")
        try:
            await reloads.reload()
        except VigilError as error:
            status = 503 if isinstance(error, ShuttingDownError) else 500
            if wants_json:
                return JSONResponse({"status": "error", "errorType": "config", "error": str(error)}, status)
            return PlainTextResponse(f"The configuration was not reloaded:\n{error}\n", status)
        needed, warnings = list(reloads.restart_needed), list(reloads.warnings)
        if wants_json:
            return JSONResponse(
                {"status": "success", "data": {"restartNeeded": needed, "warnings": warnings}}
            )
        return PlainTextResponse("".join(f"{line}\n" for line in _what_was_done(needed, warnings)))

    return (
        Route("/-/healthy", healthy, methods=["GET"]),
        Route("/-/ready", ready, methods=["GET"]),
        Route(RELOAD_PATH, reload, methods=["POST", "PUT"]),
    )


def _what_was_done(restart_needed: Sequence[str], warnings: Sequence[str]) -> Iterator[str]:
    yield "The configuration was reloaded."
    if restart_needed:
        yield f"Needs a restart, until then the former value holds: {', '.join(restart_needed)}"
    for warning in warnings:
        yield f"warning: {printable(warning)}"
