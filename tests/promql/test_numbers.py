import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.promql.functions.calendar import CALENDAR
from exporter.promql.functions.elementwise import ELEMENTWISE, clamping, rounding
from exporter.promql.kahan import kahan_mean, kahan_sum, kahan_variance
from exporter.promql.numbers import (
    divide,
    divide_all,
    modulo,
    parse_float,
    power,
)
from exporter.promql.syntax.literals import parse_number

INF, NAN = math.inf, math.nan
ANY_FLOAT = st.floats(allow_nan=True, allow_infinity=True)


def same(left: float, right: float) -> bool:
    """Equal, NaN included, and with the same sign of zero."""
    return (left != left and right != right) or (
        left == right and math.copysign(1, left) == math.copysign(1, right)
    )


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [(1, 0, INF), (-1, 0, -INF), (1, -0.0, -INF), (0, 0, NAN), (NAN, 0, NAN), (INF, 2, INF), (6, 3, 2)],
)
def test_division_by_zero_is_infinite(left: float, right: float, expected: float) -> None:
    assert same(divide(left, right), expected)
    assert same(divide_all([left], [right])[0], expected)


@pytest.mark.parametrize(
    ("base", "exponent", "expected"),
    [
        (2, 10, 1024),
        (0, -1, INF),
        (-0.0, -3, -INF),
        (-0.0, -2, INF),
        (-8, 1 / 3, NAN),
        (1e200, 2, INF),
        (-1e200, 3, -INF),
        (-1e200, 2, INF),
        (NAN, 0, 1),
        (1, NAN, 1),
        (-1, INF, 1),
        (0.5, -INF, INF),
    ],
)
def test_powers_follow_ieee(base: float, exponent: float, expected: float) -> None:
    assert same(power(base, exponent), expected)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [(7, 3, 1), (-7, 3, -1), (7, -3, 1), (7, 0, NAN), (INF, 3, NAN), (7, INF, 7)],
)
def test_the_remainder_has_the_sign_of_the_dividend(left: float, right: float, expected: float) -> None:
    assert same(modulo(left, right), expected)


@given(ANY_FLOAT)
def test_no_function_of_one_value_raises(value: float) -> None:
    for function in (*ELEMENTWISE.values(), *CALENDAR.values()):
        assert isinstance(function(value), float)


@given(ANY_FLOAT, ANY_FLOAT, ANY_FLOAT)
def test_no_function_with_parameters_raises(value: float, first: float, second: float) -> None:
    assert isinstance(rounding(first)(value), float)
    assert isinstance(clamping(first, second)(value), float)
    assert isinstance(power(value, first), float)
    assert isinstance(modulo(value, first), float)
    assert isinstance(divide(value, first), float)


@pytest.mark.parametrize(
    "text", ["", "a", "1_0", " 1", "1 ", "0x", "--1", "1e", "infinit", "٣", "0x1p99999999"]
)
def test_only_floats_are_read(text: str) -> None:
    assert parse_float(text) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [("+Inf", INF), ("-inf", -INF), ("0x1p-2", 0.25), ("1e3", 1000), (".5", 0.5), ("5.", 5)],
)
def test_floats_are_read_as_go_does(text: str, value: float) -> None:
    assert parse_float(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("010", 8),
        ("08", 8),
        ("0x_1F", 31),
        ("1_000", 1000),
        ("1_0.5", 10.5),
        ("9223372036854775808", 2.0**63),
    ],
)
def test_number_literals_are_read_as_in_go(text: str, value: float) -> None:
    assert parse_number(text) == value


def test_sums_keep_small_parts() -> None:
    assert kahan_sum([1, 1e100, 1, -1e100]) == 2
    assert kahan_sum([0.1] * 10) == 1
    assert kahan_sum([]) == 0


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([INF, 1], INF),
        ([INF, -INF], NAN),
        ([1, NAN], NAN),
        ([1.5e308, 1.5e308], INF),
        ([-INF, 1, -INF], -INF),
    ],
)
def test_sums_of_odd_values(values: list[float], expected: float) -> None:
    assert same(kahan_sum(values), expected)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1.5e308, 1.5e308, 1.5e308], 1.5e308),
        ([-1.5e308, -1.5e308], -1.5e308),
        ([INF, INF], INF),
        ([INF, -INF], NAN),
        ([1, 2, NAN], NAN),
        ([5], 5),
    ],
)
def test_means_do_not_overflow(values: list[float], expected: float) -> None:
    assert same(kahan_mean(values), expected)


@given(st.lists(st.integers(-(2**40), 2**40), min_size=1, max_size=50))
def test_sums_of_integers_are_exact(values: list[int]) -> None:
    floats = [float(value) for value in values]
    assert kahan_sum(floats) == sum(values)
    assert kahan_mean(floats) == pytest.approx(sum(values) / len(values), rel=1e-15)


def test_equal_values_have_no_variance() -> None:
    assert kahan_variance([1.5990505637277868] * 3) == 0
