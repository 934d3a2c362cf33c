"""How far back a query reads is known before it runs."""

import pytest

from exporter.promql import parse
from exporter.promql.reach import reach_of


@pytest.mark.parametrize(
    ("query", "start", "end"),
    [
        ("m", 700, 2_000),
        ("m offset 1s", -300, 1_000),
        ("m offset -1s", 1_700, 3_000),
        ("rate(m[500ms])", 500, 2_000),
        ("m @ 5", 4_700, 5_000),
        ("m @ 5 offset 2s", 2_700, 3_000),
        ("m @ start()", 700, 1_000),
        ("m @ end() offset 1s", 700, 1_000),
        ("max_over_time(m[10s:1s])", -9_300, 2_000),
        ("max_over_time(rate(m[2s] offset 1s)[10s:1s] offset 3s)", -15_000, -2_000),
        ("max_over_time((m @ 5)[10s:1s])", 4_700, 5_000),
        ("max_over_time(m[10s:1s] @ start())", -9_300, 1_000),
        ("m + sum by (a) (m offset 4s) * time()", -3_300, 2_000),
        ("absent(m)", 700, 2_000),
    ],
)
def test_reach(query: str, start: int, end: int) -> None:
    assert reach_of(parse(query).root, 1_000, 2_000, 300) == (start, end)


def test_a_query_without_a_selector_reads_nothing() -> None:
    assert reach_of(parse("vector(time())").root, 1_000, 2_000, 300) is None
