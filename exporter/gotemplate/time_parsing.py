"""Time parsing reads texts by Go's layouts: `toDate` and `mustToDate`.

Source: `ParseInLocation` in time/format.go of Go, as far as layouts made of numbers, names and zones go.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Final

from exporter.gotemplate.durations import SECOND
from exporter.gotemplate.times import CHUNK, DAYS, EPOCH, MONTHS, Time
from exporter.gotemplate.values import FunctionError

_FRACTION: Final = re.compile(r"[.,](\d+)")
_ONE_OR_TWO: Final = r"\d{1,2}"
_SHORT_MONTHS: Final = [name[:3] for name in MONTHS]
_SHORT_DAYS: Final = [name[:3] for name in DAYS]
_OFFSET: Final = re.compile(r"([+-])(\d\d):?(\d\d)?:?(\d\d)?")
# The pattern that each piece of a layout matches in the text.
_PATTERNS: Final[Mapping[str, str]] = {
    "January": "|".join(MONTHS),
    "Jan": "|".join(_SHORT_MONTHS),
    "Monday": "|".join(DAYS),
    "Mon": "|".join(_SHORT_DAYS),
    "MST": r"[A-Z]{3,4}|[+-]\d\d",
    "2006": r"\d{4}",
    "06": r"\d\d",
    "01": r"\d\d",
    "1": _ONE_OR_TWO,
    "002": r"\d{3}",
    "__2": r" {0,2}\d{1,3}",
    "02": r"\d\d",
    "_2": r" ?\d{1,2}",
    "2": _ONE_OR_TWO,
    "15": _ONE_OR_TWO,
    "03": r"\d\d",
    "3": _ONE_OR_TWO,
    "04": r"\d\d",
    "4": _ONE_OR_TWO,
    "05": r"\d\d",
    "5": _ONE_OR_TWO,
    "PM": "AM|PM",
    "pm": "am|pm",
}
# Whose case does not count.
_WORDS: Final = ("January", "Jan", "Monday", "Mon")
_ZONES: Final[Mapping[str, str]] = {
    "07": r"[+-]\d\d",
    "0700": r"[+-]\d{4}",
    "07:00": r"[+-]\d\d:\d\d",
    "070000": r"[+-]\d{6}",
    "07:00:00": r"[+-]\d\d:\d\d:\d\d",
}
_NUMBERS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("01", "1"), "month"),
    **dict.fromkeys(("02", "_2", "2"), "day"),
    **dict.fromkeys(("002", "__2"), "day of the year"),
    **dict.fromkeys(("15", "03", "3"), "hour"),
    **dict.fromkeys(("04", "4"), "minute"),
    **dict.fromkeys(("05", "5"), "second"),
}


def parse_time(layout: str, text: str) -> Time:
    """The moment; without a zone in the text it is in UTC.

    A layout without a year makes one of the year 1, since the year 0 is out of reach. Raises `FunctionError`
    for a text that does not fit.
    """
    reading = _Reading(layout, text)
    for chunk in _pieces(layout):
        reading.take(chunk)
    if reading.rest:
        raise reading.refuse(f": extra text: {_quoted(reading.rest)}")
    return reading.moment()


def _pieces(layout: str) -> list[str]:
    pieces, end = [], 0
    for match in CHUNK.finditer(layout):
        pieces += [layout[end : match.start()], match.group()]
        end = match.end()
    return [piece for piece in [*pieces, layout[end:]] if piece]


class _Reading:
    """A text that is read piece by piece."""

    def __init__(self, layout: str, text: str) -> None:
        self._layout, self._text = layout, text
        self.rest = text
        self._numbers: dict[str, int] = {}
        self._nanoseconds = 0
        self._half = ""
        self._zone: tzinfo = UTC

    def refuse(self, why: str) -> FunctionError:
        """The error, in Go's words."""
        return FunctionError(f"parsing time {_quoted(self._text)}{why}")

    def take(self, piece: str) -> None:
        """Read what a piece of the layout stands for."""
        if not CHUNK.fullmatch(piece):
            self._match(piece, re.escape(piece))
        elif piece[0] in ".,":
            self._take_fraction(piece)
        elif piece[0] in "Z-":
            self._take_zone(piece)
        else:
            self._take_part(piece)

    def _match(self, piece: str, pattern: str) -> str:
        match = re.compile(pattern, re.IGNORECASE if piece in _WORDS else 0).match(self.rest)
        if match is None:
            as_layout = f" as {_quoted(self._layout)}: cannot parse {_quoted(self.rest)} as {_quoted(piece)}"
            raise self.refuse(as_layout)
        self.rest = self.rest[match.end() :]
        return match.group()

    def _take_part(self, piece: str) -> None:
        found = self._match(piece, _PATTERNS[piece])
        if piece in _NAMES:
            _NAMES[piece](self, found)
        elif piece in _NUMBERS:
            self._numbers[_NUMBERS[piece]] = int(found)
        elif piece in ("2006", "06"):
            self._numbers["year"] = _year(found)
        if piece in ("05", "5") and (fraction := _FRACTION.match(self.rest)):
            # Go takes a fraction after the seconds also where the layout has none.
            self._note_fraction(fraction)

    def _take_fraction(self, piece: str) -> None:
        fraction = _FRACTION.match(self.rest)
        if fraction is not None:
            self._note_fraction(fraction)
        elif piece[1] == "0" and not self._nanoseconds:
            self._match(piece, r"[.,]\d+")

    def _note_fraction(self, fraction: "re.Match[str]") -> None:
        self.rest = self.rest[fraction.end() :]
        self._nanoseconds = int(fraction.group(1)[:9].ljust(9, "0"))

    def _take_zone(self, piece: str) -> None:
        if piece[0] == "Z" and self.rest.startswith("Z"):
            self.rest = self.rest[1:]
            return
        sign, *parts = _OFFSET.fullmatch(self._match(piece, _ZONES[piece[1:]])).groups()  # type: ignore[union-attr]
        hours, minutes, seconds = (int(part or 0) for part in parts)
        if hours > 24 or minutes > 59 or seconds > 59:
            raise self.refuse(": time zone offset out of range")
        offset = timedelta(hours=hours, minutes=minutes, seconds=seconds)
        offset = -offset if sign == "-" else offset
        # A zone without a name is shown by its offset.
        self._zone = timezone(offset, f"{sign}{hours:02d}{minutes:02d}") if offset else UTC

    def note_month(self, found: str) -> None:
        self._numbers["month"] = _SHORT_MONTHS.index(found[:3].capitalize()) + 1

    def note_half(self, found: str) -> None:
        self._half = found.lower()

    def ignore(self, found: str) -> None:
        """Skip the day of the week, which says nothing that the date does not."""

    def moment(self) -> Time:
        numbers = self._numbers
        hour = numbers.get("hour", 0)
        if self._half:
            hour = hour % 12 + (12 if self._half == "pm" else 0)
        year = max(numbers.get("year", 1), 1)
        try:
            local = datetime(year, numbers.get("month", 1), numbers.get("day", 1), tzinfo=UTC)
            if "day of the year" in numbers and "day" not in numbers:
                local = datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=numbers["day of the year"] - 1)
            local = local.replace(hour=hour, minute=numbers.get("minute", 0), second=numbers.get("second", 0))
        except (ValueError, OverflowError) as error:
            raise self.refuse(f": {_out_of_range(str(error))} out of range") from None
        offset = self._zone.utcoffset(None) or timedelta()
        seconds = (local - EPOCH - offset) // timedelta(seconds=1)
        return Time(seconds * SECOND + self._nanoseconds, self._zone)


_NAMES: Final[Mapping[str, Callable[[_Reading, str], None]]] = {
    **dict.fromkeys(("January", "Jan"), _Reading.note_month),
    **dict.fromkeys(("Monday", "Mon", "MST"), _Reading.ignore),
    **dict.fromkeys(("PM", "pm"), _Reading.note_half),
}


def _year(digits: str) -> int:
    if len(digits) == 4:
        return int(digits)
    return int(digits) + (1900 if int(digits) >= 69 else 2000)


def _out_of_range(error: str) -> str:
    return next((word for word in ("month", "hour", "minute", "second") if error.startswith(word)), "day")


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
