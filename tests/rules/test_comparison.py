"""What a rule watches, and the threshold that it is let through by."""

import pytest

from exporter.promql import format_expression, parse
from exporter.rules.comparison import comparisons_of, unfiltered


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("up == 0", ["up == 0.0"]),
        ("(x / y) > 2 * 1024", ["(x / y) > 2048.0"]),
        ("5 < x", ["x > 5.0"]),
        ("x > 5 and on (a) y < 3", ["x > 5.0"]),
        ("(x > 1) unless z", ["x > 1.0"]),
        ("x > 1 or y >= 2", ["x > 1.0", "y >= 2.0"]),
        ("x > y", ["x > y"]),
        ("x > bool 1", [None]),
        ("absent(x)", [None]),
    ],
)
def test_comparisons(query: str, told: list[str | None]) -> None:
    found = [
        None
        if one is None
        else f"{format_expression(one.value)} {one.op} "
        f"{format_expression(one.threshold) if one.number is None else one.number}"
        for one in comparisons_of(parse(query).root)
    ]
    assert found == told


@pytest.mark.parametrize(
    ("query", "all_of_it"),
    [
        ("(x unless on (a) y) > 0.8", "x"),
        ("x and y or min_over_time(x[5m]) and z", "x or min_over_time(x[5m])"),
        ("x and y or x unless z", "x"),
        ("x / (y > 0)", "x / (y > 0)"),
        ("3 < x < 7", "x"),
    ],
)
def test_filters_let_only_some_of_the_values_through(query: str, all_of_it: str) -> None:
    assert format_expression(unfiltered(parse(query).root)) == all_of_it
