"""Windows of a change-encoded series against a plain list of its samples."""

import math
from array import array
from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from exporter.store import Series

VALUES = st.sampled_from([None, 1.0, 2.0, 2.0, 2.0, 3.0, math.nan, math.inf, -math.inf])
STEP = 10


class Times:
    """A timeline as blocks have it."""

    def __init__(self, count: int, first_row: int) -> None:
        self.times = array("q", range(0, count * STEP, STEP))
        self.first_row = first_row


@given(
    st.lists(VALUES, min_size=1, max_size=40), st.integers(0, 5), st.integers(-20, 420), st.integers(0, 420)
)
def test_windows_hold_the_samples_of_their_range(
    values: list[float | None], first_row: int, start: int, length: int
) -> None:
    series = Series(None, Times(len(values), first_row))  # type: ignore[arg-type]  # no labels needed
    previous: float | None = None
    for row, value in enumerate(values):
        if value != previous:
            series.record(first_row + row, value)
        previous = value
    end = start + length
    expected = [
        (row * STEP, value)
        for row, value in enumerate(values)
        if value is not None and start < row * STEP <= end
    ]
    times, found = series.window(start, end)
    assert list(times) == [time for time, _ in expected]
    assert repr(list(found)) == repr([value for _, value in expected])
    times, distinct = series.distinct(start, end)
    assert list(times) == [time for time, _ in expected]
    without_repetitions = [value for value, _ in groupby(repr(value) for _, value in expected)]
    assert [value for value, _ in groupby(map(repr, distinct))] == without_repetitions
