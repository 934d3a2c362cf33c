"""What is read for many steps at once is, to the last bit, what is read step by step."""

import math
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.errors import QueryError
from exporter.model.labels import Labels
from exporter.model.sample import Family, Kind, Layout, Point, Sample
from exporter.promql import Engine, Limits, Matrix, MemoryBudget, parse
from exporter.promql.functions.ranges import RANGE_FUNCTIONS
from exporter.promql.functions.sliding import SLIDES
from exporter.promql.operators import prefetch
from exporter.promql.operators.prefetch import Prefetch
from exporter.store import Store

STEP = 15_000
GAUGE, COUNTER = Family("m", Kind.GAUGE, ""), Family("c_total", Kind.COUNTER, "")
NUMBERS = st.sampled_from(
    [None, None, 0.0, -0.0, 1.0, 2.5, 3.0, 1e-9, 1e300, 2.0**53, -7.0, math.nan, math.inf, -math.inf]
)
# What a value does from one row to the next: mostly what counters and gauges do.
MOVES = st.one_of(st.sampled_from([0.0, 0.0, 1.0, 17.0, 0.1, -1.0]), NUMBERS)
ROWS = st.lists(st.tuples(MOVES, MOVES, MOVES), max_size=40)
JITTER = st.sampled_from([0, 0, 0, 1, -2_000, 14_000, 400_000])
RANGES = st.sampled_from([1, 14_999, 15_000, 30_000, 60_000, 300_000, 700_000])
PLAIN = sorted(name for name in RANGE_FUNCTIONS if name not in SLIDES)


@contextmanager
def nothing_prefetched() -> Iterator[None]:
    with (
        patch.object(Prefetch, "row", lambda self, run, at_ms: None),
        patch.object(Prefetch, "table", lambda self, run, steps: None),
    ):
        yield


def layout(*names: str) -> Layout:
    return Layout([Point(COUNTER if name == "c" else GAUGE, "", Labels({"n": name})) for name in names])


def fill(
    store: Store, source: str, rows: list[tuple[float | None, ...]], jitter: list[int], begin: int
) -> None:
    """Rows that say by how much a value moves, or None for none; NaN and infinities pass."""
    here, values, at_ms = layout("a", "b", "c"), [0.0, 5.0, 100.0], begin
    for number, row in enumerate(rows):
        at_ms += STEP + jitter[number % len(jitter)]
        told: list[float | None] = []
        for place, move in enumerate(row):
            moved = values[place] + (move or 0.0)
            values[place] = moved if math.isfinite(moved) and move else values[place]
            told.append(move if move is None or not math.isfinite(move) else values[place])
        store.append(Sample(source, at_ms, here, told))


def bits(engine: Engine, query: str, start: int, end: int, step: int) -> object:
    try:
        found = engine.range(parse(query), start, end, step)
    except QueryError as error:
        return str(error)
    assert isinstance(found.value, Matrix)
    series = [
        (one.labels.pairs, [(at_ms, struct.pack("<d", value)) for at_ms, value in one.points])
        for one in found.value.series
    ]
    return series, found.warnings, found.infos


@settings(max_examples=300, deadline=None)
@given(
    ROWS,
    ROWS,
    st.lists(JITTER, min_size=1, max_size=5),
    st.sampled_from([*sorted(RANGE_FUNCTIONS), ""]),
    RANGES,
    st.sampled_from(["", " offset 1m", " offset -47s", " @ 300", " @ end()"]),
    st.sampled_from(
        ["{}", "sum by (n) ({})", "max_over_time({}[5m:20s])", "{} + on (n, s) {}", "topk(2, {})"]
    ),
    st.sampled_from([1_000, 15_000, 47_000, 600_000]),
    st.sampled_from([0, 8]),
)
def test_every_function_is_the_same_at_many_steps(
    here: list[tuple[float | None, ...]],
    there: list[tuple[float | None, ...]],
    jitter: list[int],
    function: str,
    range_ms: int,
    modifier: str,
    around: str,
    step: int,
    sparse: int,
) -> None:
    store = Store()
    fill(store, "here", here, jitter, 0)
    fill(store, "there", there, [0], 100_000)
    engine = Engine(store)
    read = f"{function}({{n!=''}}[{range_ms}ms]{modifier})" if function else f"{{n!=''}}{modifier}"
    query = around.replace("{}", read)
    start = -100_000
    end = start + min(1_200_000, 300 * step)
    with nothing_prefetched():
        expected = bits(Engine(store), query, start, end, step)
    with patch.multiple(prefetch, _SPARSE=sparse, _EDGES=sparse):
        assert bits(engine, query, start, end, step) == expected


