"""Numbers for people; the table of durations and dates is that of prometheus/common's own tests."""

import math

import pytest

from exporter.gotemplate.durations import Duration, duration_of
from exporter.gotemplate.humanize import (
    humanize,
    humanize1024,
    humanize_duration,
    humanize_percentage,
    humanize_timestamp,
    to_float,
)
from exporter.gotemplate.values import FunctionError


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0s"),
        (1, "1s"),
        (60, "1m 0s"),
        (3600, "1h 0m 0s"),
        (86400, "1d 0h 0m 0s"),
        (86400 + 3600, "1d 1h 0m 0s"),
        (-(86400 * 2 + 3600 * 3 + 60 * 4 + 5), "-2d 3h 4m 5s"),
        (899.99, "14m 59s"),
        (0.1, "100ms"),
        (0.0001, "100us"),
        (0.12345, "123.5ms"),
        (60.5, "1m 0s"),
        (1.2345, "1.234s"),
        (12.345, "12.35s"),
        (59.99999, "60s"),
        ("3600", "1h 0m 0s"),
        (".12345", "123.5ms"),
        (-1, "-1s"),
        (-0.5, "-500ms"),
        (1e-30, "1e-06ys"),
        (math.nan, "NaN"),
        (math.inf, "+Inf"),
        (Duration(90_000_000_000), "1m 30s"),
    ],
)
def test_a_duration_is_humanized_as_in_prometheus(value: object, text: str) -> None:
    assert humanize_duration(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "1970-01-01 00:00:00 +0000 UTC"),
        (-1, "1969-12-31 23:59:59 +0000 UTC"),
        (1234567, "1970-01-15 06:56:07 +0000 UTC"),
        (9223372036, "2262-04-11 23:47:16 +0000 UTC"),
        ("+Inf", "+Inf"),
        ("-Inf", "-Inf"),
        ("NaN", "NaN"),
        (1435065584.128, "2015-06-23 13:19:44.128 +0000 UTC"),
        ("1435065584.128", "2015-06-23 13:19:44.128 +0000 UTC"),
    ],
)
def test_a_timestamp_is_humanized_as_in_prometheus(value: object, text: str) -> None:
    assert humanize_timestamp(value) == text


def test_timestamp_beyond_64_bits_is_refused() -> None:
    with pytest.raises(FunctionError, match="overflows int64"):
        humanize_timestamp(2**63)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (1.0, "1"),
        (999.0, "999"),
        (1000.0, "1k"),
        (1234567.0, "1.235M"),
        (-1234567.0, "-1.235M"),
        (1e12, "1T"),
        (1e27, "1000Y"),
        (0.0012, "1.2m"),
        (1.0000000000000001e-27, "0.001y"),
        ("7200000", "7.2M"),
        (math.nan, "NaN"),
        (-math.inf, "-Inf"),
        (0.11, "110m"),
    ],
)
def test_a_number_gets_a_metric_prefix(value: object, text: str) -> None:
    assert humanize(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (1.0, "1"),
        (1023.0, "1023"),
        (1048576.0, "1Mi"),
        (1e12, "931.3Gi"),
        (-2048.0, "-2ki"),
        (0.5, "0.5"),
    ],
)
def test_a_number_gets_a_binary_prefix(value: object, text: str) -> None:
    assert humanize1024(value) == text


def test_a_ratio_is_humanized_as_a_percentage() -> None:
    assert [humanize_percentage(value) for value in (-0.22222, 0.0, 0.1234567, 1.23456, "1")] == [
        "-22.22%",
        "0%",
        "12.35%",
        "123.5%",
        "100%",
    ]


@pytest.mark.parametrize(
    "text", ["", "one", "1_000", " 1", "1 ", "0x", "1e", "١", "--1", "1e999", "1" * 2000, "in"]
)
def test_texts_that_are_no_numbers(text: str) -> None:
    with pytest.raises(FunctionError, match="parsing"):
        to_float(text)


def test_texts_that_are_numbers() -> None:
    numbers = {
        "1": 1.0,
        "+1.5e3": 1500.0,
        ".5": 0.5,
        "5.": 5.0,
        "0x1p4": 16.0,
        "inf": math.inf,
        "-Infinity": -math.inf,
    }
    assert {text: to_float(text) for text in numbers} == numbers


@pytest.mark.parametrize("value", [None, True, [1], {}])
def test_other_values_are_refused(value: object) -> None:
    with pytest.raises(FunctionError, match="can't convert"):
        to_float(value)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (1.5, "1.5s"),
        (90, "1m30s"),
        (3600, "1h0m0s"),
        (3661.25, "1h1m1.25s"),
        (0.25, "250ms"),
        (0.0000015, "1.5µs"),
        (2e-9, "2ns"),
        (-90, "-1m30s"),
        (-0.0015, "-1.5ms"),
        (360000, "100h0m0s"),
    ],
)
def test_a_duration_is_written_as_go_does(seconds: float, text: str) -> None:
    assert str(duration_of(seconds)) == text


def test_duration_that_does_not_fit_is_refused() -> None:
    for seconds in (1e10, math.nan, math.inf):
        with pytest.raises(FunctionError, match="is no duration"):
            duration_of(seconds)
