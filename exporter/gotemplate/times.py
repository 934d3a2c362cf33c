"""Times are Go's `time.Time` as templates see it, with its layouts.

Source of the layouts: time/format.go of Go.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import ClassVar, Final

from exporter.gotemplate.durations import DURATION, LONGEST, SECOND, Duration
from exporter.gotemplate.values import INT, STRING, Function, FunctionError, Parameter, Structure
from exporter.model.moment import Moment

_DAY_SECONDS: Final = 86_400
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
DAYS: Final = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_DEFAULT_LAYOUT: Final = "2006-01-02 15:04:05.999999999 -0700 MST"
CHUNK: Final = re.compile(
    r"January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|2006|002|__2|_2(?!006)|01|02|03|04|05|06|15|1|2|3|4|5|PM|pm"
    r"|Z07:00:00|Z070000|Z07:00|Z0700|Z07|-07:00:00|-070000|-07:00|-0700|-07"
    r"|[.,](?:0+|9+)(?![0-9])"
)


@dataclass(frozen=True, slots=True, order=True)
class Time(Structure):
    """A moment, in nanoseconds since 1970, shown in a zone."""

    nanoseconds: int
    zone: tzinfo = UTC

    go_type: ClassVar[str] = "time.Time"

    def local(self) -> datetime:
        """The date and the time of day in the zone, to the second; of the years that there are."""
        try:
            moment = EPOCH + timedelta(seconds=self.nanoseconds // SECOND)
        except OverflowError:
            return (datetime.max if self.nanoseconds > 0 else datetime.min).replace(microsecond=0, tzinfo=UTC)
        try:
            return moment.astimezone(self.zone)
        except OverflowError:
            return moment

    def format(self, layout: str = _DEFAULT_LAYOUT) -> str:
        """The moment in one of Go's layouts, such as `2006-01-02 15:04`."""
        local, fraction = self.local(), self.nanoseconds % SECOND
        return CHUNK.sub(lambda match: _format_chunk(match.group(), local, fraction), layout)


class Month(int):
    """A month that prints its name."""

    go_type: ClassVar[str] = "time.Month"
    go_methods: ClassVar[Mapping[str, Function]] = {"String": Function(lambda month: MONTHS[month - 1])}


class Weekday(int):
    """A day of the week, from Sunday = 0, that prints its name."""

    go_type: ClassVar[str] = "time.Weekday"
    go_methods: ClassVar[Mapping[str, Function]] = {"String": Function(lambda day: DAYS[day])}


def time_of(seconds: float) -> Time:
    """The moment of an epoch time: to the microsecond that a float can tell, or as it was written."""
    if isinstance(seconds, Moment):
        return Time(seconds.nanoseconds, zone_of(seconds.offset_seconds))
    return Time(round(seconds * 1_000_000) * 1_000)