def counters(rows: int, series: int = 3) -> Store:
    store, many = Store(), layout(*map(str, range(series)))
    for row in range(rows):
        store.append(Sample("here", row * STEP, many, [float(row * place) for place in range(series)]))
    return store


QUERIES = [
    "m",
    "rate(m[1m])",
    "sum(max_over_time(m[5m]))",
    "avg_over_time(rate(m[1m])[5m:30s])",
    *[f"{name}(m[2m])" for name in PLAIN],
]


@pytest.mark.parametrize("query", QUERIES)
def test_what_is_written_and_dropped_meanwhile_is_not_seen(query: str) -> None:
    store = counters(100)
    wanted = bits(Engine(store), query, 300_000, 100 * STEP, 5_000)

    class Busy:
        is_due = True
        rows = 100

        def yield_control(self) -> None:
            store.append(
                Sample("here", self.rows * STEP, layout("0", "1", "2"), [0.0, 0.0, float(self.rows)])
            )
            store.append(Sample(f"new {self.rows % 5}", self.rows * STEP, layout("3"), [1.0]))
            self.rows += 1

    found = Engine(store).range(parse(query), 300_000, 100 * STEP, 5_000, pace=Busy()).value
    assert isinstance(found, Matrix)
    assert [
        (one.labels.pairs, [(at_ms, struct.pack("<d", value)) for at_ms, value in one.points])
        for one in found.series
    ] == wanted[0]  # type: ignore[index]  # no error


@pytest.mark.parametrize("query", QUERIES)
def test_rows_that_are_dropped_meanwhile_are_no_harm(query: str) -> None:
    """What is still held is seen at the steps that look no further back."""
    store = counters(100)
    wanted = Engine(store).range(parse(query), 90 * STEP, 100 * STEP, 5_000).value
    group = store.group("here")

    class Trimming:
        is_due = True
        rows = 0

        def yield_control(self) -> None:
            self.rows = min(self.rows + 1, 50)
            assert group is not None
            store.trim_group(group, self.rows * STEP)

    found = Engine(store).range(parse(query), 300_000, 100 * STEP, 5_000, pace=Trimming()).value
    assert isinstance(found, Matrix)
    assert isinstance(wanted, Matrix)
    late = [[point for point in one.points if point[0] >= 90 * STEP] for one in found.series]
    assert late == [one.points for one in wanted.series]


def test_long_ranges_of_many_series_give_way() -> None:
    store = counters(1_000, series=200)
    engine = Engine(store)

    class Counting:
        is_due = True
        calls = 0

        def yield_control(self) -> None:
            self.calls += 1

    for query in ("rate(m[5m])", "max_over_time(m[1h])", "stddev_over_time(m[1m])"):
        pace = Counting()
        engine.range(parse(query), 0, 1_000 * STEP, 1_000 * STEP // 40, pace=pace)
        # Once in two series of a thousand samples each.
        assert pace.calls >= 100


def test_what_is_read_ahead_counts_as_memory() -> None:
    store = counters(1_000, series=200)
    budget = MemoryBudget(1 << 20)
    account = budget.account()
    # Two hundred series alone take a fifth of that.
    Engine(store).instant(parse("sum(m)"), 0, account=account)
    with pytest.raises(QueryError, match=r"query\.memory_limit"):
        Engine(store).range(parse("sum(m)"), 0, 1_000 * STEP, STEP, account=account)


def test_ranges_hold_only_so_many_samples() -> None:
    engine = Engine(counters(1_000), Limits(samples=100))
    with pytest.raises(QueryError, match="would load too many samples"):
        engine.range(parse("max_over_time(m[1h])"), 900 * STEP, 910 * STEP, STEP)
    assert isinstance(engine.range(parse("max_over_time(m[5m])"), 900 * STEP, 910 * STEP, STEP).value, Matrix)
