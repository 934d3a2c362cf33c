"""Moments in Go's layouts."""

from zoneinfo import ZoneInfo

import pytest

from exporter.gotemplate import parse
from exporter.gotemplate.durations import Duration
from exporter.gotemplate.times import ZERO_TIME, Time, time_of

_MOMENT = Time(1_704_164_645_678_000_000)  # 2024-01-02 03:04:05.678, a Tuesday


def expand(text: str, data: object = _MOMENT) -> str:
    return parse(text, name="t").expand(data)


@pytest.mark.parametrize(
    ("layout", "text"),
    [
        ("2006-01-02T15:04:05Z07:00", "2024-01-02T03:04:05Z"),
        ("Mon, 02 Jan 2006 15:04:05 MST", "Tue, 02 Jan 2024 03:04:05 UTC"),
        ("Monday January _2 3:4:5 PM pm 06", "Tuesday January  2 3:4:5 AM am 24"),
        ("05.000 05.00000 05.999999 05,9", "05.678 05.67800 05.678 05,6"),
        ("002 __2 1 2 03", "002   2 1 2 03"),
        ("-0700 -07:00 -07 Z0700", "+0000 +00:00 +00 Z"),
        ("Month Janus .0001 x", "Month Janus .0001 x"),
        ("", ""),
    ],
)
def test_a_time_is_formatted_by_the_layouts_of_go(layout: str, text: str) -> None:
    assert _MOMENT.format(layout) == text


def test_a_time_is_shown_in_its_zone() -> None:
    local = Time(_MOMENT.nanoseconds, ZoneInfo("America/New_York"))
    assert local.format("2006-01-02 15:04 MST -07:00 Z0700") == "2024-01-01 22:04 EST -05:00 -0500"
    assert expand("{{ .UTC.Hour }} {{ .Hour }} {{ .Equal .UTC }}", local) == "3 22 true"


def test_the_zero_time_is_that_of_go() -> None:
    assert (
        expand("{{ .IsZero }} {{ . }} {{ .Unix }}", ZERO_TIME)
        == "true 0001-01-01 00:00:00 +0000 UTC -62135596800"
    )
    far_west = Time(ZERO_TIME.nanoseconds, ZoneInfo("America/New_York"))
    assert far_west.format("2006") == "0001"


def test_templates_call_the_methods_of_a_time() -> None:
    assert expand("{{ .Year }} {{ .Month }} {{ .Day }} {{ .YearDay }}") == "2024 January 2 2"
    assert expand("{{ .Hour }} {{ .Minute }} {{ .Second }} {{ .Nanosecond }}") == "3 4 5 678000000"
    assert expand("{{ .Weekday }} {{ printf `%d` .Weekday }} {{ eq .Month 1 }}") == "Tuesday 2 true"
    assert expand("{{ .UnixMilli }} {{ .UnixMicro }} {{ .UnixNano }}") == (
        "1704164645678 1704164645678000 1704164645678000000"
    )


def test_times_and_durations_are_added_as_in_go() -> None:
    data = {"a": _MOMENT, "b": time_of(1_704_164_735.678), "minute": Duration(60_000_000_000)}
    assert expand("{{ .b.Sub .a }} {{ (.b.Sub .a).Minutes }} {{ .a.Before .b }} {{ .a.After .b }}", data) == (
        "1m30s 1.5 true false"
    )
    assert expand(
        "{{ (.a.Add .minute).Format `15:04:05` }} {{ (.a.Truncate .minute).Format `15:04:05.9` }}", data
    ) == ("03:05:05 03:04:00")
    assert expand("{{ (.a.AddDate 1 1 30).Format `2006-01-02` }}", data) == "2025-03-04"
    assert expand("{{ ((.b.Sub .a).Round .minute) }} {{ (.b.Sub .a).Truncate .minute }}", data) == "2m0s 1m0s"
    assert expand("{{ (.a.Sub .b).Milliseconds }} {{ (.a.Sub .b).Abs }}", data) == "-90000 1m30s"


def test_float_seconds_keep_microseconds() -> None:
    assert time_of(1_704_164_645.678).nanoseconds == 1_704_164_645_678_000_000
