"""Functions of ranges against plain definitions of them."""

import math
import statistics
from itertools import groupby, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.promql.functions.quantiles import (
    bucket_fraction,
    bucket_quantile,
    merge_buckets,
    quantile,
)
from exporter.promql.functions.ranges import (
    ACCEPT_CHANGES_ONLY,
    RANGE_FUNCTIONS,
    linear_regression,
    predict_linear,
)
from exporter.promql.functions.rates import changes, delta, idelta, increase, irate, rate, resets

VALUES = st.lists(st.integers(-1000, 1000).map(float), min_size=1, max_size=30)
COUNTERS = st.lists(st.integers(0, 50).map(float), min_size=2, max_size=30)
STEP = 10_000


def times(values: list[float]) -> list[int]:
    return [index * STEP for index in range(1, len(values) + 1)]


def evaluate(name: str, values: list[float]) -> float | None:
    stamps = times(values)
    return RANGE_FUNCTIONS[name](stamps, values, 0, stamps[-1])


@given(VALUES)
def test_statistics_agree_with_plain_ones(values: list[float]) -> None:
    assert evaluate("sum_over_time", values) == sum(values)
    assert evaluate("avg_over_time", values) == pytest.approx(statistics.fmean(values))
    assert evaluate("min_over_time", values) == min(values)
    assert evaluate("max_over_time", values) == max(values)
    assert evaluate("count_over_time", values) == len(values)
    assert evaluate("last_over_time", values) == values[-1]
    assert evaluate("first_over_time", values) == values[0]
    assert evaluate("stdvar_over_time", values) == pytest.approx(statistics.pvariance(values), abs=1e-6)
    assert evaluate("stddev_over_time", values) == pytest.approx(statistics.pstdev(values), abs=1e-6)
    assert evaluate("changes", values) == len(list(groupby(values))) - 1
    assert quantile(0.5, values) == statistics.median(values)


@given(VALUES, st.sampled_from(sorted(ACCEPT_CHANGES_ONLY)))
def test_repetitions_make_no_difference(values: list[float], name: str) -> None:
    """What takes values without repetitions yields the same with and without them."""
    stamps = times(values)
    distinct = [value for value, _ in groupby(values)]
    function = RANGE_FUNCTIONS[name]
    assert function(stamps, distinct, 0, stamps[-1]) == function(stamps, values, 0, stamps[-1])


@given(COUNTERS)
def test_a_counter_grows_by_what_was_counted(values: list[float]) -> None:
    """Over a range that its samples fill, an increase is the sum of the steps, after a reset from zero."""
    stamps = times(values)
    counted = sum(after - before if after >= before else after for before, after in pairwise(values))
    start, end = stamps[0], stamps[-1]
    assert increase(stamps, values, start, end) == pytest.approx(counted)
    assert rate(stamps, values, start, end) == pytest.approx(counted / ((end - start) / 1000))
    assert resets(stamps, values, start, end) == sum(after < before for before, after in pairwise(values))
    assert delta(stamps, values, start, end) == pytest.approx(values[-1] - values[0])


def test_a_range_is_filled_up_to_its_edges_when_samples_are_near() -> None:
    stamps, values = [10_000, 20_000, 30_000], [100.0, 110.0, 120.0]
    assert increase(stamps, values, 0, 40_000) == pytest.approx(40)
    # 11 s are just not near, then it is half a distance.
    assert increase(stamps, values, -1_000, 41_000) == pytest.approx(30)
    assert increase(stamps, values, -900, 40_900) == pytest.approx(41.8)


def test_a_counter_is_not_taken_back_below_zero() -> None:
    assert increase([10_000, 20_000], [5.0, 15.0], 0, 20_000) == pytest.approx(15)
    assert delta([10_000, 20_000], [5.0, 15.0], 0, 20_000) == pytest.approx(20)


@pytest.mark.parametrize("function", [rate, increase, delta, irate, idelta])
def test_one_sample_is_no_change(function: object) -> None:
    assert callable(function)
    assert function([1000], [5.0], 0, 1000) is None


def test_the_last_two_samples_give_the_momentary_rate() -> None:
    assert irate([0, 10_000, 20_000], [0.0, 50.0, 70.0], -1, 20_000) == 2
    assert irate([0, 10_000, 20_000], [0.0, 50.0, 20.0], -1, 20_000) == 2
    assert idelta([0, 10_000, 20_000], [0.0, 50.0, 20.0], -1, 20_000) == -30


def test_nan_to_nan_is_no_change() -> None:
    assert changes([1, 2, 3, 4], [math.nan, math.nan, 1.0, math.nan], 0, 4) == 2


@given(st.integers(-100, 100), st.integers(-1000, 1000), st.integers(2, 20))
def test_a_line_is_found_again(slope: int, start: int, count: int) -> None:
    stamps = [index * STEP for index in range(count)]
    values = [start + slope * stamp / 1000 for stamp in stamps]
    found, intercept = linear_regression(stamps, values, 0)
    assert found == pytest.approx(slope, abs=1e-9)
    assert intercept == pytest.approx(start, abs=1e-6)
    predicted = predict_linear(stamps[-1], 60)(stamps, values, -1, stamps[-1])
    assert predicted == pytest.approx(values[-1] + 60 * slope, abs=1e-6)


@pytest.mark.parametrize(("values", "expected"), [([math.nan, 3.0, 1.0], 3.0), ([1.0, math.nan], 1.0)])
def test_the_maximum_passes_over_nan(values: list[float], expected: float) -> None:
    assert evaluate("max_over_time", values) == expected


BUCKETS = st.lists(st.tuples(st.floats(0.1, 100), st.integers(0, 100)), min_size=1, max_size=8)


@given(BUCKETS, st.floats(0, 1))
def test_quantiles_of_histograms_lie_within_the_bounds_and_rise(
    steps: list[tuple[float, int]], phi: float
) -> None:
    total, pairs = 0, []
    for bound, count in sorted(steps):
        total += count
        pairs.append((bound, float(total)))
    pairs.append((math.inf, float(total)))
    low, high = (bucket_quantile(one, merge_buckets(pairs)) for one in (phi / 2, phi))
    # In Prometheus too the lowest of all quantiles is 0 / 0 where the first bucket is empty.
    if total == 0 or (phi == 0 and merge_buckets(pairs).counts[0] == 0):
        assert math.isnan(high)
        return
    assert high <= max(bound for bound, _ in pairs[:-1])
    if not math.isnan(low):
        assert 0 <= low <= high + 1e-9
    buckets = merge_buckets(pairs)
    assert 0 <= bucket_fraction(-math.inf, 50, buckets) <= 1
    assert bucket_fraction(-math.inf, math.inf, buckets) == 1


def test_equal_bounds_are_added_up() -> None:
    buckets = merge_buckets([(1.0, 2.0), (math.inf, 5.0), (1.0, 1.0)])
    assert (buckets.bounds, buckets.counts) == ([1.0, math.inf], [3.0, 5.0])
