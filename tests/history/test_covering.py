"""Of several timelines of one source the later ones count."""

from hypothesis import given
from hypothesis import strategies as st

from exporter.history.covering import cover

TIMELINES = st.lists(st.lists(st.integers(0, 30), unique=True, max_size=8).map(sorted), max_size=5)


@given(TIMELINES, st.integers(-1, 31), st.integers(-1, 31))
def test_a_row_counts_where_no_later_timeline_covers_its_time(
    timelines: list[list[int]], start: int, end: int
) -> None:
    expected = [
        (at_ms, index)
        for index, times in enumerate(timelines)
        for at_ms in times
        if start < at_ms <= end
        and not any(later and later[0] <= at_ms <= later[-1] for later in timelines[index + 1 :])
    ]
    found = [
        (at_ms, span.timeline)
        for span in cover(timelines, start, end)
        for at_ms in timelines[span.timeline][span.low : span.high]
    ]
    assert found == sorted(expected)
