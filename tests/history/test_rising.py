"""Whether a series rises is known of each block, and of several together."""

import math
from array import array
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.history.column import Column
from exporter.history.view import HistoryView
from exporter.model.labels import Labels
from exporter.model.matcher import Matcher, MatchOp
from exporter.model.sample import Family, Kind, Layout, Point, Sample
from exporter.store import Store
from tests.history.remembered_blocks import RememberedBlocks, block_of

STEP = 15_000
LAYOUT = Layout([Point(Family("c", Kind.COUNTER, ""), "_total", Labels({"n": "a"}))])
# Mostly up; a reset, a gap, what is no number.
MOVES = st.sampled_from([0.0, 0.0, 1.0, 1.0, 1.0, 5.0, 5.0, 5.0, 2.0, -100.0, None, math.nan])


def filled(values: list[float | None], first: int = 0) -> Store:
    store = Store()
    for row, value in enumerate(values):
        if row >= first:
            store.append(Sample("here", row * STEP, LAYOUT, [value]))
    return store


@settings(max_examples=200, deadline=None)
@given(
    st.lists(MOVES, min_size=2, max_size=40),
    st.lists(st.integers(1, 39), max_size=4, unique=True).map(sorted),
    st.integers(0, 40),
    st.integers(0, 39),
    st.integers(1, 40),
)
def test_over_blocks_and_memory(
    moves: list[float | None], borders: list[int], in_memory: int, low: int, count: int
) -> None:
    values: list[float | None] = []
    total = 0.0
    for move in moves:
        total = max(0.0, total + move) if move is not None and move == move else total
        values.append(total if move is not None and move == move else move)
    whole = filled(values)
    edges = [0, *[border for border in borders if border < in_memory], min(in_memory, len(values))]
    blocks = RememberedBlocks(
        [block_of(whole, one * STEP, other * STEP) for one, other in pairwise(edges) if one < other]
    )
    view = HistoryView(
        filled(values, in_memory), blocks.between(-1, 100 * STEP), -1, 100 * STEP, blocks.set_aside
    )
    for series in view.find([Matcher("n", MatchOp.EQUAL, "a")]).values():
        rows = len(series.timeline.times)
        if low + count <= rows:
            found = series.values_in(low, count)
            expected = all(value == value for value in found) and all(
                one <= other for one, other in pairwise(found)
            )
            assert series.rises_over(low, count) is expected
    view.close()


@pytest.mark.parametrize(
    ("values", "rises"),
    [
        ([1.0], True),
        ([1.0, 1.0, 2.0], True),
        ([1.0, 2.0, 1.0], False),
        ([math.nan], False),
        ([1.0, math.nan, 2.0], False),
        ([0.0, math.inf], True),
        ([*map(float, range(300)), 0.0], False),
    ],
)
def test_a_column_knows_whether_it_rises(values: list[float], rises: bool) -> None:
    column = Column(array("I", range(len(values))), array("d", values))
    assert column.rises is rises
    assert column.rises is rises
