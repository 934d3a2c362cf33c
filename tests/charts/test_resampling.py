"""Fewer points than there are: no extreme is lost, no gap is filled, whether points come regularly or not."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.charts import Chart, Point, Series, Unit
from exporter.charts.resampling import BINS, MOST_VALUES, resample, resample_together, thin

START_MS, STEP_MS = 1_773_439_200_000, 1_000


def chart(steps: int) -> Chart:
    return Chart("", Unit.COUNT, START_MS, START_MS + steps * STEP_MS, STEP_MS, [Series("", ())])


def by_hand(whole: Chart, points: list[Point]) -> list[tuple[float, float] | None]:
    """The lowest and the highest value of each bin, in the order in which they came."""
    bins: list[list[float]] = [[] for _ in range(BINS)]
    span_ms = whole.end_ms - whole.start_ms
    edges = [whole.start_ms + span_ms * number // BINS for number in range(BINS)]
    for at_ms, value in points:
        if whole.start_ms <= at_ms <= whole.end_ms and not math.isnan(value):
            bins[max(index for index, edge in enumerate(edges) if edge <= at_ms)].append(value)
    return [
        (
            part[min(part.index(min(part)), part.index(max(part)))],
            part[max(part.index(min(part)), part.index(max(part)))],
        )
        if part
        else None
        for part in bins
    ]


@settings(deadline=None)
@given(
    steps=st.integers(MOST_VALUES, 900),
    first=st.integers(-300, 900),
    count=st.integers(0, 1200),
    jitter=st.sampled_from([0, 0, 300]),
    lost=st.sampled_from([0.0, 0.0, 0.1, 0.9]),
    seed=st.integers(0, 99),
)
def test_each_bin_keeps_its_extremes(
    steps: int, first: int, count: int, jitter: int, lost: float, seed: int
) -> None:
    dice = random.Random(seed)
    points: list[Point] = [
        (START_MS + (first + index) * STEP_MS + dice.randint(-jitter, jitter), float(dice.randint(-50, 50)))
        for index in range(count)
        if dice.random() >= lost
    ]
    whole = chart(steps)
    values = resample(whole, points)
    pairs = [
        None if math.isnan(low) else (low, high) for low, high in zip(values[::2], values[1::2], strict=True)
    ]
    assert pairs == by_hand(whole, points)


def test_the_end_of_a_series_in_the_middle_is_a_gap_after_it() -> None:
    whole = chart(1_000)
    values = resample(whole, [(START_MS + step * STEP_MS, 1.0) for step in range(501)])
    there = [not math.isnan(value) for value in values]
    assert there == [True] * 92 + [False] * 88


@pytest.mark.parametrize("steps", [100, 1_000])
def test_a_value_for_each_step_and_gaps_where_there_is_none(steps: int) -> None:
    whole = chart(steps)
    points: list[Point] = [
        (START_MS + step * STEP_MS, math.nan if 40 <= 100 * step / steps < 50 else 2.0)
        for step in range(steps + 1)
    ]
    values = resample(whole, points)
    assert sum(map(math.isnan, values)) == pytest.approx(len(values) / 10, abs=2)
    assert {value for value in values if not math.isnan(value)} == {2.0}


@pytest.mark.parametrize("steps", [100, 1_000])
def test_series_that_stand_on_each_other_are_of_the_same_moments(steps: int) -> None:
    """A peak of the sum is no sum of the peaks."""
    whole = chart(steps)
    one: list[Point] = [(START_MS + step * STEP_MS, float(step % 2)) for step in range(steps + 1)]
    other: list[Point] = [(at_ms, 1.0 - value) for at_ms, value in one]
    first, second = resample_together(whole, [one, other])
    assert {a + b for a, b in zip(first, second, strict=True)} == {1.0}


def test_of_many_values_of_a_sparkline_the_extremes_stay() -> None:
    values = [5.0] * 1_000
    values[333], values[777] = 99.0, -1.0
    thinned = thin(values, 24)
    assert (len(thinned), max(thinned), min(thinned)) == (24, 99.0, -1.0)
    assert thin([1.0, math.nan], 24) == [1.0, pytest.approx(math.nan, nan_ok=True)]
