import pytest

from exporter.errors import QueryError
from exporter.promql import format_expression, parse

MINUTE = 60_000
LOOKBACK = 5 * MINUTE


@pytest.mark.parametrize(
    ("text", "history_ms", "at_ms"),
    [
        ("up", LOOKBACK, None),
        ("up offset 10m", LOOKBACK + 10 * MINUTE, None),
        ("up offset -1h", 0, None),
        ("rate(up[30m])", 30 * MINUTE, None),
        ("rate(up[30m] offset 1m)", 31 * MINUTE, None),
        ("max_over_time(up[1h:1m])", LOOKBACK + 60 * MINUTE, None),
        ("max_over_time(rate(up[5m])[1h:1m] offset 2m)", 67 * MINUTE, None),
        ("max_over_time(max_over_time(up[1h:] offset 1m)[2h:])", LOOKBACK + 181 * MINUTE, None),
        ("up @ 60 offset 1m", LOOKBACK + MINUTE, 60_000),
        ("rate(up[1m])[5m:] @ 60", 6 * MINUTE, 60_000),
        ("max_over_time((up @ 30)[5m:] @ 60)", LOOKBACK, 30_000),
        ("up @ end()", LOOKBACK, None),
    ],
)
def test_tells_how_far_back_a_selector_reads(text: str, history_ms: int, at_ms: int | None) -> None:
    (selector,) = parse(text).selectors
    assert (selector.history_ms, selector.at_ms) == (history_ms, at_ms)


def test_takes_the_lookback_from_outside() -> None:
    assert parse("up", lookback_ms=1000).selectors[0].history_ms == 1000


def test_names_metrics_that_are_selected_by_equality() -> None:
    expression = parse('a_total + {__name__="b"} * {"c.d"} + {__name__=~"e|f"} + {x="y"}')
    assert expression.metric_names == {"a_total", "b", "c.d"}
    assert len(expression.selectors) == 5


def test_expressions_are_told_apart_though_their_trees_are_equal() -> None:
    first, second = parse("up + 1"), parse(" up+1")
    assert first != second
    assert first.root == second.root
    assert hash(first.root) == hash(second.root)


def test_computed_durations_count_as_an_instant_query_has_them() -> None:
    expression = parse("sum_over_time(a[1m * 2 + step()]) + max_over_time(b[5m / 5:10s] offset (2m - 1m))")
    assert expression.longest_range_ms == 120_000
    assert [one.history_ms for one in expression.selectors] == [120_000, 420_000]
    assert format_expression(expression.instant_root) == (
        "sum_over_time(a[2m]) + max_over_time(b[1m:10s] offset 1m)"
    )
    along = expression.resolved(0, 600_000, 30_000)
    assert str(along) == "sum_over_time(a[2m30s]) + max_over_time(b[1m:10s] offset 1m)"
    assert along.resolved(0, 0, 0) is along


def test_what_no_instant_query_can_have_is_known_without_it() -> None:
    expression = parse("rate(a[step()])")
    assert (expression.longest_range_ms, str(expression)) == (0, "rate(a[step()])")
    with pytest.raises(QueryError, match="7:13: duration must be greater than 0"):
        expression.resolved(0, 0, 0)
