"""Moments and time intervals."""

from datetime import UTC, datetime
from typing import Any

import pytest

from exporter.alerting.intervals import Intervals, contains
from exporter.config.alertmanager.intervals import NamedInterval, TimeInterval


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("interval", "inside", "outside"),
    [
        ({}, ["2026-01-01T00:00"], []),
        (
            {"times": [{"start_time": "09:00", "end_time": "17:00"}]},
            ["2026-05-01T09:00", "2026-05-01T16:59"],
            ["2026-05-01T08:59", "2026-05-01T17:00"],
        ),
        (
            {
                "times": [
                    {"start_time": "22:00", "end_time": "24:00"},
                    {"start_time": "00:00", "end_time": "06:00"},
                ]
            },
            ["2026-05-01T23:59", "2026-05-01T00:00"],
            ["2026-05-01T06:00", "2026-05-01T21:59"],
        ),
        ({"weekdays": ["monday:friday"]}, ["2026-05-01", "2026-05-04"], ["2026-05-02", "2026-05-03"]),
        ({"weekdays": ["sunday", "Saturday"]}, ["2026-05-02", "2026-05-03"], ["2026-05-01", "2026-05-04"]),
        ({"days_of_month": ["-1"]}, ["2026-02-28", "2024-02-29", "2026-04-30"], ["2024-02-28", "2026-04-29"]),
        ({"days_of_month": ["-3:-1"]}, ["2026-02-26", "2026-01-29"], ["2026-02-25", "2026-01-28"]),
        ({"days_of_month": ["10:-10"]}, ["2026-02-10", "2026-02-19"], ["2026-02-09", "2026-02-20"]),
        ({"days_of_month": ["31"]}, ["2026-01-31"], ["2026-02-28", "2026-04-30"]),
        ({"days_of_month": ["29:31"]}, ["2026-01-30", "2026-04-30"], ["2026-02-28"]),
        ({"days_of_month": ["1:2"]}, ["2026-02-01"], ["2026-02-03"]),
        ({"months": ["january:march", "12"]}, ["2026-03-31", "2026-12-01"], ["2026-04-01", "2026-11-30"]),
        ({"years": ["2025:2026", "2030"]}, ["2026-01-01", "2030-06-01"], ["2027-01-01", "2024-12-31T23:59"]),
        (
            {"weekdays": ["friday"], "times": [{"start_time": "09:00", "end_time": "10:00"}]},
            ["2026-05-01T09:30"],
            ["2026-05-01T10:30", "2026-05-02T09:30"],
        ),
        (
            {"location": "Europe/Berlin", "times": [{"start_time": "09:00", "end_time": "10:00"}]},
            ["2026-01-05T08:30", "2026-07-05T07:30"],
            ["2026-01-05T07:30", "2026-07-05T08:30"],
        ),
        ({"location": "Asia/Tokyo", "weekdays": ["monday"]}, ["2026-05-03T15:00"], ["2026-05-04T15:00"]),
        ({"times": []}, [], ["2026-01-01"]),
    ],
)
def test_these_times_are_inside_of_an_interval_and_those_are_not(
    interval: dict[str, Any], inside: list[str], outside: list[str]
) -> None:
    parsed = TimeInterval.model_validate(interval)
    assert [text for text in inside if not contains(parsed, at(text))] == []
    assert [text for text in outside if contains(parsed, at(text))] == []


def test_entries_of_a_name_are_alternatives() -> None:
    named = NamedInterval.model_validate(
        {"name": "x", "time_intervals": [{"years": ["2025"]}, {"months": ["5"]}]}
    )
    empty = NamedInterval.model_validate({"name": "never"})
    intervals = Intervals([named, empty])
    assert intervals.containing(["x", "never"], at("2025-01-01")) == ("x",)
    assert intervals.containing(["x", "never"], at("2026-05-01")) == ("x",)
    assert intervals.containing(["x", "never"], at("2026-06-01")) == ()
