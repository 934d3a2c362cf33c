"""A query over blocks and memory says what it says over a store that never forgot, to the last bit."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from gc import collect
from itertools import pairwise
from unittest.mock import patch
from weakref import ref

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from exporter.errors import QueryError
from exporter.history.source import HistorySource
from exporter.model.labels import Labels
from exporter.model.sample import Family, Kind, Layout, Point, Sample
from exporter.promql import Engine, Matrix, MemoryBudget, Scalar, String, Value, Vector, parse
from exporter.promql.functions.ranges import RANGE_FUNCTIONS
from exporter.promql.operators import prefetch
from exporter.store import Store
from exporter.store.renaming import Move
from tests.history.remembered_blocks import RememberedBlocks, block_of

STEP = 15_000
ROWS = 40
GAUGE, COUNTER = Family("m", Kind.GAUGE, ""), Family("c_total", Kind.COUNTER, "")
# Which series a source has: layouts that follow one another share some.
LAYOUTS = [
    Layout([Point(GAUGE, "", Labels({"n": name})) for name in names]
           + [Point(COUNTER, "", Labels({"n": name})) for name in names])
    for names in ("ab", "abc", "bc", "d")
]  # fmt: skip
# Whole numbers and halves, of which sums are exact in any order.
VALUES = st.sampled_from([None, 0.0, 1.0, 1.0, 1.0, 2.5, 3.0, 7.0])
FUNCTIONS = sorted(RANGE_FUNCTIONS)


@dataclass(frozen=True)
class Row:
    """What a source writes: values of a layout; None: it cannot be read. `late_ms` is jitter."""

    layout: int
    values: tuple[float | None, ...]
    late_ms: int


_ROW = st.builds(
    Row,
    st.sampled_from([0, 0, 0, 0, 1, 2, 3]),
    st.tuples(*[VALUES] * 6),
    st.sampled_from([0, 0, 0, 7, -3_000]),
)
SOURCES = st.lists(st.lists(st.one_of(_ROW, _ROW, _ROW, st.none()), max_size=ROWS), min_size=1, max_size=2)


def append(
    store: Store, sources: Sequence[Sequence[Row | None]], first: int, end: int, by_ms: int = 0
) -> None:
    """Let the sources write their rows from the first to before the end."""
    for number in range(first, end):
        for place, rows in enumerate(sources):
            if number < len(rows):
                row, name = rows[number], f"source {place}"
                at_ms = (number + 1) * STEP + by_ms
                if row is None:
                    store.mark_stale(name, at_ms)
                else:
                    layout = LAYOUTS[row.layout]
                    store.append(
                        Sample(
                            name,
                            at_ms + row.late_ms,
                            layout,
                            list(row.values[: len(layout)]) + [None] * (len(layout) - 6),
                        )
                    )


def value_of(value: Value) -> object:
    match value:
        case Vector():
            return sorted((one.labels.pairs, struct.pack("<d", one.value)) for one in value.samples)
        case Matrix():
            return [
                (one.labels.pairs, [(at_ms, struct.pack("<d", number)) for at_ms, number in one.points])
                for one in value.series
            ]
        case Scalar() | String():
            return value


def told(engine: Engine, query: str, start: int, end: int, step: int) -> object:
    try:
        if step:
            return value_of(engine.range(parse(query), start, end, step).value)
        return value_of(engine.instant(parse(query), end).value)
    except QueryError as error:
        return str(error)


def border(row: int) -> int:
    """Between two rows."""
    return (row + 1) * STEP - 3_000


@settings(max_examples=300, deadline=None)
@given(
    SOURCES,
    st.lists(st.integers(0, ROWS), max_size=5),
    st.integers(0, ROWS),
    st.integers(0, ROWS),
    st.sampled_from([*FUNCTIONS, "", "", "timestamp"]),
    st.sampled_from([1, 15_000, 30_000, 60_000, 300_000, 700_000]),
    st.sampled_from(["", "", " offset 1m", " offset -47s", " @ 300", " @ end()", " @ start() offset 3m"]),
    st.sampled_from(
        ["{}", "{}", "sum by (n) ({})", "max_over_time({}[5m:20s])", "{} - on (n, s, __name__) {}"]
    ),
    st.sampled_from([0, 1_000, 15_000, 47_000, 600_000]),
    st.integers(-2, ROWS + 4),
    st.sampled_from([0, 8]),
)
def test_what_is_on_disk_and_in_memory_is_one(
    sources: list[list[Row | None]],
    borders: list[int],
    restart: int,
    sealed: int,
    function: str,
    range_ms: int,
    modifier: str,
    around: str,
    step: int,
    start_row: int,
    sparse: int,
) -> None:
    """Blocks end anywhere, and the daemon was started again at a row: memory begins there."""
    # Of a source that has not been read since the start nobody knows that it has ended.
    assume(all(len(rows) <= restart or rows[restart] is not None for rows in sources))
    whole, memory = Store(), Store()
    append(whole, sources, 0, ROWS)
    append(memory, sources, restart, ROWS)
    # Memory has what is not yet in blocks, and mostly also some of what is.
    end = max(restart, sealed)
    cuts = sorted({0, *(one for one in [restart, *borders] if one < end), end})
    blocks = RememberedBlocks([block_of(whole, border(low), border(high)) for low, high in pairwise(cuts)])
    selector = f"{{n!=''}}{modifier}"
    if function == "timestamp":
        read = f"timestamp({selector})"
    else:
        read = f"{function}({{n!=''}}[{range_ms}ms]{modifier})" if function else selector
    query = around.replace("{}", read)
    start = start_row * STEP
    end = start + min(1_200_000, 300 * step)
    engine = Engine(memory, history=HistorySource(memory, blocks))
    expected = told(Engine(whole), query, start, end, step)
    with patch.multiple(prefetch, _SPARSE=sparse, _EDGES=sparse):
        assert told(engine, query, start, end, step) == expected
    assert not blocks.damaged
    assert sampled(memory, blocks, start, end) == {
        one.labels for one in whole.select(()) if one.has_samples(start, end)
    }


def sampled(memory: Store, blocks: RememberedBlocks, start: int, end: int) -> set[Labels]:
    """The series that have a sample in a time, as those who list series find them."""
    view = HistorySource(memory, blocks).between(start - 1, end)
    return {one.labels for one in (view or memory).select(()) if one.has_samples(start, end)}


def counted(
    rows: int, store: Store, first: int = 0, source: str = "here", layout: Layout = LAYOUTS[0]
) -> Store:
    """Rows whose values are their numbers."""
    for number in range(first, rows):
        store.append(Sample(source, number * STEP, layout, [float(number)] * len(layout)))
    return store


def points(engine: Engine, query: str, start: int, end: int, step: int = STEP) -> list[tuple[int, float]]:
    """The points of the only series of a result."""
    value = engine.range(parse(query), start, end, step).value
    assert isinstance(value, Matrix)
    return value.series[0].points if value.series else []


def test_what_memory_holds_is_read_from_memory_alone() -> None:
    store = counted(100, Store(), first=50)
    blocks = RememberedBlocks([block_of(counted(60, Store()), 0, 60 * STEP)])
    engine = Engine(store, history=HistorySource(store, blocks))
    at_ms = 50 * STEP + 300_000
    engine.instant(parse("m"), at_ms)
    engine.instant(parse("vector(1)"), 0)
    assert blocks.asked == 0
    engine.instant(parse("m"), at_ms - STEP)
    assert blocks.asked == 1


def test_a_source_that_has_gone_is_still_read_from_blocks() -> None:
    store = counted(100, Store())
    blocks = RememberedBlocks([block_of(store, 0, 100 * STEP)])
    store.delete("here")
    counted(110, store, first=100, source="there")
    engine = Engine(store, history=HistorySource(store, blocks))
    found = points(engine, "m{n='a'}", 90 * STEP, 99 * STEP)
    assert found == [(row * STEP, float(row)) for row in range(90, 100)]


def test_a_server_that_got_another_name_counts_once() -> None:
    """Memory has its last hours under the new name, blocks have these under the old one too."""
    where = [Labels({"instance": "old"}), Labels({"instance": "new"})]
    layout = Layout([Point(GAUGE, "", Labels())], where[0])
    whole, store = counted(100, Store(), layout=layout), counted(100, Store(), first=50, layout=layout)
    blocks = RememberedBlocks([block_of(whole, row * STEP, (row + 10) * STEP) for row in range(0, 90, 10)])
    store.rename([Move("here", where[0], "there", where[1])])
    engine = Engine(store, history=HistorySource(store, blocks))
    everything = 99 * STEP, 99 * STEP
    assert points(engine, "sum(count_over_time(m[1h]))", *everything) == [(99 * STEP, 100.0)]
    assert points(engine, "sum(count_over_time(m{instance='old'}[1h]))", *everything) == [(99 * STEP, 50.0)]


def test_a_series_of_other_labels_is_another_one() -> None:
    whole = counted(50, Store())
    counted(100, whole, first=50, layout=LAYOUTS[3])
    store = counted(100, Store(), first=50, layout=LAYOUTS[3])
    blocks = RememberedBlocks([block_of(whole, 0, 50 * STEP)])
    engine = Engine(store, history=HistorySource(store, blocks))
    assert points(engine, "m{n='a'}", 0, 100 * STEP)[-1] == (49 * STEP, 49.0)
    assert points(engine, "m{n='d'}", 0, 100 * STEP)[0] == (50 * STEP, 50.0)


def test_after_the_clock_was_set_back_what_is_newer_counts() -> None:
    """Blocks have rows up to 60; the clock was set back to 40, and memory begins there."""
    blocks = RememberedBlocks([block_of(counted(60, Store()), 0, 60 * STEP)])
    store = Store()
    for number in range(40, 50):
        store.append(Sample("here", number * STEP + 1, LAYOUTS[0], [1000.0 + number] * 4))
    engine = Engine(store, history=HistorySource(store, blocks))
    found = points(engine, "count_over_time(m{n='a'}[10m])", 59 * STEP, 59 * STEP)
    # Rows 20 to 40 of the block and ten of memory.
    assert found == [(59 * STEP, 31.0)]
    assert points(engine, "m{n='a'}", 39 * STEP, 41 * STEP) == [
        (39 * STEP, 39.0),
        (40 * STEP, 40.0),
        (41 * STEP, 1040.0),
    ]


def test_of_blocks_of_one_time_the_later_counts() -> None:
    old, new = counted(60, Store()), Store()
    for number in range(20, 30):
        new.append(Sample("here", number * STEP + 1, LAYOUTS[0], [1000.0 + number] * 4))
    spans = [block_of(new, 20 * STEP, 31 * STEP), block_of(old, 0, 60 * STEP)]
    spans[0].sequence = 1
    blocks = RememberedBlocks(spans)
    engine = Engine(Store(), history=HistorySource(Store(), blocks))
    found = points(engine, "m{n='a'}", 0, 59 * STEP)
    # A row of the old block that is a millisecond before the first new one still counts.
    expected = [1000.0 + row - 1 if 21 <= row <= 29 else float(row) for row in range(60)]
    assert [value for _, value in found] == expected


@pytest.mark.parametrize(
    "query", ["m{n='a'}", "rate(c_total{n='a'}[2m])", "quantile_over_time(1, m{n='a'}[2m])"]
)
def test_a_damaged_block_costs_only_what_is_in_it(query: str) -> None:
    whole = counted(100, Store())
    spans = [block_of(whole, start * STEP, (start + 20) * STEP) for start in range(0, 80, 20)]
    spans[1].is_damaged = True
    spans[2].sources[0].is_damaged = True
    blocks = RememberedBlocks(spans)
    store = counted(100, Store(), first=80)
    found = points(Engine(store, history=HistorySource(store, blocks)), query, 0, 99 * STEP)
    wanted = points(Engine(whole), query, 0, 99 * STEP)
    good = [*range(20), *range(90, 100)]
    assert [point for point in found if point[0] // STEP in good] == [
        point for point in wanted if point[0] // STEP in good
    ]
    assert len(found) < len(wanted)
    assert blocks.damaged == [spans[1], spans[2]]


class Busy:
    """A pace at which the store writes, drops rows and gets other series whenever it may."""

    is_due = True

    def __init__(self, store: Store, row: int) -> None:
        self.store = store
        self.row = row

    def yield_control(self) -> None:
        # For almost five minutes, which is more than a query may take.
        if self.row == 318:
            return
        at_ms = self.row * STEP
        self.store.append(Sample("here", at_ms, LAYOUTS[self.row % 3], [0.0] * len(LAYOUTS[self.row % 3])))
        self.store.append(Sample(f"new {self.row % 5}", at_ms, LAYOUTS[3], [1.0, 1.0]))
        self.row += 1


@pytest.mark.parametrize("function", ["", *FUNCTIONS, "quantile_over_time"])
@pytest.mark.parametrize("step", [5_000, 200_000])
def test_what_is_written_and_dropped_meanwhile_is_not_seen(function: str, step: int) -> None:
    query = {"": "m{n='a'}", "quantile_over_time": "quantile_over_time(0.5, m{n='a'}[2m])"}.get(
        function, f"{function}(m{{n='a'}}[2m])"
    )
    whole = counted(300, Store())
    # Half an hour of memory, of which the newest blocks hold a part.
    store = counted(300, Store(retention_ms=1_800_000))
    blocks = RememberedBlocks([block_of(whole, row * STEP, (row + 30) * STEP) for row in range(0, 240, 30)])
    engine = Engine(store, history=HistorySource(store, blocks))
    value = engine.range(parse(query), 0, 299 * STEP, step, pace=Busy(store, 300)).value
    assert value_of(value) == value_of(Engine(whole).range(parse(query), 0, 299 * STEP, step).value)


def test_a_query_holds_no_blocks_when_it_is_over() -> None:
    blocks = RememberedBlocks([block_of(counted(100, Store()), 0, 100 * STEP)])
    engine = Engine(Store(), history=HistorySource(Store(), blocks))
    expression = parse("rate(c_total[5m])")
    engine.range(expression, 0, 99 * STEP, STEP)
    source = ref(blocks.blocks.pop().sources[0])
    collect()
    assert source() is None


def test_the_rows_of_a_query_count_as_memory() -> None:
    blocks = RememberedBlocks([block_of(counted(20_000, Store(retention_ms=1 << 40)), 0, 20_000 * STEP)])
    engine = Engine(Store(), history=HistorySource(Store(), blocks))
    account = MemoryBudget(100_000).account()
    with pytest.raises(QueryError, match=r"query\.memory_limit"):
        engine.instant(parse("count_over_time(m{n='a'}[80h])"), 20_000 * STEP, account=account)


class Counting:
    """A pace that counts how often others may run."""

    is_due = True
    calls = 0

    def yield_control(self) -> None:
        self.calls += 1


@pytest.mark.parametrize(
    "query", ["count_over_time(m{n='a'}[7h])", "m{n='a'} offset 3h", "rate(c_total[6h])"]
)
def test_others_may_run_whenever_something_was_decoded(query: str) -> None:
    """However few series are asked for."""
    whole = counted(2_000, Store())
    blocks = RememberedBlocks([block_of(whole, row * STEP, (row + 20) * STEP) for row in range(0, 1_900, 20)])
    pace = Counting()
    store = counted(2_000, Store(), first=1_800)
    engine = Engine(store, history=HistorySource(store, blocks))
    engine.range(parse(query), 1_900 * STEP, 1_999 * STEP, 10 * STEP, pace=pace)
    # The steps alone, which are computed together, are two or three.
    assert pace.calls > 15
