"""The envelope of Prometheus' HTTP API.

Format: https://prometheus.io/docs/prometheus/latest/querying/api/#format-overview.
"""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from exporter.errors import QueryError, VigilError
from exporter.web.api_v1.encode import Encoded

TRUNCATED: Final = "results truncated due to limit"
"""The warning where a `limit` left something out."""


class BadDataError(VigilError):
    """The request itself is wrong."""


class QueryTimeoutError(QueryError):
    """A query took longer than it was given."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler found; warnings and infos are texts for people."""

    data: Any
    warnings: Sequence[str] = ()
    infos: Sequence[str] = ()


Handler = Callable[[Request], Awaitable[Answer]]


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
        return _success(answer)

    return endpoint


def _success(answer: Answer) -> Response:
    shown = answer.data if isinstance(answer.data, Encoded) else _dump(answer.data)
    notes = {"warnings": list(answer.warnings), "infos": list(answer.infos)}
    told = "".join(f',"{kind}":{_dump(texts)}' for kind, texts in notes.items() if texts)
    return _response(200, f'{{"status":"success","data":{shown}{told}}}')


def _failure(status: int, kind: str, message: str) -> Response:
    return _response(status, _dump({"status": "error", "errorType": kind, "error": message}))


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _response(status: int, text: str) -> Response:
    # A lone surrogate cannot be sent as UTF-8; it can come from a label only by way of a broken client.
    return Response(text.encode("utf-8", "replace"), status, media_type="application/json")
