"""The envelope of Prometheus' HTTP API.

Format: https://prometheus.io/docs/prometheus/latest/querying/api/#format-overview.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from exporter.errors import QueryError, VigilError
from exporter.time_slice import TimeSlice
from exporter.web.api_v1.cooperative import QueryTimeoutError
from exporter.web.api_v1.encode import Encoded
from exporter.web.json_pieces import PiecesResponse, dump, gather, json_texts

TRUNCATED: Final = "results truncated due to limit"
"""The warning where a `limit` left something out."""


class BadDataError(VigilError):
    """The request itself is wrong."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer of a handler; warnings and infos are texts for people.

    `release` is called when it has been sent.

    What takes long is an iterator in `data`: a list whose elements are made while it is written, with breaks.
    """

    data: Any
    warnings: Sequence[str] = ()
    infos: Sequence[str] = ()
    release: Callable[[], None] | None = None


Handler = Callable[[Request], Awaitable[Answer | None]]
"""Answers a request; None: there is nothing to say (204)."""


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
        return Response(status_code=204) if answer is None else await _success(answer)

    return endpoint


async def _success(answer: Answer) -> Response:
    notes = {"warnings": list(answer.warnings), "infos": list(answer.infos)}
    told = "".join(f',"{kind}":{dump(texts)}' for kind, texts in notes.items() if texts)
    if isinstance(answer.data, Encoded):
        pieces = answer.data.parts
    else:
        pieces = [piece async for piece in TimeSlice().each(gather(json_texts(answer.data)))]
    tail = f"{told}}}".encode("utf-8", "replace")
    return PiecesResponse([b'{"status":"success","data":', *pieces, tail], release=answer.release)


def _failure(status: int, kind: str, message: str) -> Response:
    shown = dump({"status": "error", "errorType": kind, "error": message})
    return Response(shown.encode("utf-8", "replace"), status, media_type="application/json")
