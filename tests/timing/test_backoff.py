"""Delays between attempts."""

import random
from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from exporter.timing.backoff import exponential_backoff


def test_delays_double_up_to_the_limit() -> None:
    assert list(islice(exponential_backoff(0.5, 3.0), 5)) == [0.5, 1.0, 2.0, 3.0, 3.0]


def test_delays_grow_by_the_factor() -> None:
    assert list(islice(exponential_backoff(0.5, 60.0, factor=1.5), 3)) == [0.5, 0.75, 1.125]


@given(st.integers())
def test_each_delay_is_spread_to_either_side(seed: int) -> None:
    spread = islice(exponential_backoff(1.0, 8.0, jitter=0.5, rng=random.Random(seed)), 6)
    for delay, middle in zip(spread, (1, 2, 4, 8, 8, 8), strict=True):
        assert 0.5 * middle <= delay <= 1.5 * middle


def test_the_same_random_numbers_give_the_same_delays() -> None:
    first, second = (
        list(islice(exponential_backoff(1.0, 8.0, jitter=0.5, rng=random.Random(7)), 9)) for _ in range(2)
    )
    assert first == second
