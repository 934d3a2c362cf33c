"""Parameters of Prometheus' HTTP API: times, durations, selectors, from the query string or a posted form.

What is read and what is refused, in which words: github.com/prometheus/prometheus, web/api/v1/api.go.
"""

import math
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from starlette.requests import Request

from exporter.clock import Clock, to_milliseconds
from exporter.errors import QueryError
from exporter.model.duration import InvalidDurationError, parse_duration
from exporter.model.matcher import Matcher
from exporter.model.quoting import quote
from exporter.promql.numbers import parse_float
from exporter.promql.syntax.selectors import parse_selector, starts_selector
from exporter.promql.syntax.stream import TokenStream
from exporter.promql.syntax.tokens import Kind
from exporter.web.api_v1.form import Fields, parse_fields, read_form
from exporter.web.api_v1.reply import BadDataError

# The last moment that Prometheus knows, in milliseconds of 64 bits.
_MAX_SECONDS: Final = 9_223_309_901_257_974.0
# The nanoseconds of 64 bits in which Go counts spans, in milliseconds.
_MAX_SPAN_MS: Final = (1 << 63) / 1_000_000
_MAX_INTEGER: Final = (1 << 63) - 1
_INTEGER: Final = re.compile(r"[+-]?[0-9]+")
_UNDERSCORE: Final = re.compile(r"(?<=[0-9])_(?=[0-9])")
_RFC3339: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)T(?!24)(\d\d?)(:\d\d:\d\d)(?:[.,](\d+))?(?:Z|([+-])(\d\d):(\d\d))", re.ASCII
)
_MOST_ZONE_HOURS: Final = 24
_MOST_ZONE_MINUTES: Final = 60
# How Prometheus writes the first and the last moment that it knows; clients ask from the one to the other.
_EDGES = {
    "-292273086-05-16T16:47:06Z": -_MAX_SECONDS,
    "292277025-08-18T07:12:54.999999999Z": _MAX_SECONDS,
    "+292277025-08-18T07:12:54.999999999Z": _MAX_SECONDS,
}


class Parameters:
    """The parameters of one request. Every reader raises `BadDataError` that names the parameter.

    What a posted form has goes before what the URL has.
    """

    def __init__(self, values: dict[str, list[str]], clock: Clock, fault: str = "") -> None:
        self._values = values
        self._clock = clock
        self._fault = fault

    @classmethod
    async def of(cls, request: Request, clock: Clock) -> "Parameters":
        """Those of the query string, and of the body of a POST."""
        fields = await read_form(request) if request.method == "POST" else Fields()
        try:
            fields.add(parse_fields(request.scope["query_string"]))
        except ValueError as error:
            raise BadDataError(f"error parsing form values: {error}") from error
        return cls(fields.values, clock, fields.fault)

    def refuse_malformed(self) -> None:
        """Raise where some parameter cannot be read; where this is not called it counts as missing."""
        if self._fault:
            raise BadDataError(f"error parsing form values: {self._fault}")

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
        try:
            return _parse_time(text)
        except ValueError as error:
            raise BadDataError(
                f"invalid parameter \"{name}\": invalid time value for '{name}': {error}"
            ) from None

    def moment_ms(self, name: str) -> int | None:
        """A moment, also as a duration: so long ago; None where it is not given."""
        text = self.text(name)
        try:
            return parse_moment(text, to_milliseconds(self._clock.now())) if text else None
        except ValueError as error:
            raise BadDataError(f'invalid parameter "{name}": {error}') from None

    def required_time_ms(self, name: str) -> int:
        """A moment that has no default."""
        try:
            return _parse_time(self.text(name))
        except ValueError as error:
            raise BadDataError(f'invalid parameter "{name}": {error}') from None

    def step_ms(self) -> int:
        """The span `step`; more than 0."""
        milliseconds = self.duration_ms("step")
        if milliseconds <= 0:
            raise BadDataError(
                'invalid parameter "step": zero or negative query resolution step widths are not accepted. '
                "Try a positive integer"
            )
        return milliseconds

    def duration_ms(self, name: str) -> int:
        """A span, as seconds or a Prometheus duration."""
        try:
            return _parse_span(self.text(name))
        except ValueError as error:
            raise BadDataError(f'invalid parameter "{name}": {error}') from None

    def lookback_ms(self) -> int | None:
        """Return the lookback delta in milliseconds; None for the default, or where it is not above 0."""
        text = self.text("lookback_delta")
        try:
            return max(0, _parse_span(text)) or None if text else None
        except ValueError as error:
            raise BadDataError(f"error parsing lookback delta duration: {error}") from None

    def limit(self) -> int | None:
        """Return the greatest number of results; None for all."""
        text = self.text("limit")
        if not text:
            return None
        try:
            limit = parse_integer(text)
        except ValueError as error:
            raise BadDataError(f'invalid parameter "limit": {error}') from None
        if limit < 0:
            raise BadDataError('invalid parameter "limit": limit must be non-negative')
        return limit or None

    def number(self, name: str) -> int | None:
        """A whole number; None where it is not given."""
        text = self.text(name)
        try:
            return parse_integer(text) if text else None
        except ValueError:
            raise BadDataError(f"{name} must be a number") from None

    def selectors(self, name: str = "match[]", prefix: str = "") -> Sequence[Sequence[Matcher]]:
        """Series selectors such as `up{job="x"}`, each as its matchers; `prefix` goes before a refusal."""
        try:
            found = [read_selector(text) for text in self.texts(name)]
        except QueryError as error:
            raise BadDataError(f"{prefix}{error}") from error
        if any(all(matcher.matches_empty for matcher in matchers) for matchers in found):
            raise BadDataError(f"{prefix}{name} must contain at least one non-empty matcher")
        return found


