"""Conditions on labels: of several, the first counts that is true."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.model.label_conditions import (
    InvalidConditionError,
    parse_condition,
    quote_pattern,
    remaining,
    value_matcher,
)
from exporter.model.matcher import Matcher, MatchOp

VALUES = ("", "a", "ab", "b", "a.b")
matchers = st.builds(
    lambda name, op, value: Matcher(name, op, value if op in ("=", "!=") else value + ".*"),
    st.sampled_from(("x", "y", "z")),
    st.sampled_from(list(MatchOp)),
    st.sampled_from(VALUES),
)
conditions = st.lists(st.lists(matchers, max_size=3).map(tuple), max_size=4)
label_sets = st.fixed_dictionaries({name: st.sampled_from(VALUES) for name in "xyz"})


@given(conditions, label_sets)
def test_labels_satisfy_what_remains_of_the_first_condition_that_is_true_for_them(
    wanted: list[tuple[Matcher, ...]], labels: dict[str, str]
) -> None:
    first = next(
        (index for index, one in enumerate(wanted) if all(matcher.matches(labels) for matcher in one)),
        len(wanted),
    )
    found = [one is not None and one.matches(labels) for one in remaining(wanted)]
    assert found == [index == first for index in range(len(wanted) + 1)]


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        (['env="prod"', 'env="dev"'], ['env="prod"', 'env="dev"', 'env!="prod",env!="dev"']),
        (
            ['env="prod",team="a"', 'env="prod"'],
            ['env="prod",team="a"', 'env="prod",team!="a"', 'env!="prod"'],
        ),
        (['env=~"p.*"', 'env="prod"'], ['env=~"p.*"', None, 'env!~"p.*"']),
        (['env!="prod"', 'env="prod"'], ['env!="prod"', 'env="prod"', None]),
        (['env="prod",env="dev"'], [None, ""]),
        (['a="1",b="2"'], ['a="1",b="2"', 'without {a="1",b="2"}']),
    ],
)
def test_what_remains_is_said_shortly(texts: list[str], told: list[str | None]) -> None:
    found = remaining(map(parse_condition, texts))
    assert [None if one is None else str(one) for one in found] == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('env="prod"', ['env="prod"']),
        ("{ env = 'prod' , instance=~\"cache-.*\", }", ['env="prod"', 'instance=~"cache-.*"']),
        (r'a!="x\"y,\\}"', [r'a!="x\"y,\\}"']),
    ],
)
def test_conditions_are_written_as_matchers_of_promql(text: str, told: list[str]) -> None:
    assert [str(matcher) for matcher in parse_condition(text)] == told


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("env", '"env" is not a condition on labels: write matchers as in PromQL, such as env="prod"'),
        ("env=prod", "is not a condition on labels"),
        ("", 'must have a matcher such as env="prod"'),
        ('a=~"("', "error parsing regexp: missing closing )"),
        ('__name__="up"', "the name of the metric is nothing to choose by"),
        (r'a="\q"', "is not a text: invalid syntax"),
    ],
)
def test_what_is_no_condition_is_refused_with_a_sentence(text: str, message: str) -> None:
    with pytest.raises(InvalidConditionError) as failure:
        parse_condition(text)
    assert message in str(failure.value)


@given(st.text(alphabet="ab.*+?()|[]{}^$\\-# \"'"), st.text(alphabet="ab.*-# "))
def test_a_quoted_pattern_matches_its_text_alone(text: str, other: str) -> None:
    matcher = Matcher("a", MatchOp.REGEX, quote_pattern(text))
    assert matcher.matches_value(text)
    assert matcher.matches_value(other) == (other == text)
    several = value_matcher("a", [text, "b"])
    assert several.matches_value(text)
    assert several.matches_value("b")
    assert several.matches_value(other) == (other in (text, "b"))
