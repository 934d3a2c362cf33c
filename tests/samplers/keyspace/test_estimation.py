"""Estimates from samples: exact where all is known, honest where it is not."""

import json
from collections.abc import Callable
from math import exp, isinf
from random import Random

import pytest

from exporter.samplers.keyspace.estimation import Estimate, Moments, student

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


def test_weights_that_differ_do_not_bias() -> None:
    """Part of the keys is drawn with another chance, and those are the big ones."""
    estimates = []
    for seed in range(RUNS):
        random = Random(seed)
        moments = Moments()
        moments.add([100 for _ in range(5000) if random.random() < 0.02], 50)
        moments.add([1000 for _ in range(5000) if random.random() < 0.5], 2)
        estimates.append(moments.total(10_000).value)
    assert sum(estimates) / RUNS == pytest.approx(5000 * 1100, rel=0.01)


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
    first.merge(second)
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


@pytest.mark.parametrize("saved", [[], [1], [1] * 20, ["x"] * 9, [1, float("nan")] + [0] * 7])
def test_other_lists_are_no_moments(saved: list[float]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (whose ValueError it is says nothing)
        Moments.from_list(saved)


@pytest.mark.parametrize(("freedom", "quantile"), [(2, 4.303), (5, 2.571), (30, 2.042), (1000, 1.962)])
def test_students_quantiles(freedom: float, quantile: float) -> None:
    assert student(freedom) == pytest.approx(quantile, rel=0.035)
