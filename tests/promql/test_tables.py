"""What is computed for many steps at once is, to the last bit, what is computed step by step."""

import math
import struct
from collections.abc import Sequence
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.errors import QueryError
from exporter.model.labels import Labels
from exporter.model.sample import Family, Kind, Layout, Point, Sample
from exporter.promql import Engine, Limits, Matrix, collecting, engine, parse
from exporter.promql.operators.prefetch import Prefetch
from exporter.store import Store

STEP = 15_000
SERIES = (
    ("m", {"n": "a", "s": "x"}),
    ("m", {"n": "b", "s": "x"}),
    ("m", {"n": "b", "s": "y"}),
    ("other", {"n": "a", "s": "x"}),
    ("other", {"n": "c", "s": "y"}),
    ("calls_total", {"n": "a"}),
    ("calls_total", {"n": "b"}),
    ("time_bucket", {"n": "a", "le": "1"}),
    ("time_bucket", {"n": "a", "le": "2"}),
    ("time_bucket", {"n": "a", "le": "2.0"}),
    ("time_bucket", {"n": "a", "le": "+Inf"}),
    ("time_bucket", {"n": "a", "le": "none"}),
    ("time_bucket", {"n": "b", "le": "+Inf"}),
    ("time_bucket", {"n": "b", "le": "1"}),
)
LAYOUT = Layout([Point(Family(name, Kind.UNTYPED, ""), "", Labels(labels)) for name, labels in SERIES])
VALUES = st.sampled_from(
    [None, 0.0, -0.0, 1.0, 1.0, 2.0, 2.5, 7.0, 9.0, 40.0, 1e-9, 2.0**53, math.nan, math.inf, -math.inf]
)
ROWS = st.lists(st.lists(VALUES, min_size=len(SERIES), max_size=len(SERIES)), min_size=1, max_size=30)
# Rows in which little is missing, as most have.
FULL = st.lists(
    st.lists(st.integers(0, 9).map(float), min_size=len(SERIES), max_size=len(SERIES)),
    min_size=3,
    max_size=30,
)
QUERIES = (
    "m",
    "-m",
    "abs(m)",
    "rate(calls_total[1m])",
    "rate({n!=''}[1m])",
    "delta({n='a'}[1m])",
    "max_over_time({n='b'}[45s])",
    "sum(m)",
    "sum by (n) (m)",
    "avg without (s) ({n!='',le=''})",
    "max by (n) (m)",
    "min by (s) (m)",
    "count by (n) ({n!=''})",
    "stddev by (s) (m)",
    "group by (le) ({n!=''})",
    "topk(1, m)",
    "topk(2, {n!=''})",
    "bottomk by (n) (2, {n!=''})",
    "topk(time() / 60, {n!=''})",
    "topk(scalar(m{n='a'}), other)",
    "topk(0, m)",
    "m + 1",
    "2 / m",
    "m % time()",
    "m > 1",
    "1 >= m",
    "m == bool 1",
    "m + other",
    "m + on (s) other",
    "m * on (n) group_left (s) other",
    "other / on (n) group_right () m",
    "m > other",
    "m != bool other",
    "sum by (n) (m) / sum by (n) (other)",
    "sum by (n) (m) / (sum by (n) (m) + sum by (n) (other) > 0)",
    "sum by (n) (m > 1) + on (n) group_left () (other * 2)",
    "m @ 60 + m",
    "sum(m @ end()) - other",
    "m offset 30s / other",
    "{s='x'} * 2",
    "{s='x'} > 0",
    "sum by (n) ({s='x'})",
    "vector(time()) + on () sum(m)",
    "m or other",
    "sort(m)",
    "label_replace(m, 's', '$1', 'n', '(.*)') * 2",
    "histogram_quantile(0.5, time_bucket)",
    "histogram_quantile(0.9, sum by (le) (time_bucket))",
    "histogram_quantile(time() / 100, rate(time_bucket[1m]))",
    "histogram_quantile(2, time_bucket) + 1",
    "max_over_time(sum by (n) (m)[1m:15s])",
)


def filled(rows: Sequence[Sequence[float | None]]) -> Store:
    store = Store()
    for number, row in enumerate(rows):
        store.append(Sample("here", number * STEP, LAYOUT, list(row)))
    return store


def bits(store: Store, query: str, step: int, rows: int, *, late: bool) -> object:
    # All annotations: which are left out goes by the order in which they arise.
    evaluated = Engine(store, Limits(annotations=1_000), delayed_name_removal=late)
    try:
        found = evaluated.range(parse(query), -STEP, rows * STEP + 400_000, step)
    except QueryError as error:
        return str(error)
    assert isinstance(found.value, Matrix)
    series = [
        (one.labels.pairs, [(at_ms, struct.pack("<d", value)) for at_ms, value in one.points])
        for one in found.value.series
    ]
    return series, set(found.warnings), set(found.infos)


def check(rows: Sequence[Sequence[float | None]], query: str, step: int, most: int, *, late: bool) -> None:
    store = filled(rows)
    with patch.object(engine, "tabular_of", lambda operator: None):
        expected = bits(store, query, step, len(rows), late=late)
    with patch.object(collecting, "MOST_STEPS", most):
        assert bits(store, query, step, len(rows), late=late) == expected


@settings(max_examples=500, deadline=None)
@given(
    st.one_of(ROWS, FULL),
    st.sampled_from(QUERIES),
    st.sampled_from([7_000, 15_000, 40_000]),
    st.sampled_from([3, 4, 512]),
    st.booleans(),
)
def test_many_steps_at_once_are_the_same(
    rows: list[list[float | None]], query: str, step: int, most: int, late: bool
) -> None:
    check(rows, query, step, most, late=late)


def one_after_the_other(
    first: Sequence[float | None], second: Sequence[float | None]
) -> list[list[float | None]]:
    """Series of which some end when others begin."""
    return [*([list(first)] * 10), *([list(second)] * 10)]


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("query", QUERIES)
def test_series_that_take_the_place_of_others(query: str, late: bool) -> None:
    odd = [float(place) if place % 2 else None for place in range(len(SERIES))]
    even = [None if place % 2 else float(place) for place in range(len(SERIES))]
    low = [float(place) if place < 3 else None for place in range(len(SERIES))]
    high = [None if place < 3 else float(place) for place in range(len(SERIES))]
    for rows in (one_after_the_other(odd, even), one_after_the_other(low, high)):
        for most in (5, 512):
            check(rows, query, STEP, most, late=late)


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (Limits(series=3), "more than 3 series"),
        (Limits(points=50), "more than 50 points"),
        (Limits(samples=50), "too many samples"),
    ],
)
def test_limits_are_the_same(limits: Limits, message: str) -> None:
    store = filled([[1.0] * len(SERIES)] * 20)
    for query in ("{n!=''}", "{n!=''} > 0"):
        with pytest.raises(QueryError, match=message):
            Engine(store, limits).range(parse(query), 0, 20 * STEP, STEP)


@pytest.mark.parametrize("query", ["m + other", "topk(1, max by (n) (rate(m[1m])) > 0)", "m @ 60 / m"])
def test_nothing_is_read_step_by_step(query: str) -> None:
    store = filled([[float(row * place) for place in range(len(SERIES))] for row in range(30)])
    with patch.object(Prefetch, "row", side_effect=AssertionError("read step by step")):
        Engine(store).range(parse(query), STEP, 29 * STEP, STEP)
