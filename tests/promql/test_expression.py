import pytest

from exporter.promql import parse

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
