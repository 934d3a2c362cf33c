"""Parameters of Prometheus' HTTP API: times, durations, selectors, from the query string or a posted form."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import parse_qs

from starlette.requests import Request

from exporter.clock import Clock, to_milliseconds
from exporter.errors import QueryError
from exporter.model.duration import InvalidDurationError, parse_duration
from exporter.model.matcher import Matcher
from exporter.promql import parse
from exporter.promql.syntax.nodes import VectorSelector
from exporter.web.api_v1.reply import BadDataError

_MAX_FORM_BYTES = 1 << 20
# Beyond this the arithmetic of milliseconds in 64 bits ends; Prometheus' own bounds are about the same.
_MAX_SECONDS = 9_000_000_000_000.0
# How Prometheus writes the first and the last moment that it knows; clients ask from the one to the other.
_EDGES = {
    "-292273086-05-16T16:47:06Z": -_MAX_SECONDS,
    "292277025-08-18T07:12:54.999999999Z": _MAX_SECONDS,
    "+292277025-08-18T07:12:54.999999999Z": _MAX_SECONDS,
}


class Parameters:
    """The parameters of one request. Every reader raises `BadDataError` that names the parameter."""

    def __init__(self, values: dict[str, list[str]], clock: Clock) -> None:
        self._values = values
        self._clock = clock

    @classmethod
    async def of(cls, request: Request, clock: Clock) -> "Parameters":
        """Those of the query string, and of the body of a POST."""
        values = {key: request.query_params.getlist(key) for key in request.query_params}
        if request.method == "POST":
            for key, given in parse_qs(await _body(request), keep_blank_values=True).items():
                values[key] = [*values.get(key, []), *given]
        return cls(values, clock)

    def text(self, name: str, default: str = "") -> str:
        """The first value; the default where there is none."""
        values = self._values.get(name)
        return values[0] if values else default

    def texts(self, name: str) -> Sequence[str]:
        """All values."""
        return self._values.get(name, ())

    def time_ms(self, name: str, default_ms: int | None = None) -> int:
        """A moment, as epoch seconds or RFC 3339; now where there is neither a value nor a default."""
        text = self.text(name)
        if not text:
            return to_milliseconds(self._clock.now()) if default_ms is None else default_ms
        return to_milliseconds(_parse_time(name, text))

    def duration_ms(self, name: str) -> int:
        """A span, as seconds or a Prometheus duration; more than 0."""
        text = self.text(name)
        try:
            seconds = float(text)
            milliseconds = to_milliseconds(seconds) if math.isfinite(seconds) else 0
        except ValueError:
            try:
                milliseconds = parse_duration(text)
            except InvalidDurationError as error:
                raise BadDataError(
                    f'invalid parameter "{name}": cannot parse "{text[:100]}" to a valid duration'
                ) from error
        if milliseconds <= 0:
            raise BadDataError(f'invalid parameter "{name}": must be longer than 0')
        return milliseconds

    def limit(self) -> int | None:
        """How many results at the most; None for all."""
        text = self.text("limit")
        if not text:
            return None
        if not text.isdecimal():
            raise BadDataError('invalid parameter "limit": must be a whole number')
        return int(text) or None

    def selectors(self, name: str = "match[]") -> Sequence[Sequence[Matcher]]:
        """Series selectors such as `up{job="x"}`, each as its matchers."""
        try:
            return [_parse_selector(text) for text in self.texts(name)]
        except QueryError as error:
            raise BadDataError(f'invalid parameter "{name}": {error}') from error


def _parse_selector(text: str) -> Sequence[Matcher]:
    root = parse(text).root
    if not isinstance(root, VectorSelector):
        raise QueryError("must be a series selector")
    return root.matchers


async def _body(request: Request) -> str:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_FORM_BYTES:
            raise BadDataError("the request's body is longer than 1 MiB")
    return body.decode("utf-8", "replace")


def _parse_time(name: str, text: str) -> float:
    if text in _EDGES:
        return _EDGES[text]
    try:
        seconds = float(text)
    except ValueError:
        try:
            moment = datetime.fromisoformat(text if "T" in text else "")
        except ValueError:
            raise BadDataError(
                f'invalid parameter "{name}": cannot parse "{text[:100]}" to a valid timestamp'
            ) from None
        seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    if not math.isfinite(seconds) or abs(seconds) > _MAX_SECONDS:
        raise BadDataError(f'invalid parameter "{name}": out of range')
    return seconds
