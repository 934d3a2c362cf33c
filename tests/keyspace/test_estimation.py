"""Estimates from samples: exact where all is known, honest where it is not."""

import json
from collections.abc import Callable
from math import exp, isinf
from random import Random

import pytest

from exporter.keyspace.estimation import Moments
from exporter.keyspace.interval import Estimate, student, typical_shape

# At least so many of 200 intervals at 95 % must hold the truth.
RUNS, LEAST = 200, 0.93


def lognormal(sigma: float) -> Callable[[Random], float]:
    return lambda random: 50 + exp(random.gauss(5, sigma))


VALUES: dict[str, Callable[[Random], float]] = {
    "even": lambda random: random.randint(50, 500),
    "skewed": lognormal(1.0),
    "very skewed": lognormal(1.5),
    "two kinds": lambda random: 100 if random.random() < 0.95 else 10_000,
}


def draw(values: list[float], pilot: int, rate: float, random: Random) -> Moments:
    """The first ones all, then a random part: as a scan draws."""
    moments = Moments()
    moments.add(values[:pilot])
    moments.add([value for value in values[pilot:] if random.random() < rate], 1 / rate)
    return moments


def covers(estimate: Estimate, truth: float) -> bool:
    return abs(estimate.value - truth) <= estimate.half_width + 1e-9 * truth


@pytest.mark.parametrize("kind", VALUES)
@pytest.mark.parametrize("sampled", [300, 1000])
def test_intervals_of_totals_hold_the_truth(kind: str, sampled: int) -> None:
    keys, hits = 10_000, 0
    for seed in range(RUNS):
        random = Random(seed)
        values = [VALUES[kind](random) for _ in range(keys)]
        hits += covers(draw(values, 100, sampled / keys, random).total(keys), sum(values))
    assert hits >= LEAST * RUNS


@pytest.mark.parametrize("share", [0.0, 0.001, 0.02, 0.5, 0.97, 1.0])
@pytest.mark.parametrize("sampled", [100, 1000])
def test_intervals_of_shares_hold_the_truth(share: float, sampled: int) -> None:
    keys, rate, hits = 10_000, sampled / 10_000, 0
    for seed in range(RUNS):
        random = Random(seed)
        ones = round(keys * share)
        flags = [1] * ones + [0] * (keys - ones)
        random.shuffle(flags)
        drawn = [flag for flag in flags if random.random() < rate]
        moments = Moments()
        moments.add_share(sum(drawn), len(drawn), 1 / rate)
        hits += covers(moments.share_total(keys), ones)
    assert hits >= LEAST * RUNS


def test_a_census_is_exact() -> None:
    moments = Moments()
    moments.add([1, 2, 3.5])
    moments.add([10], census=True)
    assert moments.total(4) == Estimate(16.5, 0.0)
    assert moments.maximum == 10


def test_groups_of_different_rates_that_become_one_do_not_bias() -> None:
    """Part of the keys is drawn with another chance, and those are the big ones."""
    estimates, hits = [], 0
    for seed in range(RUNS):
        random = Random(seed)
        small, big = Moments(), Moments()
        values = (
            [random.randint(50, 150) for _ in range(5000)],
            [random.randint(500, 1500) for _ in range(5000)],
        )
        for moments, own, rate in ((small, values[0], 0.02), (big, values[1], 0.5)):
            moments.add(own[:100])
            moments.add([value for value in own[100:] if random.random() < rate], 1 / rate)
        small.merge(big, 5000, 5000)
        truth = sum(values[0]) + sum(values[1])
        estimates.append(small.total(10_000).value / truth)
        hits += covers(small.total(10_000), truth)
    assert sum(estimates) / RUNS == pytest.approx(1, rel=0.01)
    assert hits >= LEAST * RUNS


@pytest.mark.parametrize("kind", VALUES)
def test_a_group_whose_rate_changes_holds_the_truth(kind: str) -> None:
    keys, hits = 6000, 0
    for seed in range(RUNS):
        random = Random(seed)
        values = [VALUES[kind](random) for _ in range(keys)]
        moments = Moments()
        moments.add(values[:100])
        for start, rate in ((100, 0.3), (2000, 0.02), (4000, 0.1)):
            part = values[start : start + 2000] if start > 100 else values[100:2000]
            moments.add([value for value in part if random.random() < rate], 1 / rate)
        hits += covers(moments.total(keys), sum(values))
    assert hits >= LEAST * RUNS


