"""How fast a scan goes."""

import pytest

from exporter.sampling.pace import BUDGET_BATCH, FULL_BATCH, Budget, Pace


def test_the_share_of_the_servers_time() -> None:
    pace = Pace(Budget(share=0.01))
    # One part of work and ninety-nine of rest.
    assert pace.pause(0.001, 200) == pytest.approx(0.099)
    assert Pace(Budget(share=0.5)).pause(0.001, 200) == pytest.approx(0.001)
    assert Pace(Budget(share=1.0)).pause(0.001, 200) == 0


def test_full_speed() -> None:
    pace = Pace(Budget(share=None))
    assert pace.batch == FULL_BATCH
    assert pace.is_unlimited
    assert pace.pause(0.5, 1000) == 0
    assert pace.batch == FULL_BATCH // 2


def test_the_way_to_the_server_is_not_its_time() -> None:
    pace = Pace(Budget(share=0.1))
    pace.note_round_trip(0.040)
    pace.note_round_trip(0.030)
    assert pace.pause(0.031, 200) == pytest.approx(0.031 * 0.05 * 9)
    assert pace.pause(0.040, 200) == pytest.approx(0.010 * 9)
    pace.note_round_trip(0.060)
    assert pace.pause(0.043, 200) == pytest.approx(0.010 * 9)


def test_keys_per_second() -> None:
    pace = Pace(Budget(share=None, keys_per_second=1000))
    assert pace.pause(0.05, 200) == pytest.approx(0.15)
    assert Pace(Budget(share=0.01, keys_per_second=100_000)).pause(0.001, 200) == pytest.approx(0.099)


def test_a_slow_server_is_asked_less_and_less_and_then_more_again() -> None:
    pace = Pace(Budget(share=0.1, latency_seconds=0.010))
    usual = pace.pause(0.001, 200)
    pauses = [pace.pause(0.020, pace.batch) for _ in range(8)]
    assert pauses == sorted(pauses)
    assert pauses[-1] > 20 * 0.020 * 9
    assert pace.batch < 20
    for _ in range(60):
        pace.pause(0.001, pace.batch)
    assert pace.batch == BUDGET_BATCH
    assert pace.pause(0.001, 200) == pytest.approx(usual)


def test_a_strained_server_gets_more_rest() -> None:
    usual = Pace(Budget(share=0.1)).pause(0.001, 200)
    assert Pace(Budget(share=0.1)).pause(0.001, 200, strained=True) == pytest.approx(4 * usual)
    assert Pace(Budget(share=None)).pause(0.010, 1000, strained=True) == pytest.approx(0.010)


def test_no_pause_is_for_ever() -> None:
    assert Pace(Budget(share=0.0001)).pause(10.0, 200) == 30.0


def test_steps_can_be_made_smaller_until_there_are_none() -> None:
    pace = Pace(Budget(share=0.1))
    sizes = []
    while pace.shrink():
        sizes.append(pace.batch)
    assert sizes == [50, 12, 3]
    assert pace.batch == 1
