"""Calendar functions tell what a time, in seconds since 1970, is in UTC.

Any time will do, also far outside of what `datetime` holds.
"""

import math
from collections.abc import Callable
from typing import Final

_DAY: Final = 86_400
_DAYS_PER_400_YEARS: Final = 146_097


def _civil(days: int) -> tuple[int, int, int]:
    """Year, month and day of the proleptic Gregorian calendar, from days since 1970-01-01.

    Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
    """
    shifted = days + 719_468
    era, day_of_era = divmod(shifted, _DAYS_PER_400_YEARS)
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month_from_march = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * month_from_march + 2) // 5 + 1
    month = month_from_march + 3 if month_from_march < 10 else month_from_march - 9
    return year_of_era + era * 400 + (month <= 2), month, day


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _month_length(year: int, month: int) -> int:
    if month == 2:
        return 29 if _is_leap(year) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def _day_of_year(seconds: int) -> int:
    year, month, day = _civil(seconds // _DAY)
    return sum(_month_length(year, earlier) for earlier in range(1, month)) + day


def _days_in_month(seconds: int) -> int:
    year, month, _ = _civil(seconds // _DAY)
    return _month_length(year, month)


def _of_seconds(function: Callable[[int], int]) -> Callable[[float], float]:
    return lambda value: float(function(int(value))) if math.isfinite(value) else math.nan


CALENDAR: Final[dict[str, Callable[[float], float]]] = {
    "day_of_month": _of_seconds(lambda seconds: _civil(seconds // _DAY)[2]),
    "day_of_week": _of_seconds(lambda seconds: (seconds // _DAY + 4) % 7),
    "day_of_year": _of_seconds(_day_of_year),
    "days_in_month": _of_seconds(_days_in_month),
    "hour": _of_seconds(lambda seconds: seconds % _DAY // 3600),
    "minute": _of_seconds(lambda seconds: seconds % 3600 // 60),
    "month": _of_seconds(lambda seconds: _civil(seconds // _DAY)[1]),
    "year": _of_seconds(lambda seconds: _civil(seconds // _DAY)[0]),
}
