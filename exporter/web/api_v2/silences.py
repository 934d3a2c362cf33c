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
from exporter.events import EventSink
from exporter.time_slice import TimeSlice
from exporter.web.action_log import ActionLog, signed_in
from exporter.web.api_v2.body import read_json
from exporter.web.api_v2.decode import UNPROCESSABLE, decode_silence
from exporter.web.api_v2.encode import encode_silence
from exporter.web.api_v2.filters import flag, parse_filter
from exporter.web.api_v2.reply import RefusedError, endpoint


def routes(manager: AlertManager, clock: Clock, events: EventSink) -> Sequence[Route]:
    """Return the routes about silences; what is done by them is kept as events."""
    handlers = _SilenceHandlers(manager, clock, ActionLog(events, clock.now))
    return (
        Route("/api/v2/silences", endpoint(handlers.get_all), methods=["GET"]),
        Route("/api/v2/silences", endpoint(handlers.post), methods=["POST"]),
        Route("/api/v2/silence/{silence_id}", endpoint(handlers.get), methods=["GET"]),
        Route("/api/v2/silence/{silence_id}", endpoint(handlers.delete), methods=["DELETE"]),
    )


class _SilenceHandlers:
    def __init__(self, manager: AlertManager, clock: Clock, log: ActionLog) -> None:
        self._manager = manager
        self._clock = clock
        self._log = log

    async def get_all(self, request: Request) -> Any:
        wanted = set(parse_filter(request))
        creators = request.query_params.getlist("creator")
        now = self._clock.now()
        states = {state for state in SilenceState if flag(request, state.value)}
        turn = TimeSlice()
        found = [
            one
            async for one in turn.each(self._manager.silences)
            if one.state(now) in states
            and wanted <= set(one.matchers)
            and (not creators or one.created_by in creators)
        ]
        ordered = sorted(found, key=lambda one: _order(one, now))
        return [encode_silence(one, now) async for one in turn.each(ordered)]

    async def post(self, request: Request) -> Any:
        silence = decode_silence(await read_json(request))
        known = self._manager.silences.find(silence.id) if silence.id else None
        with _errors_as_status():
            made = await self._manager.put_silence(silence)
        by = signed_in(request) or made.created_by
        self._log.record_silence("silence" if known is None else "edit", by, made, known)
        return {"silenceID": made.id}

    async def get(self, request: Request) -> Any:
        with _errors_as_status():
            return encode_silence(self._manager.silences.get(_id(request)), self._clock.now())

    async def delete(self, request: Request) -> None:
        with _errors_as_status():
            silence = self._manager.silences.get(_id(request))
            await self._manager.expire_silence(silence.id)
        if silence.state(self._clock.now()) is not SilenceState.EXPIRED:
            self._log.record_silence("expire", signed_in(request), silence)


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