def test_values_that_are_all_alike_are_not_exact() -> None:
    """One in two hundred is another one, and was mostly not drawn."""
    hits = 0
    for seed in range(RUNS):
        random = Random(seed)
        values = [100.0 if random.random() < 0.995 else 150.0 for _ in range(3000)]
        estimate = draw(values, 100, 0.05, random).total(3000)
        assert estimate.half_width > 0
        hits += covers(estimate, sum(values))
    assert hits >= LEAST * RUNS
    alike = Moments()
    alike.add([100] * 300)
    # The rule of three: of 300 that are alike follows that at most 1 % of the others are not.
    assert alike.total(300_000).error_ratio == pytest.approx(0.01, rel=0.02)
    assert alike.total(301).error_ratio < 0.001
    assert alike.total(300).half_width == 0


def test_too_few_values_say_nothing() -> None:
    few = Moments()
    few.add([100] * 29)
    assert isinf(few.total(1000).half_width)
    assert few.total(29) == Estimate(2900, 0)
    few.add([120])
    assert not isinf(few.total(1000).half_width)


def test_a_group_that_knows_little_borrows_how_values_are_spread() -> None:
    """One in fifty is large, and among sixty keys there was none."""
    random = Random(1)
    others = []
    for _ in range(5):
        moments = Moments()
        moments.add([100 if random.random() < 0.98 else 10_000 for _ in range(500)], 2)
        others.append(moments.shape)
    few, many = Moments(), Moments()
    few.add([100] * 60)
    many.add([100] * 400)
    typical = typical_shape(others)
    assert covers(few.total(3000, typical), 3000 * 298)
    # Of four hundred there would have been some: this group is of another kind.
    assert many.total(3000, typical) == many.total(3000)


def test_keys_asked_for_their_size_say_nothing_about_others() -> None:
    moments = Moments()
    moments.add([100] * 500, 10)
    moments.add([50_000_000], apart=True)
    estimate = moments.total(5001)
    assert estimate.value == 50_000_000 + 5000 * 100
    assert estimate.half_width < 10_000


def test_groups_of_which_all_is_known_stay_a_random_sample() -> None:
    first, second, third = Moments(), Moments(), Moments()
    first.add([1, 2, 3])
    second.add([4, 5])
    first.merge(second, 3, 2)
    assert not first.mixed
    third.add([6])
    first.merge(third, 5, 2)
    assert first.mixed


def test_nothing_known_is_said_so() -> None:
    assert isinf(Moments().total(10).half_width)
    assert isinf(Moments().share_total(10).half_width)
    assert Moments().total(0) == Estimate(0.0, 0.0)
    assert Estimate(0.0, 1.0).error_ratio == float("inf")
    assert Estimate(0.0, 0.0).error_ratio == 0.0


def test_merged_moments_are_those_of_all() -> None:
    random = Random(1)
    values = [random.random() for _ in range(200)]
    whole, first, second = Moments(), Moments(), Moments()
    whole.add(values, 3)
    first.add(values[:80], 3)
    second.add(values[80:], 3)
    first.merge(second, 80, 120)
    assert first.to_list() == pytest.approx(whole.to_list())


def test_more_is_needed_where_values_differ() -> None:
    random = Random(1)
    alike, skewed = Moments(), Moments()
    alike.add([random.uniform(95, 105) for _ in range(500)], 2)
    skewed.add([lognormal(1.5)(random) for _ in range(500)], 2)
    assert alike.needed(0.02) < 1000 < skewed.needed(0.02)
    assert alike.needed(0.01) > 3 * alike.needed(0.02)


def test_moments_survive_json() -> None:
    moments = Moments()
    moments.add([1, 2, 30], 4)
    assert Moments.from_list(json.loads(json.dumps(moments.to_list()))).to_list() == moments.to_list()


@pytest.mark.parametrize("saved", [[], [1], [1] * 20, ["x"] * 9, [1, float("nan")] + [0] * 15])
def test_other_lists_are_no_moments(saved: list[float]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (whose ValueError it is says nothing)
        Moments.from_list(saved)


@pytest.mark.parametrize(("freedom", "quantile"), [(2, 4.303), (5, 2.571), (30, 2.042), (1000, 1.962)])
def test_students_quantiles(freedom: float, quantile: float) -> None:
    assert student(freedom) == pytest.approx(quantile, rel=0.035)
