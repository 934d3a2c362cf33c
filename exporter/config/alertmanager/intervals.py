"""Time intervals: when routes are muted or active.

Source of the rules: timeinterval/timeinterval.go of github.com/prometheus/alertmanager.
"""

import re
from collections.abc import Callable
from typing import Annotated, Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, PlainSerializer, PlainValidator

from exporter.config.alertmanager.scalars import Text
from exporter.config.fields import Section
from exporter.config.validation import kind_of

MINUTES_PER_DAY: Final = 24 * 60

_CLOCK_TIME: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00")
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,9}")
_WEEKDAYS: Final = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_MONTHS: Final = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_SHORTEST_MONTH: Final = 28


class IntRange(NamedTuple):
    """First and last, both inside."""

    first: int
    last: int


def _clock_time(value: object) -> int:
    if isinstance(value, int):
        return value
    if not isinstance(value, str) or not _CLOCK_TIME.fullmatch(value):
        raise ValueError(f"must be a time of day such as 09:00, at most 24:00, not {kind_of(value)}")
    hours, minutes = value.split(":")
    return int(hours) * 60 + int(minutes)


ClockTime = Annotated[
    int,
    PlainValidator(_clock_time, json_schema_input_type=str),
    PlainSerializer(lambda minutes: f"{minutes // 60:02}:{minutes % 60:02}", return_type=str),
]
"""Minutes since midnight, written `HH:MM`."""


class TimeRange(Section):
    """A part of the day; the end is outside."""

    start_time: ClockTime
    """First minute."""
    end_time: ClockTime
    """The minute after the last; 24:00 is the end of the day."""


def _check_time_range(value: TimeRange) -> TimeRange:
    if value.start_time >= value.end_time:
        raise ValueError("start_time must be before end_time")
    return value


def _weekday(text: str) -> int:
    if text not in _WEEKDAYS:
        raise ValueError(f'"{text}" is not a weekday: write sunday to saturday')
    return _WEEKDAYS.index(text)


def _month(text: str) -> int:
    return _MONTHS.index(text) + 1 if text in _MONTHS else _number(text, "a month: write january or 1")


def _day_of_month(text: str) -> int:
    day = _number(text, "a day of the month")
    if not 1 <= abs(day) <= 31:
        raise ValueError(f"{day} is not a day of the month: 1 to 31, or -1 (the last) to -31")
    return day


def _number(text: str, what: str = "a year") -> int:
    if not _NUMBER.fullmatch(text):
        raise ValueError(f'"{text}" is not {what}')
    return int(text)


def _range_of(member: Callable[[str], int]) -> Callable[[object], IntRange]:
    def parse(value: object) -> IntRange:
        if isinstance(value, IntRange):
            return value
        if not isinstance(value, str):
            raise ValueError(f"must be one value or a range such as 1:5, not {kind_of(value)}")
        parts = value.lower().split(":")
        if len(parts) > 2:
            raise ValueError(f'"{value}" is not a range such as 1:5')
        return IntRange(member(parts[0]), member(parts[-1]))

    return parse


def _check_ascending(value: IntRange) -> IntRange:
    if value.first > value.last:
        raise ValueError("the end of the range is before its start")
    return value


def _check_days(value: IntRange) -> IntRange:
    if value.first < 0 < value.last:
        raise ValueError("the end must be negative too where the start is")
    # A range that is reversed in the shortest month is reversed in all.
    first, last = (day if day > 0 else _SHORTEST_MONTH + day for day in value)
    if first > last:
        raise ValueError(f"day {value.last} is always before day {value.first}")
    return value


def _range_text(names: tuple[str, ...] | None = None) -> PlainSerializer:
    def write(value: IntRange) -> str:
        first, last = (names[number] if names else str(number) for number in value)
        return first if first == last else f"{first}:{last}"

    return PlainSerializer(write, return_type=str)


WeekdayRange = Annotated[
    IntRange,
    PlainValidator(_range_of(_weekday), json_schema_input_type=str),
    AfterValidator(_check_ascending),
    _range_text(_WEEKDAYS),
]
"""0 is Sunday."""

DayRange = Annotated[
    IntRange,
    PlainValidator(_range_of(_day_of_month), json_schema_input_type=str),
    AfterValidator(_check_days),
    _range_text(),
]
"""Negative days count from the end of the month: -1 is its last."""

MonthRange = Annotated[
    IntRange,
    PlainValidator(_range_of(_month), json_schema_input_type=str),
    AfterValidator(_check_ascending),
    _range_text(),
]
"""1 is January."""

YearRange = Annotated[
    IntRange,
    PlainValidator(_range_of(_number), json_schema_input_type=str),
    AfterValidator(_check_ascending),
    _range_text(),
]


def _location(name: str) -> str:
    # As Go's time.LoadLocation: nothing is UTC, "Local" the machine's own zone.
    if name not in ("", "UTC", "Local"):
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f'"{name}" is not a time zone such as Europe/Berlin') from None
    return name


class TimeInterval(Section):
    """Moments that satisfy every field that is written; within a field one entry is enough."""

    times: tuple[Annotated[TimeRange, AfterValidator(_check_time_range)], ...] | None = None
    """Parts of the day."""
    weekdays: tuple[WeekdayRange, ...] | None = None
    """Days of the week, by name."""
    days_of_month: tuple[DayRange, ...] | None = None
    """Days of the month, negative from its end."""
    months: tuple[MonthRange, ...] | None = None
    """Months, by name or number."""
    years: tuple[YearRange, ...] | None = None
    """Years."""
    location: Annotated[Text, AfterValidator(_location)] = ""
    """The time zone that the fields are read in; UTC where none is written."""


class NamedInterval(Section):
    """Time intervals under a name that routes refer to; one of them is enough."""

    name: Text = Field(min_length=1)
    """The name."""
    time_intervals: tuple[TimeInterval, ...] = ()
    """The intervals."""
