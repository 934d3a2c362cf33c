"""Variants of a rule share its series: for each the threshold of the first entry that is for it."""

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.errors import QueryError
from exporter.model.label_conditions import parse_condition
from exporter.promql import parse
from tests.rules.tailoring.wanted import variants
from tests.rules.world import World

# `T` is the threshold. In some the labels come as they are from one selector, in others not.
EXPRESSIONS = (
    "m > T",
    "T < m{env!='none'}",
    "(m unless on (team) n) >= T",
    "m > T and on (instance) n",
    "max without (instance) (m) > T",
    "sum by (env) (m) > T",
    "sum(m) > T",
    "topk(2, m) > T",
    "m - on (env) group_left () max by (env) (n) > T",
    "n * on (env, team, instance) group_right () m{} < T",
    "m + ignoring (instance) group_left (instance) max without (instance) (n) > T",
    "m > T or n > T",
    "m > T or on (instance) n > T",
    "max_over_time(m{env=~'.*',}[1m]) > T # in words }",
    "time() * 0 + m > T",
    "label_replace(m, 'env', 'prod', 'team', 'a') > T",
    "label_replace(m, 'other', '$1', 'team', '(.*)') > T",
    "vector(3) > T",
    "absent(m{env='prod'}) * 3 > T",
    "m{instance='{'} > T or m > T",
    "-m < T",
    "count_values('team', m) > T",
    "m > T unless on () absent(n)",
)
VALUES = ("", "prod", "dev", "a.b", 'q"\\', "axb")
NAMES = ("env", "team", "instance")
CONDITIONS = (
    'env="prod"',
    'env!="prod"',
    'env=""',
    'team="a.b"',
    'team!~"a.b"',
    'env=~"prod|dev"',
    'env="prod",team="axb"',
    'env="prod",team=~"a.*"',
    'env!="prod",team!="axb"',
    'instance=~".*o.*",env!~"d.*",team=""',
    'team="q\\"\\\\"',
    'other="axb"',
)

labels = st.fixed_dictionaries({name: st.sampled_from(VALUES) for name in NAMES})
series = st.lists(st.tuples(st.sampled_from("mmn"), labels, st.integers(-6, 9)), min_size=1, max_size=9)
entries = st.lists(
    st.tuples(st.sampled_from(CONDITIONS), st.integers(-5, 8), st.booleans()), min_size=1, max_size=4
)


def write(world: World, found: list[tuple[str, Mapping[str, str], int]]) -> None:
    for name, values, value in found:
        texts = [f"{one}={_quoted(text)}" for one, text in values.items() if text]
        world.set_series(f"{name}{{{','.join(texts)}}}", float(value))
    world.sample()


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def results(world: World, query: str) -> dict[tuple[tuple[str, str], ...], float] | str:
    """Values by labels; the error where there is one."""
    try:
        value = world.environment.engine.instant(parse(query), world.at_ms).value
    except QueryError as error:
        return str(error)
    return {
        tuple((name, text) for name, text in sample.labels if name != "__name__"): sample.value
        for sample in value.samples  # type: ignore[union-attr]
    }


@pytest.mark.parametrize("expression", EXPRESSIONS)
@settings(max_examples=25, deadline=None)
@given(found=series, wanted=entries)
def test_each_series_is_told_by_the_first_entry_that_is_for_it(
    expression: str, found: list[tuple[str, Mapping[str, str], int]], wanted: list[tuple[str, int, bool]]
) -> None:
    text = ", ".join(
        "{where: " + _yaml(condition) + f", threshold: {number}, enabled: {str(enabled).lower()}" + "}"
        for condition, number, enabled in wanted
    )
    world = World()
    write(world, found)
    expected: dict[tuple[tuple[str, str], ...], float] = {}
    numbers = {2, *(number for _, number, _ in wanted)}
    whole = {number: results(world, expression.replace("T", str(number))) for number in numbers}
    if any(isinstance(one, str) for one in whole.values()):
        return
    for number, result in whole.items():
        assert isinstance(result, dict)
        expected.update(
            {one: value for one, value in result.items() if _wanted_number(dict(one), wanted) == number}
        )
    told: list[tuple[tuple[str, str], ...]] = []
    merged: dict[tuple[tuple[str, str], ...], float] = {}
    for spec in variants(expression.replace("T", "2"), f"[{text}]"):
        result = results(world, spec.query)
        assert isinstance(result, dict), result
        for one in result:
            assert spec.condition.matches(dict(one))
        told += result
        merged.update(result)
    assert len(told) == len(set(told))
    assert merged == expected


def _wanted_number(own: Mapping[str, str], wanted: list[tuple[str, int, bool]]) -> int | None:
    for condition, number, enabled in wanted:
        if all(matcher.matches(own) for matcher in parse_condition(condition)):
            return number if enabled else None
    return 2


def _yaml(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
