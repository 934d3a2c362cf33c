"""Times and addresses that are posted to API v2: what Alertmanager 0.34 takes, and what it gives back."""

import pytest

from exporter.web.api_v2.times import read_moment, write_moment
from exporter.web.api_v2.uri import is_uri


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2026-11-28T02:00:00Z", "2026-11-28T02:00:00.000Z"),
        ("2026-11-28T02:00:00.1Z", "2026-11-28T02:00:00.100Z"),
        ("2026-11-28T02:00:00.123456789Z", "2026-11-28T02:00:00.123Z"),
        ("2026-11-28T02:00:00.1234567891Z", "2026-11-28T02:00:00.123Z"),
        ("2026-11-28T02:00:00,5Z", "2026-11-28T02:00:00.500Z"),
        ("2026-11-28T02:00:00+05:30", "2026-11-28T02:00:00.000+05:30"),
        ("2026-11-28T02:00:00-08:00", "2026-11-28T02:00:00.000-08:00"),
        ("2026-11-28T02:00:00+00:00", "2026-11-28T02:00:00.000Z"),
        ("2026-11-28T02:00:00.123+0530", "2026-11-28T02:00:00.123+05:30"),
        ("2026-11-28T2:00:00Z", "2026-11-28T02:00:00.000Z"),
        ("2026-11-28T02:00:00", "2026-11-28T02:00:00.000Z"),
        ("2026-11-28T02:00:00.123", "2026-11-28T02:00:00.123Z"),
        ("2026-11-28T02:00Z", "2026-11-28T02:00:00.000Z"),
        ("2026-11-28T02:00", "2026-11-28T02:00:00.000Z"),
        ("2026-11-28 02:00:00", "2026-11-28T02:00:00.000Z"),
        ("2026-11-28", "2026-11-28T00:00:00.000Z"),
        ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"),
        ("", "1970-01-01T00:00:00.000Z"),
        ("1969-12-31T23:59:59.25Z", "1969-12-31T23:59:59.250Z"),
        ("1677-01-01T00:00:00Z", "1677-01-01T00:00:00.000Z"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59.000Z"),
        ("9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.999Z"),
        ("9999-12-31T23:59:59-01:00", "9999-12-31T23:59:59.000-01:00"),
    ],
)
def test_times_that_are_taken(text: str, shown: str) -> None:
    moment = read_moment(text)
    assert moment
    assert write_moment(moment) == shown


def test_the_zero_time_of_go_is_none() -> None:
    for text in ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00"):
        assert not read_moment(text)


@pytest.mark.parametrize(
    "text",
    [
        *("now", " ", "1700000000", "20261128T020000Z", "2026-W48-6", "٢٠٢٦-11-28T02:00:00Z", "x" * 100_000),
        *("2026-11-28T02:00:00+0530", "2026-11-28T02:00:00.5+0530", "2026-11-28T02:00+01:00"),
        *("2026-11-28T02:00:00.Z", "2026-11-28T02:00:00 Z", "2026-11-28 02:00:00Z", "2026-11-28t02:00:00z"),
        *("2026-11-28T02:00:00+05", "2026-11-28T02:00:00+05:30:15", "2026-11-28T02:00:00UTC"),
        *("2026-11-31T00:00:00Z", "2026-02-29T00:00:00Z", "2026-11-28T24:00:00Z", "2026-1-1T02:00:00Z"),
        *("10000-01-01T00:00:00Z", "2026-11-28T02:00:00Z ", " 2026-11-28T02:00:00Z", "2026-11-28T23:59:60Z"),
    ],
)
def test_times_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="not a time"):
        read_moment(text)


def test_utc_on_demand_and_years_out_of_reach() -> None:
    assert write_moment(read_moment("2026-11-28T02:00:00+05:30"), utc=True) == "2026-11-27T20:30:00.000Z"
    assert write_moment(read_moment("9999-12-31T23:59:59-01:00"), utc=True) == "9999-12-31T23:59:59.000Z"
    assert write_moment(1764295200.123) == "2025-11-28T02:00:00.123Z"


@pytest.mark.parametrize(
    "text",
    [
        *("http://x", "http://x/y?z=1", "/x", "//x", "http://", "ftp://a", "http://[::1]:80/", "mailto:a@b"),
        *(
            "http://ü/",
            "http://a/b#c",
            "http://user:p@x/",
            "x:y",
            "http://x/{a}",
            "http://x/?q=a b",
            "HTTP://X",
        ),
        *("http:", "http:///", "localhost:9090", "javascript:alert(1)"),
    ],
)
def test_addresses_that_are_taken(text: str) -> None:
    assert is_uri(text)


@pytest.mark.parametrize(
    "text",
    [
        *("::not a url", "x", "http://[::1", "http://x y", "http://x/%zz", "http://x:port/", "a b", "ü", ":"),
        *("%", "?", "#", " http://x", "http://x/\n", "1http://x", "http://a:1:2/", "://", "http://x/\x7f"),
    ],
)
def test_addresses_that_are_none(text: str) -> None:
    assert not is_uri(text)
