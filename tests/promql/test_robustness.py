"""Nothing that a query holds may raise anything but `QueryError`, or take long."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.errors import QueryError
from exporter.promql import Engine, Expression, Limits, Matrix, Vector, parse
from tests.promql.data import load
from tests.promql.generated import vectors
from tests.promql.promqltest.notation import parse_series

WORLD = load(
    """
load 10s
  m0{a="0", b="0", le="1"} 1 2 NaN 4 stale 5 Inf 0
  m0{a="0", b="1", le="+Inf"} 7 -Inf 3 1e308 1e308 1e308 1e308 2
  m1{a="1", b="0", le="x"} 0 0 0 0 0 0 0 0
  m1{a="1", b="1"} -1 _ _ _ 5 _ _ 6
  c_total{a="0"} 0+10x3 0+20x3
  c_total{a="1"} 5 5 5 5 5 5 5 5
"""
)
LIMITS = Limits(timeout_seconds=2)
PLAIN_WORDS = """
( ) { } [ ] , = != =~ !~ == < > + - * / % ^ @ : 5m 1 0x1F 1e3 .5 NaN Inf 1h30m 5m1h 1y
by without on ignoring group_left group_right bool offset and or unless atan2 start end
sum topk count_values quantile rate m0 a:b time vector scalar label_replace
"""
WORDS = [*PLAIN_WORDS.split(), '"a"', "'b'", "`c`", "#x", "\n", "\\", "\0", "é", "𝄞", "\ud800"]


def parsed(text: str) -> Expression | None:
    """The expression; None where it is refused, as a syntax error with its place."""
    try:
        return parse(text)
    except QueryError as error:
        if re.match(r"(\d+:\d+|unknown position): parse error: ", str(error)) is None:
            raise
        return None


@given(st.text(max_size=200))
def test_any_text_parses_or_is_refused(text: str) -> None:
    parsed(text)


@given(st.lists(st.sampled_from(WORDS), max_size=25))
def test_any_words_parse_or_are_refused(words: list[str]) -> None:
    expression = parsed(" ".join(words))
    assert expression is None or str(parse(str(expression))) == str(expression)


@given(st.text(max_size=100))
def test_any_text_is_a_series_or_is_refused(text: str) -> None:
    try:
        parse_series(text)
    except QueryError:
        return


@settings(max_examples=300, deadline=None)
@given(vectors)
def test_any_query_evaluates_or_is_refused(query: str) -> None:
    """And a range query yields at each step what an instant query does, and the printed form the same."""
    engine = Engine(WORLD.store, LIMITS)
    try:
        expression = parse(query)
        printed = parse(str(expression))
        ranged = engine.range(expression, 20_000, 60_000, 20_000).value
    except QueryError:
        return
    try:
        instant = engine.instant(expression, 40_000).value
    except QueryError:
        # The start and the end of a range query are other moments.
        assert "start()" in query or "end()" in query
        return
    again = engine.instant(printed, 40_000).value
    assert isinstance(instant, Vector)
    assert isinstance(ranged, Matrix)
    assert repr(again) == repr(instant)
    if "start()" in query or "end()" in query:
        return
    middle = {
        series.labels: value
        for series in ranged.series
        for moment, value in series.points
        if moment == 40_000
    }
    assert middle.keys() == {sample.labels for sample in instant.samples}
    for sample in instant.samples:
        assert middle[sample.labels] == pytest.approx(sample.value, rel=1e-9, nan_ok=True)


HOSTILE = {
    "parentheses": "(" * 30_000 + "1" + ")" * 30_000,
    "signs": "-" * 60_000 + "1",
    "powers": "^".join(["2"] * 20_000),
    "a megabyte": "x" * 1_000_000,
    "digits": "1" * 60_000,
    "exponent": "1e" + "9" * 60_000,
    "durations": "1h" * 30_000,
    "brackets": "[" * 60_000,
    "quotes": '"' * 60_001,
    "backslashes": '"' + "\\" * 60_000 + '"',
    "labels": "m0{" + ",".join(['a="b"'] * 8_000) + "}",
    "regex": 'm0{a=~"' + "(a|b)" * 10_000 + '"}',
    "repetitions": 'm0{a=~"((((x{1,100}){1,100}){1,100}){1,100})"}',
    "backtracking": 'm0{a=~"(a*)*(a*)*(a*)*b"}',
    "long ago": "max_over_time(m0[290y:1ms])",
    "nested subqueries": "max_over_time(max_over_time(max_over_time(m0[9h:1s])[9h:1s])[9h:1s])",
    "far away": "m0 offset -290y + m0 @ 9e15",
    "tiny steps": "sum_over_time(vector(1)[290y:1ms])",
    "huge numbers": "topk(9e18, m0 ^ 1e308 ^ 1e308)",
    "replaced again and again": "label_replace(" * 30 + "m0" + ', "a", "$1$1$1$1", "a", "(.*)")' * 30,
    "joined again and again": "label_join(" * 30 + "m0" + ', "a", "aaaaaaaa", "a", "a", "a", "a")' * 30,
    "counted by each value": 'count_values("v", {__name__=~".+"} * time())',
    "counted at each step": 'count_values("v", vector(time()))[9h:1ms]',
    "a text": '"' + "\\u1234" * 10_000 + '"',
    "a step too small": "sum_over_time((m0 or vector(time()))[1h:1ms])[1h:1ms]",
    "many names": " or ".join(f"m{number}" for number in range(119)),
    "nested subqueries of a text": 'label_replace(vector(1), "a", "b", "", "")[290y:1ms]',
    "a label of many bytes": 'label_replace(vector(1), "a", "' + "b" * 65_000 + '", "", "")',
    "cross product": '{__name__=~".+"} * on () group_left () {__name__=~".+"}',
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_queries_end_soon(text: str) -> None:
    engine = Engine(WORLD.store, Limits(timeout_seconds=0.5))
    begin = time.monotonic()
    try:
        expression = parse(text)
        engine.instant(expression, 70_000)
        engine.range(expression, 0, 70_000, 10_000)
    except QueryError:
        pass
    assert time.monotonic() - begin < 5
