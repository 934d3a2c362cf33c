"""Time intervals: whether a time is inside of one."""

from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from exporter.config.alertmanager.intervals import IntRange, NamedInterval, TimeInterval, TimeRange


class Intervals:
    """The named intervals of a configuration."""

    def __init__(self, named: Iterable[NamedInterval]) -> None:
        self._intervals: Mapping[str, Sequence[TimeInterval]] = {
            interval.name: interval.time_intervals for interval in named
        }

    def containing(self, names: Iterable[str], at: float) -> tuple[str, ...]:
        """Return those of these names whose intervals contain a time (seconds since the epoch)."""
        return tuple(
            name for name in names if any(contains(interval, at) for interval in self._intervals[name])
        )


def contains(interval: TimeInterval, at: float) -> bool:
    """Return whether a time satisfies every field of an interval; one entry of each is enough.

    Source: `ContainsTime` of github.com/prometheus/alertmanager, timeinterval/timeinterval.go.
    """
    local = _local_time(at, interval.location)
    minute = local.hour * 60 + local.minute
    return (
        _any_time(interval.times, minute)
        and _any_day(interval.days_of_month, local)
        and _any_range(interval.months, local.month)
        # Sunday is 0 here and 7 in the ISO calendar.
        and _any_range(interval.weekdays, local.isoweekday() % 7)
        and _any_range(interval.years, local.year)
    )


def _local_time(at: float, location: str) -> datetime:
    if location == "Local":
        return datetime.fromtimestamp(at).astimezone()
    return datetime.fromtimestamp(at, ZoneInfo(location) if location else UTC)


def _any_time(ranges: Sequence[TimeRange] | None, minute: int) -> bool:
    return ranges is None or any(one.start_time <= minute < one.end_time for one in ranges)


def _any_range(ranges: Sequence[IntRange] | None, value: int) -> bool:
    return ranges is None or any(one.first <= value <= one.last for one in ranges)


def _any_day(ranges: Sequence[IntRange] | None, local: datetime) -> bool:
    if ranges is None:
        return True
    days = monthrange(local.year, local.month)[1]
    spans = ([day if day > 0 else days + day + 1 for day in one] for one in ranges)
    # A range that begins after the last day of a short month does not count in it.
    return any(first <= local.day <= last for first, last in spans if first <= days)
