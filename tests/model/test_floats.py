import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.model.floats import (
    format_exponent,
    format_float,
    format_general,
    format_json,
    normalize_bound,
    parse_float,
)

INF, NAN = math.inf, math.nan


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "-0"),
        (1.5, "1.5"),
        (1e21, "1000000000000000000000"),
        (1e-7, "0.0000001"),
        (NAN, "NaN"),
        (INF, "+Inf"),
        (-INF, "-Inf"),
    ],
)
def test_floats_are_written_without_exponent(value: float, text: str) -> None:
    assert format_float(value) == text


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (1.5, None, "1.5"),
        (1e21, None, "1e+21"),
        (1.25e-7, None, "1.25e-07"),
        (100000.0, None, "100000"),
        (1000000.0, None, "1e+06"),
        (123456789.0, None, "1.23456789e+08"),
        (0.0001, None, "0.0001"),
        (0.00001, None, "1e-05"),
        (123.0, 2, "1.2e+02"),
        (2.0, 2, "2"),
        (INF, None, "+Inf"),
    ],
)
def test_floats_are_written_as_go_does(value: float, digits: int | None, text: str) -> None:
    assert format_general(value, digits) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_written_floats_read_the_same(value: float) -> None:
    for text in (format_float(value), format_general(value), format_exponent(value)):
        assert float(text) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0e+00"), (1.0, "1e+00"), (-1.5, "-1.5e+00"), (1e-7, "1e-07"), (123.0, "1.23e+02"), (INF, "+Inf")],
)
def test_floats_with_an_exponent(value: float, text: str) -> None:
    assert format_exponent(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (1e-6, "0.000001"),
        (2.0000000000000002e-07, "2.0000000000000002e-07"),
        (-9.9e-7, "-9.9e-07"),
        (1e20, "100000000000000000000"),
        (1.5e21, "1.5e+21"),
        (-INF, "-Inf"),
        (NAN, "NaN"),
    ],
)
def test_values_of_the_http_api_are_those_of_prometheus(value: float, text: str) -> None:
    assert format_json(value) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("1", "1.0"),
        ("1.0", "1.0"),
        ("0.005", "0.005"),
        ("99.9", "99.9"),
        ("1000000", "1e+06"),
        ("1048576", "1.048576e+06"),
        ("262144.0", "262144.0"),
        ("0.00001", "1e-05"),
        ("+Inf", "+Inf"),
        ("NaN", "NaN"),
        ("", ""),
        ("big", "big"),
    ],
)
def test_bounds_are_those_of_prometheus_3(text: str, shown: str) -> None:
    assert normalize_bound(text) == shown


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("42", 42.0),
        ("+5", 5.0),
        ("-1.5", -1.5),
        ("1.", 1.0),
        (".5", 0.5),
        ("1E+05", 1e5),
        ("18446744073709551616", 2.0**64),
        ("inf", INF),
        ("-inf", -INF),
        ("+Infinity", INF),
        ("0x1p4", 16.0),
        ("0X1.8P1", 3.0),
        ("1_000", None),
        (" 42", None),
        ("42 ", None),
        ("", None),
        (".", None),
        ("1e", None),
        ("--5", None),
        ("1,5", None),
        ("\N{ARABIC-INDIC DIGIT THREE}", None),
        ("\N{FULLWIDTH DIGIT FOUR}2", None),
        ("0x10", None),
        ("0b11", None),
        ("1e999", None),
        ("0x1p99999", None),
        ("9" * 400, None),
        ("-nan", None),
        ("+nan", None),
        ("infinit", None),
        ("ok", None),
    ],
)
def test_numbers_are_what_go_takes_for_one(text: str, value: float | None) -> None:
    assert parse_float(text) == value


def test_not_a_number_is_a_value() -> None:
    found = parse_float("NaN")
    assert found is not None
    assert math.isnan(found)