def read_selector(text: str) -> Sequence[Matcher]:
    """The matchers of a series selector; unlike in a query all of them may accept what is missing.

    Raises `QueryError`.
    """
    stream = TokenStream(text)
    if not starts_selector(stream.peek()):
        stream.unexpected("")
    selector = parse_selector(stream)
    if stream.peek().kind is not Kind.END:
        stream.unexpected("")
    return selector.matchers


def parse_integer(text: str, function: str = "Atoi", bits: int = 64) -> int:
    """A number as Go's strconv reads it. Raises `ValueError` in the words of Go."""
    if not _INTEGER.fullmatch(text):
        raise ValueError(f"strconv.{function}: parsing {quote(text[:100])}: invalid syntax")
    most = _MAX_INTEGER >> (64 - bits)
    if len(text) > 30 or not -most - 1 <= int(text) <= most:
        raise ValueError(f"strconv.{function}: parsing {quote(text[:100])}: value out of range")
    return int(text)


def parse_moment(text: str, now_ms: int) -> int:
    """A moment as Prometheus takes it, or a duration, as so long ago; in epoch milliseconds.

    Raises `ValueError`.
    """
    try:
        return now_ms - parse_duration(text) if text != "0" else 0
    except InvalidDurationError:
        pass
    try:
        return _parse_time(text)
    except ValueError:
        raise ValueError(
            f"{quote(text[:100])} is neither a duration, such as 2h, nor a time in epoch seconds or RFC 3339"
        ) from None


def _number(text: str) -> float | None:
    """A float as Go reads it; None for anything else, and for one that is too large."""
    found = parse_float(_UNDERSCORE.sub("", text))
    return None if found is None or (math.isinf(found) and "e" in text.lower()) else found


def _parse_time(text: str) -> int:
    seconds = _EDGES.get(text, _number(text))
    if seconds is None:
        return _parse_moment(text)
    if not abs(seconds) <= _MAX_SECONDS:
        raise ValueError(f"{quote(text[:100])} is no moment between the years -292273086 and 292277025")
    return to_milliseconds(seconds)


def _parse_moment(text: str) -> int:
    """RFC 3339, which has always a zone; what is less than a millisecond is cut off.

    As in Go's `time.Parse` an hour may have one digit, and a zone be up to 24:60 away.
    """
    match = _RFC3339.fullmatch(text)
    try:
        if match is None:
            raise ValueError(text)
        day, hour, rest, fraction, sign, hours, minutes = match.groups("0")
        moment = datetime.fromisoformat(f"{day}T{hour:0>2}{rest}+00:00")
        away = int(hours) * 3600 + int(minutes) * 60
        if int(hours) > _MOST_ZONE_HOURS or int(minutes) > _MOST_ZONE_MINUTES:
            raise ValueError(text)
    except ValueError:
        raise ValueError(f"cannot parse {quote(text[:100])} to a valid timestamp") from None
    seconds = round(moment.timestamp()) + (away if sign == "-" else -away)
    return seconds * 1000 + int(f"{fraction:0<3}"[:3])


def _parse_span(text: str) -> int:
    seconds = _number(text)
    if seconds is not None:
        if abs(seconds) * 1000 > _MAX_SPAN_MS:
            raise ValueError(f"cannot parse {quote(text[:100])} to a valid duration. It overflows int64")
        # Go counts whole nanoseconds here, and takes whole milliseconds of them: 0.0015 is 1 ms.
        return int(int(seconds * 1e9) / 1_000_000) if seconds == seconds else -1
    try:
        return parse_duration(text)
    except InvalidDurationError:
        raise ValueError(f"cannot parse {quote(text[:100])} to a valid duration") from None
