"""Functions over many ranges at once against the same functions range by range, to the last bit."""

import math
import struct
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.model.sample import STALE, is_stale
from exporter.promql.functions.ranges import RANGE_FUNCTIONS
from exporter.promql.functions.sliding import SLIDES, slide
from exporter.promql.functions.sliding_ranges import SlidingRanges

TIMES = st.lists(
    st.sampled_from([15_000, 15_000, 15_000, 15_000, 14_999, 20_000, 90_000]), min_size=1, max_size=30
)
STEPS = st.one_of(
    st.sampled_from(
        [[0.0, 1.0, 3.0], [0.1, 0.7], [1.0, 2.0, -1e6], [1.5], [-1.0, 1.0, 0.0], [1e300], [2.0**52]]
    ),
    st.lists(st.floats(-100, 1000), min_size=1, max_size=3),
)
RANGES = st.sampled_from([15_000, 16_000, 30_000, 31_000, 60_000, 150_000, 300_000])
FIRST = st.sampled_from([0.0, -0.0, 1.0, 40.0, 1e6, -5.0])
ODD = st.sampled_from([STALE, STALE, float("nan"), float("inf"), -float("inf"), 0.0, -0.0])


@st.composite
def columns(draw: st.DrawFn) -> tuple[list[int], list[float]]:
    """Times and values as counters and gauges have them: resets, a beginning near zero, gaps."""
    times = list(accumulate(draw(TIMES)))
    steps = draw(STEPS)
    moves = draw(st.lists(st.sampled_from(steps), min_size=len(times), max_size=len(times)))
    values = [
        max(value, 0.0) if min(steps) < -1e5 else value for value in accumulate(moves, initial=draw(FIRST))
    ]
    for place in draw(st.lists(st.integers(0, len(times) - 1), max_size=2)) if draw(st.booleans()) else ():
        values[place] = draw(ODD)
    return times, values[: len(times)]


def bits(value: float | None) -> bytes | None:
    return None if value is None else struct.pack("<d", value)


@pytest.mark.parametrize("name", sorted(RANGE_FUNCTIONS))
@settings(max_examples=120, deadline=None)
@given(columns(), RANGES, st.sampled_from([1_000, 15_000, 40_000]), st.integers(-20_000, 20_000))
def test_many_ranges_at_once_yield_what_each_yields(
    name: str, column: tuple[list[int], list[float]], range_ms: int, step: int, start: int
) -> None:
    times, values = column
    ends = range(start, times[-1] + 400_000, step)
    ranges = SlidingRanges(times, ends, range_ms, lambda samples: None)
    found = slide(RANGE_FUNCTIONS[name], SLIDES.get(name), ranges)(values)
    results: dict[int, float | None] = dict(zip(ranges.places, found, strict=True))
    for place, end in enumerate(ends):
        inside = [
            (stamp, value)
            for stamp, value in zip(times, values, strict=True)
            if end - range_ms < stamp <= end and not is_stale(value)
        ]
        stamps, numbers = [stamp for stamp, _ in inside], [value for _, value in inside]
        expected = RANGE_FUNCTIONS[name](stamps, numbers, end - range_ms, end) if inside else None
        assert bits(results.get(place)) == bits(expected)


def test_long_ranges_have_the_first_of_equal_extremes() -> None:
    """Which of 0 and -0 it is, and with ranges that are long enough to be put together from parts."""
    times = list(range(0, 15_000 * 400, 15_000))
    values = [0.0 if number % 7 else -0.0 for number in range(400)]
    ranges = SlidingRanges(times, times, 3_600_000, lambda samples: None)
    for name in ("max_over_time", "min_over_time"):
        found = slide(RANGE_FUNCTIONS[name], SLIDES[name], ranges)(values)
        assert list(map(bits, found)) == [
            bits(RANGE_FUNCTIONS[name](times, values[low:high], 0, 0))
            for low, high in zip(ranges.lows, ranges.highs, strict=True)
        ]


@pytest.mark.parametrize("fall", [None, 1, 99, 100, 101, 250, 399])
@pytest.mark.parametrize("odd", [None, math.nan, math.inf])
def test_a_reset_of_a_long_counter_is_seen_wherever_it_is(fall: int | None, odd: float | None) -> None:
    times = list(range(0, 15_000 * 400, 15_000))
    values = [
        1_000.0 + number - (500.0 if fall is not None and number >= fall else 0.0) for number in range(400)
    ]
    if odd is not None:
        values[200] = odd
    ranges = SlidingRanges(times, times[10:], 90_000, lambda samples: None)
    found = slide(RANGE_FUNCTIONS["rate"], SLIDES["rate"], ranges)(values)
    expected = [
        RANGE_FUNCTIONS["rate"](times[low:high], values[low:high], end - 90_000, end)
        for low, high, end in zip(ranges.lows, ranges.highs, ranges.ends, strict=True)
    ]
    assert list(map(bits, found)) == list(map(bits, expected))
