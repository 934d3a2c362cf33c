"""`/api/v2/silences` and `/api/v2/silence/{id}`."""

import uuid
from collections.abc import Sequence
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
    """The routes about silences."""

    async def get_silences(request: Request) -> Any:
        wanted = set(parse_filter(request))
        creators = request.query_params.getlist("creator")
        now = clock.now()
        states = {state for state in SilenceState if flag(request, state.value)}
        found = [
            one
            for one in manager.silences
            if one.state(now) in states
            and wanted <= set(one.matchers)
            and (not creators or one.created_by in creators)
        ]
        return [encode_silence(one, now) for one in sorted(found, key=lambda one: _order(one, now))]

    async def post_silences(request: Request) -> Any:
        silence = decode_silence(await read_json(request))
        try:
            made = await manager.put_silence(silence)
        except InvalidSilenceError as error:
            raise RefusedError(f"invalid silence: {error}") from error
        except UnknownSilenceError as error:
            raise RefusedError(str(error), 404) from error
        except StateError as error:
            raise RefusedError(str(error), 503) from error
        return {"silenceID": made.id}

    async def get_silence(request: Request) -> Any:
        try:
            silence = manager.silences.get(_id(request))
        except UnknownSilenceError as error:
            raise RefusedError(str(error), 404) from error
        return encode_silence(silence, clock.now())

    async def delete_silence(request: Request) -> None:
        try:
            await manager.expire_silence(_id(request))
        except UnknownSilenceError as error:
            raise RefusedError(str(error), 404) from error
        except StateError as error:
            raise RefusedError(str(error), 503) from error

    return (
        Route("/api/v2/silences", endpoint(get_silences), methods=["GET"]),
        Route("/api/v2/silences", endpoint(post_silences), methods=["POST"]),
        Route("/api/v2/silence/{silence_id}", endpoint(get_silence), methods=["GET"]),
        Route("/api/v2/silence/{silence_id}", endpoint(delete_silence), methods=["DELETE"]),
    )


def _id(request: Request) -> str:
    """The id in the path, which must be one; raises `RefusedError`."""
    text: str = request.path_params["silence_id"]
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise RefusedError("silenceID in path must be of type uuid", UNPROCESSABLE) from None


def _order(silence: Silence, now: float) -> tuple[int, float]:
    """Active ones, the next to end first; pending ones, the next to start first; the last that expired."""
    match silence.state(now):
        case SilenceState.ACTIVE:
            return (0, silence.ends_at)
        case SilenceState.PENDING:
            return (1, silence.starts_at)
        case _:
            return (2, -silence.ends_at)
