"""The range of time that a page shows: `?range=6h`, or `?from=&to=` in seconds or RFC 3339."""

from datetime import UTC, datetime
from typing import Final

from exporter.charts.time_range import TimeRange, ending_at
from exporter.model.duration import InvalidDurationError, parse_duration
from exporter.web.pages.address import Address, PageError

RANGES: Final = ("15m", "1h", "3h", "6h", "12h", "24h", "2d", "7d", "30d")

_SHORTEST_MS: Final = 60_000
_LONGEST_MS: Final = 400 * 86_400_000


def read_range(address: Address, now: float, default: str = "1h") -> TimeRange:
    """Read the parameters `range`, `from` and `to`; raises `PageError`."""
    if address.text("from") or address.text("to"):
        return _explicit(address, now, default)
    name = address.text("range") or default
    return ending_at(round(now * 1000), _length_ms(name), name)


def _explicit(address: Address, now: float, default: str) -> TimeRange:
    to = address.text("to")
    end_ms = round(now * 1000) if to in ("", "now") else _moment_ms("to", to)
    since = address.text("from")
    length = _length_ms(address.text("range") or default)
    start_ms = _moment_ms("from", since) if since else end_ms - length
    span_ms = end_ms - start_ms
    if span_ms <= 0:
        raise PageError(400, "The parameter to must be after from.")
    return ending_at(end_ms, min(max(span_ms, _SHORTEST_MS), _LONGEST_MS))


def _length_ms(text: str) -> int:
    try:
        length_ms = parse_duration(text)
    except InvalidDurationError:
        length_ms = 0
    if not _SHORTEST_MS <= length_ms <= _LONGEST_MS:
        raise PageError(400, "The parameter range is a duration of 1m to 400d, such as 6h.")
    return length_ms


def _moment_ms(name: str, text: str) -> int:
    try:
        seconds = float(text)
    except ValueError:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            way_out = "seconds since 1970, or a time such as 2026-03-14T04:00:00Z"
            raise PageError(400, f"The parameter {name} is no moment: write {way_out}.") from None
        seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    if not 0 <= seconds < 1e11:
        raise PageError(400, f"The parameter {name} is not between 1970 and 5138.")
    return round(seconds * 1000)