def zone_of(offset_seconds: int) -> tzinfo:
    """The zone of an offset from UTC; a zone without a name is shown by its offset."""
    if not offset_seconds or abs(offset_seconds) >= _DAY_SECONDS:
        return UTC
    hours, minutes = divmod(abs(offset_seconds) // 60, 60)
    name = f"{'-' if offset_seconds < 0 else '+'}{hours:02d}{minutes:02d}"
    return timezone(timedelta(seconds=offset_seconds), name)


ZERO_TIME: Final = Time(-62_135_596_800 * SECOND)
"""Go's time.Time{}: the first of January of the year 1."""


_FORMATS: Final[Mapping[str, Callable[[datetime], str]]] = {
    "January": lambda local: MONTHS[local.month - 1],
    "Jan": lambda local: MONTHS[local.month - 1][:3],
    "Monday": lambda local: _weekday(local),
    "Mon": lambda local: _weekday(local)[:3],
    "MST": lambda local: local.tzname() or "UTC",
    "2006": lambda local: f"{local.year:04d}",
    "06": lambda local: f"{local.year % 100:02d}",
    "01": lambda local: f"{local.month:02d}",
    "1": lambda local: str(local.month),
    "002": lambda local: f"{local.timetuple().tm_yday:03d}",
    "__2": lambda local: f"{local.timetuple().tm_yday:3d}",
    "02": lambda local: f"{local.day:02d}",
    "_2": lambda local: f"{local.day:2d}",
    "2": lambda local: str(local.day),
    "15": lambda local: f"{local.hour:02d}",
    "03": lambda local: f"{local.hour % 12 or 12:02d}",
    "3": lambda local: str(local.hour % 12 or 12),
    "04": lambda local: f"{local.minute:02d}",
    "4": lambda local: str(local.minute),
    "05": lambda local: f"{local.second:02d}",
    "5": lambda local: str(local.second),
    "PM": lambda local: "PM" if local.hour >= 12 else "AM",
    "pm": lambda local: "pm" if local.hour >= 12 else "am",
}


def _weekday(local: datetime) -> str:
    return DAYS[local.isoweekday() % 7]


def _format_chunk(chunk: str, local: datetime, fraction: int) -> str:
    if chunk[0] in ".,":
        return _format_fraction(chunk, fraction)
    if chunk[0] in "Z-":
        return _format_offset(chunk, local.utcoffset() or timedelta())
    return _FORMATS[chunk](local)


def _format_fraction(chunk: str, fraction: int) -> str:
    digits = f"{fraction:09d}"[: len(chunk) - 1].ljust(len(chunk) - 1, "0")
    if chunk[1] == "9":
        digits = digits.rstrip("0")
    return chunk[0] + digits if digits else ""


def _format_offset(chunk: str, offset: timedelta) -> str:
    if chunk[0] == "Z" and not offset:
        return "Z"
    seconds = int(offset.total_seconds())
    sign, seconds = ("-" if seconds < 0 else "+"), abs(seconds)
    parts = [f"{seconds // 3600:02d}", f"{seconds // 60 % 60:02d}", f"{seconds % 60:02d}"]
    separator = ":" if ":" in chunk else ""
    return sign + separator.join(parts[: len(chunk.replace(":", "")) // 2])


def span(start: Time, end: Time) -> Duration:
    """The time from one moment to another; at most the longest that Go's 64 bits can hold."""
    return Duration(max(-LONGEST - 1, min(end.nanoseconds - start.nanoseconds, LONGEST)))


def _add(moment: Time, span: Duration) -> Time:
    return Time(moment.nanoseconds + span, moment.zone)


def _add_date(moment: Time, years: int, months: int, days: int) -> Time:
    """Calendar arithmetic: what exceeds a month runs over into the next one, as in Go."""
    if max(abs(years), abs(months), abs(days)) > 4_000_000:
        raise FunctionError("a date out of range")
    local = moment.local()
    year, month = divmod(local.year * 12 + local.month - 1 + years * 12 + months, 12)
    if not 1 <= year <= 9999:
        raise FunctionError("a date out of range")
    shifted = local.replace(year=year, month=month + 1, day=1) + timedelta(days=local.day - 1 + days)
    seconds = (shifted - EPOCH) // timedelta(seconds=1)
    return Time(seconds * SECOND + moment.nanoseconds % SECOND, moment.zone)


def _truncate(moment: Time, multiple: Duration) -> Time:
    since_zero = moment.nanoseconds - ZERO_TIME.nanoseconds
    return moment if multiple <= 0 else Time(moment.nanoseconds - since_zero % multiple, moment.zone)


TIME: Final = Parameter("time.Time", lambda value: isinstance(value, Time))

Time.go_methods = {
    "String": Function(lambda moment: moment.format()),
    "Format": Function(lambda moment, layout: moment.format(layout), (STRING,)),
    "UTC": Function(lambda moment: Time(moment.nanoseconds)),
    "Local": Function(lambda moment: Time(moment.nanoseconds)),
    "Unix": Function(lambda moment: moment.nanoseconds // SECOND),
    "UnixMilli": Function(lambda moment: moment.nanoseconds // 1_000_000),
    "UnixMicro": Function(lambda moment: moment.nanoseconds // 1_000),
    "UnixNano": Function(lambda moment: moment.nanoseconds),
    "Year": Function(lambda moment: moment.local().year),
    "Month": Function(lambda moment: Month(moment.local().month)),
    "Day": Function(lambda moment: moment.local().day),
    "YearDay": Function(lambda moment: moment.local().timetuple().tm_yday),
    "Weekday": Function(lambda moment: Weekday(moment.local().isoweekday() % 7)),
    "Hour": Function(lambda moment: moment.local().hour),
    "Minute": Function(lambda moment: moment.local().minute),
    "Second": Function(lambda moment: moment.local().second),
    "Nanosecond": Function(lambda moment: moment.nanoseconds % SECOND),
    "IsZero": Function(lambda moment: moment.nanoseconds == ZERO_TIME.nanoseconds),
    "Add": Function(_add, (DURATION,)),
    "AddDate": Function(_add_date, (INT, INT, INT)),
    "Sub": Function(lambda moment, other: span(other, moment), (TIME,)),
    "Truncate": Function(_truncate, (DURATION,)),
    "Before": Function(lambda moment, other: moment.nanoseconds < other.nanoseconds, (TIME,)),
    "After": Function(lambda moment, other: moment.nanoseconds > other.nanoseconds, (TIME,)),
    "Equal": Function(lambda moment, other: moment.nanoseconds == other.nanoseconds, (TIME,)),
}
