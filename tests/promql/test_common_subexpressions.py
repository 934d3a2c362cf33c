"""What a query repeats is found wherever it stands."""

import pytest

from exporter.promql import parse
from exporter.promql.common_subexpressions import CommonSubexpressions
from exporter.promql.syntax.nodes import walk


@pytest.mark.parametrize(
    ("query", "repeated"),
    [
        ("rate(a[5m]) / (rate(a[5m]) + rate(b[5m]))", {"rate(a[5m])"}),
        ("(a + b) * (a  +  b)", {"a + b"}),
        ("sum by (x) (a) > on (x) sum by (x) (a) / 2", {"sum by (x) (a)"}),
        ("a + a", set()),
        ("rate(a[5m]) + rate(a[6m])", set()),
    ],
)
def test_equal_parts_are_found(query: str, repeated: set[str]) -> None:
    expression = parse(query)
    repetitions = CommonSubexpressions(expression.root)
    found = {query[node.start : node.end] for node, _ in walk(expression.root) if node in repetitions}
    assert {" ".join(text.split()) for text in found} == repeated
