"""Times in API v2: read in all the forms that Alertmanager takes, written as it does.

Source: `ParseDateTime` and `DateTime.MarshalJSON` of github.com/go-openapi/strfmt, time.go.
"""

import re
from datetime import datetime, timedelta
from typing import Final

from exporter.errors import TemplateError
from exporter.gotemplate.durations import SECOND
from exporter.gotemplate.time_parsing import parse_time
from exporter.gotemplate.times import EPOCH, ZERO_TIME
from exporter.gotemplate.values import FunctionError
from exporter.model.moment import Moment

_USUAL: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?(Z|[+-][0-9]{2}:[0-9]{2})"
)
# An offset without a colon is accepted after 3 or 6 digits only.
_WITHOUT_COLON: Final = re.compile(r".*\.(?:[0-9]{3}|[0-9]{6})[+-][0-9]{4}")
# Layouts without a zone mean UTC.
_LAYOUTS: Final = (
    "2006-01-02T15:04:05Z07:00",
    "2006-01-02T15:04:05",
    "2006-01-02T15:04Z",
    "2006-01-02T15:04",
    "2006-01-02 15:04:05",
    "2006-01-02",
)
_COMPACT: Final = "2006-01-02T15:04:05Z0700"
_LONGEST: Final = 64


def read_moment(text: str) -> float:
    """Parse a time; raises `ValueError`.

    Returns 0.0 for Go's zero time, which stands for none, and the beginning of the epoch for an empty text.
    """
    if not text:
        return Moment(0)
    nanoseconds, offset = _read_usual(text) or _read(text)
    return Moment(nanoseconds, offset) if nanoseconds != ZERO_TIME.nanoseconds else 0.0


def _read_usual(text: str) -> tuple[int, int] | None:
    """Return nanoseconds since the epoch and seconds of the offset of a text in the usual form."""
    found = _USUAL.fullmatch(text)
    if found is None:
        return None
    local, fraction, zone = found.groups()
    try:
        moment = datetime.fromisoformat(local + zone)
    except ValueError:
        return None
    offset = moment.utcoffset() or timedelta()
    seconds = (moment.replace(tzinfo=EPOCH.tzinfo) - EPOCH - offset) // timedelta(seconds=1)
    return seconds * SECOND + int((fraction or "").ljust(9, "0")), offset // timedelta(seconds=1)


def _read(text: str) -> tuple[int, int]:
    if not text.isascii() or len(text) > _LONGEST:
        raise ValueError("not a time")
    for layout in (_COMPACT,) if _WITHOUT_COLON.fullmatch(text) else _LAYOUTS:
        try:
            time = parse_time(layout, text)
        except (FunctionError, TemplateError):
            continue
        offset = time.zone.utcoffset(None) or timedelta()
        return time.nanoseconds, offset // timedelta(seconds=1)
    raise ValueError("not a time")


def write_moment(at: float, *, utc: bool = False) -> str:
    """Format a time to the millisecond: in the zone it was written in, or in UTC."""
    nanoseconds = at.nanoseconds if isinstance(at, Moment) else round(at * 1_000_000) * 1_000
    offset = at.offset_seconds if isinstance(at, Moment) and not utc else 0
    seconds, fraction = divmod(nanoseconds, SECOND)
    try:
        local = (EPOCH + timedelta(seconds=seconds + offset)).replace(tzinfo=None)
    except OverflowError:
        local = datetime.max.replace(microsecond=0)
    return f"{local.isoformat()}.{fraction // 1_000_000:03d}{_written_offset(offset)}"


def _written_offset(seconds: int) -> str:
    if not seconds:
        return "Z"
    hours, minutes = divmod(abs(seconds) // 60, 60)
    return f"{'-' if seconds < 0 else '+'}{hours:02d}:{minutes:02d}"
