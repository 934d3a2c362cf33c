"""The notation of series in tests; what promtool makes of the same words was tried with 2.42."""

import math

import pytest

from exporter.errors import QueryError
from exporter.model.sample import is_stale
from exporter.rules.notation import parse_series, parse_values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", []),
        ("1 -2 +3.5 1e3 .5", [1, -2, 3.5, 1000, 0.5]),
        ("1x3", [1, 1, 1, 1]),
        ("1x0", [1]),
        ("0+1x3", [0, 1, 2, 3]),
        ("-1-2x2", [-1, -3, -5]),
        ("1 _ 2 _x2 3", [1, None, 2, None, None, 3]),
        ("_x0 1", [1]),
        ("Inf -inf", [math.inf, -math.inf]),
        ("-Inf+1x1", [-math.inf, -math.inf]),
        ("0.1+0.1x2", [0.1, 0.2, 0.30000000000000004]),
        ("0x5", [0] * 6),
    ],
)
def test_values_are_expanded_from_their_notation(text: str, values: list[float | None]) -> None:
    assert parse_values(text) == values


def test_stale_and_nan() -> None:
    first, second, third, fourth = parse_values("stale NaN stale+1x1")
    assert [first is not None and is_stale(first), third is not None and is_stale(third)] == [True, True]
    for value in (second, fourth):
        assert value is not None
        assert math.isnan(value)
        assert not is_stale(value)


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "1+-2x3",
        "NaNx3",
        "stalex3",
        "_+1x3",
        "1x",
        "x3",
        "1,2",
        "1+2",
        "1 + 2x3",
        "0x1fx2",
        "1x-3",
        "{{}}",
    ],
)
def test_a_text_that_is_no_value_is_refused(text: str) -> None:
    with pytest.raises(QueryError):
        parse_values(text)


@pytest.mark.parametrize(
    ("text", "series"),
    [
        ("up", "up"),
        ("{}", "{}"),
        ("{ }", "{}"),
        ('up{b="2",a="x\\"y"}', 'up{a="x\\"y", b="2"}'),
        ('{"a b", c="d"}', 'a b{c="d"}'),
    ],
)
def test_a_series_is_read_as_its_labels(text: str, series: str) -> None:
    assert str(parse_series(text)) == series


@pytest.mark.parametrize("text", ["", "up up", "up{a!='b'}", "up offset 5m", "up[5m]", "1", "sum(up)", "up{"])
def test_not_a_series(text: str) -> None:
    with pytest.raises(QueryError):
        parse_series(text)
