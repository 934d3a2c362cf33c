"""`/api/v2/silences` and `/api/v2/silence/{id}`."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from exporter.alerting.manager import AlertManager
from exporter.alerting.silences import (
    InvalidSilenceError,
    Silence,
    SilenceState,
    UnknownSilenceError,
)
from exporter.clock import Clock
from exporter.errors import StateError
from exporter.web.api_v2.body import read_json
from exporter.web.api_v2.decode import UNPROCESSABLE, decode_silence
from exporter.web.api_v2.encode import encode_silence
from exporter.web.api_v2.filters import flag, parse_filter
from exporter.web.api_v2.reply import RefusedError, endpoint


def routes(manager: AlertManager, clock: Clock) -> Sequence[Route]:
    """Return the routes about silences."""
    handlers = _SilenceHandlers(manager, clock)
    return (
        Route("/api/v2/silences", endpoint(handlers.get_all), methods=["GET"]),
        Route("/api/v2/silences", endpoint(handlers.post), methods=["POST"]),
        Route("/api/v2/silence/{silence_id}", endpoint(handlers.get), methods=["GET"]),
        Route("/api/v2/silence/{silence_id}", endpoint(handlers.delete), methods=["DELETE"]),
    )


class _SilenceHandlers:
    def __init__(self, manager: AlertManager, clock: Clock) -> None:
        self._manager = manager
        self._clock = clock

    async def get_all(self, request: Request) -> Any:
        wanted = set(parse_filter(request))
        creators = request.query_params.getlist("creator")
        now = self._clock.now()
        states = {state for state in SilenceState if flag(request, state.value)}
        found = [
            one
            for one in self._manager.silences
            if one.state(now) in states
            and wanted <= set(one.matchers)
            and (not creators or one.created_by in creators)
        ]
        return [encode_silence(one, now) for one in sorted(found, key=lambda one: _order(one, now))]

    async def post(self, request: Request) -> Any:
        silence = decode_silence(await read_json(request))
        with _errors_as_status():
            return {"silenceID": (await self._manager.put_silence(silence)).id}

    async def get(self, request: Request) -> Any:
        with _errors_as_status():
            return encode_silence(self._manager.silences.get(_id(request)), self._clock.now())

    async def delete(self, request: Request) -> None:
        with _errors_as_status():
            await self._manager.expire_silence(_id(request))


@contextmanager
def _errors_as_status() -> Iterator[None]:
    """Raise `RefusedError` with the HTTP status of what goes wrong with silences."""
    try:
        yield
    except InvalidSilenceError as error:
        raise RefusedError(f"invalid silence: {error}") from error
    except UnknownSilenceError as error:
        raise RefusedError(str(error), 404) from error
    except StateError as error:
        raise RefusedError(str(error), 503) from error


def _id(request: Request) -> str:
    """Return the id in the path; raises `RefusedError` where it is no UUID."""
    text: str = request.path_params["silence_id"]
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise RefusedError("silenceID in path must be of type uuid", UNPROCESSABLE) from None


def _order(silence: Silence, now: float) -> tuple[int, float]:
    """Sort active ones by their end, then pending ones by their start, then the last that expired first."""
    match silence.state(now):
        case SilenceState.ACTIVE:
            return (0, silence.ends_at)
        case SilenceState.PENDING:
            return (1, silence.starts_at)
        case _:
            return (2, -silence.ends_at)
