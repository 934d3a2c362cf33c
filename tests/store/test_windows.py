"""Windows of a series against a plain list of its samples."""

import math
from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from exporter.model.labels import METRIC_NAME, Labels
from exporter.model.matcher import Matcher, MatchOp
from exporter.model.sample import Family, Kind, Layout, Point, Sample, is_stale
from exporter.store import Store

VALUES = st.sampled_from([None, 1.0, 2.0, 2.0, 2.0, 3.0, math.nan, math.inf, -math.inf])
STEP = 10
LAYOUT = Layout([Point(Family("m", Kind.GAUGE, ""), "", Labels())])
NAMED = (Matcher(METRIC_NAME, MatchOp.EQUAL, "m"),)


@given(
    st.lists(VALUES, min_size=1, max_size=40),
    st.integers(0, 5),
    st.lists(st.tuples(st.integers(-20, 420), st.integers(0, 420)), min_size=1, max_size=3),
    st.integers(1, 40),
)
def test_windows_hold_the_samples_of_their_range(
    values: list[float | None], forgotten: int, windows: list[tuple[int, int]], readings: int
) -> None:
    store = Store()
    series = None
    for row, value in enumerate(values):
        store.append(Sample("here", row * STEP, LAYOUT, [value]))
        (series,) = store.select(NAMED)
        if row % readings == 0:
            # Whoever has read before finds the rest added.
            series.changes_in(row * STEP - 50, row * STEP)
    assert series is not None
    group = store.group("here")
    assert group is not None
    gone = min(forgotten, len(values) - 1)
    store.trim_group(group, gone * STEP - 1)
    for start, length in windows:
        end = start + length
        expected = [
            (row * STEP, value)
            for row, value in enumerate(values)
            if value is not None and row >= gone and start < row * STEP <= end
        ]
        times, found = series.window(start, end)
        assert list(times) == [time for time, _ in expected]
        assert repr(list(found)) == repr([value for _, value in expected])
        times, changes = series.changes_in(start, end)
        assert list(times) == [time for time, _ in expected]
        without_repetitions = [value for value, _ in groupby(repr(value) for _, value in expected)]
        assert [value for value, _ in groupby(map(repr, changes))] == without_repetitions
        by_rows = series.by_rows
        assert by_rows is not None
        first, stamps = by_rows.rows(start, end)
        rows = [row for row in range(gone, len(values)) if start < row * STEP <= end]
        assert stamps == [row * STEP for row in rows]
        told = by_rows.values_in(first, len(stamps))
        assert told is not None
        assert [None if is_stale(value) else repr(value) for value in told] == [
            None if values[row] is None else repr(values[row]) for row in rows
        ]
    if gone:
        by_rows = series.by_rows
        assert by_rows is not None
        assert by_rows.values_in(0, len(values)) is None
