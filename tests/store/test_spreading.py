"""Values in some rows are those of the last changes before them."""

from array import array
from bisect import bisect_right
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from exporter.model.sample import is_stale
from exporter.store import spreading
from exporter.store.spreading import values_at

ROWS = st.lists(st.integers(0, 60), max_size=60, unique=True).map(sorted)


@given(ROWS, ROWS, st.sampled_from([0, 6, 1_000]))
def test_values_of_some_rows(changes: list[int], wanted: list[int], look_up: int) -> None:
    rows, values = array("I", changes), array("d", [float(row) for row in changes])
    with patch.object(spreading, "_LOOK_UP", look_up):
        found = values_at(wanted, rows, values)
    assert len(found) == len(wanted)
    for row, value in zip(wanted, found, strict=True):
        place = bisect_right(changes, row)
        assert value == changes[place - 1] if place else is_stale(value)


def test_of_a_series_that_changes_in_each_row() -> None:
    rows, values = array("I", range(10, 1_000)), array("d", map(float, range(10, 1_000)))
    for wanted in ([10], [999], [10, 500, 999], list(range(10, 1_000))):
        assert values_at(wanted, rows, values) == wanted
    assert values_at([999, 1_200], rows, values) == [999.0, 999.0]
    assert is_stale(values_at([9, 10], rows, values)[0])
