"""Every shipped expression yields the same whether names are dropped at once or in the end.

Each is asked about two series of every metric that it names, which agree with its matchers.
"""

import re
from collections.abc import Iterator
from itertools import count

import pytest

from exporter.model.labels import Labels
from exporter.promql import Engine, Expression, Matrix, Vector, parse
from exporter.promql.syntax.nodes import VectorSelector, walk
from exporter.rules.load import load_rule_files
from exporter.shipped import shipped_rules
from tests.dashboards.boards import FILES, queries
from tests.dashboards.test_queries import KNOWN
from tests.promql.data import MINUTE_MS, load

_END = 120 * MINUTE_MS


def _of_dashboards() -> Iterator[str]:
    for path in FILES:
        yield from (query.expression for query in queries(path, rate_interval="5m"))


def _of_rules() -> Iterator[str]:
    for file in load_rule_files(shipped_rules()):
        for group in file.groups:
            yield from (rule.query for rule in group.rules)


def _series(expression: Expression) -> Iterator[str]:
    """A load command for the metrics of an expression."""
    number = count(1)
    yield "load 1m"
    for node, _ in walk(expression.root):
        if isinstance(node, VectorSelector):
            for variant in ("1", "2"):
                labels = dict.fromkeys(KNOWN.get(node.name, {"instance"}) - {"__name__"}, variant)
                labels |= {"le": f"{variant}.0"} if "le" in labels else {}
                for matcher in node.matchers:
                    if matcher.name != "__name__" and not matcher.matches(Labels(labels)):
                        labels[matcher.name] = re.split(r"[|.]", matcher.value.strip("()"))[0]
                shown = ",".join(f'{name}="{value}"' for name, value in sorted(labels.items()))
                step = next(number)
                yield f"  {node.name}{{{shown}}} 0+{step}x{_END // MINUTE_MS}"


def _answers(text: str, *, delayed: bool) -> object:
    expression = parse(text)
    world = load("\n".join(_series(expression)))
    engine = Engine(world.store, delayed_name_removal=delayed)
    instant = engine.instant(expression, _END).value
    if not isinstance(instant, Vector):
        return instant
    ranged = engine.range(expression, _END - 10 * MINUTE_MS, _END, 5 * MINUTE_MS).value
    assert isinstance(ranged, Matrix)
    found = sorted((str(sample.labels), sample.value) for sample in instant.samples)
    return found, [(str(series.labels), series.points) for series in ranged.series]


EXPRESSIONS = sorted({*_of_dashboards(), *_of_rules()})


@pytest.mark.parametrize("text", EXPRESSIONS, ids=range(len(EXPRESSIONS)))
def test_the_answer_is_the_same_both_ways(text: str) -> None:
    assert repr(_answers(text, delayed=False)) == repr(_answers(text, delayed=True))


def test_most_of_them_find_something_in_these_data() -> None:
    answered = [text for text in EXPRESSIONS if repr(_answers(text, delayed=False)) != "([], [])"]
    assert len(answered) > 0.5 * len(EXPRESSIONS) > 100


def test_an_expression_that_minds_would_be_found() -> None:
    text = 'label_replace(rate(redis_commands_total{cmd="get"}[5m]), "of", "$1", "__name__", "(.*)")'
    assert repr(_answers(text, delayed=False)) != repr(_answers(text, delayed=True))
