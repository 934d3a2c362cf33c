import math
from calendar import monthrange
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from exporter.promql.functions.calendar import CALENDAR


@given(st.datetimes(min_value=datetime(1, 1, 1), max_value=datetime(9999, 12, 31)))
def test_agrees_with_datetime(moment: datetime) -> None:
    moment = moment.replace(tzinfo=UTC, microsecond=0)
    seconds = float(round((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()))
    found = {name: function(seconds) for name, function in CALENDAR.items()}
    assert found == {
        "year": moment.year,
        "month": moment.month,
        "day_of_month": moment.day,
        "day_of_week": moment.isoweekday() % 7,
        "day_of_year": moment.timetuple().tm_yday,
        "days_in_month": monthrange(moment.year, moment.month)[1],
        "hour": moment.hour,
        "minute": moment.minute,
    }


def test_fractions_are_cut_towards_zero() -> None:
    assert CALENDAR["year"](-0.9) == 1970
    assert CALENDAR["year"](-1.0) == 1969


def test_moments_beyond_the_calendar_are_fine() -> None:
    assert CALENDAR["year"](1e15) == 31690708
    assert all(math.isnan(function(math.nan)) for function in CALENDAR.values())
