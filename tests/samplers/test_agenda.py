"""When samplers are due."""

from collections.abc import Sequence

import pytest

from exporter.samplers.agenda import Agenda, first_slot, grid_seconds
from exporter.samplers.registry import SAMPLERS
from exporter.samplers.slot import SamplerPlan

NOW = 1_700_000_000.123
SPECS = {spec.name: spec for spec in SAMPLERS}


def agenda(**intervals: float) -> Agenda:
    plans = [SamplerPlan(SPECS[name], None, interval, 5.0) for name, interval in intervals.items()]
    return Agenda("cache-1", plans, NOW, 1.0)


def follow(found: Agenda, until: float) -> list[tuple[float, Sequence[str]]]:
    """What is taken at each moment at which something is due, until a moment."""
    taken = []
    while found.due is not None and found.due <= until:
        due = found.due
        taken.append((due, found.take(due)))
    return taken


@pytest.mark.parametrize("interval", [1.0, 15.0, 30.0, 300.0])
def test_slots_of_a_target_meet(interval: float) -> None:
    shortest = 15.0 if interval > 1 else 1.0
    base = first_slot("cache-1", shortest, NOW, 1.0)
    slot = first_slot("cache-1", interval, NOW, 1.0)

    assert NOW < slot <= NOW + interval
    assert (slot - base) / shortest == pytest.approx(round((slot - base) / shortest), abs=1e-6)
    apart = first_slot("cache-1", interval, NOW, 1.0, apart=True)
    assert 0.005 < (slot - apart) % interval < 0.1


@pytest.mark.parametrize("targets", [1, 40, 100, 1000])
def test_slots_of_targets_are_spread(targets: int) -> None:
    grid = grid_seconds(targets, 15.0)
    slots = sorted(first_slot(f"cache-{index}", 15.0, 0.0, grid) for index in range(targets))
    busiest = max(sum(start <= slot < start + 3 for slot in slots) for start in range(13))

    assert busiest <= 2 * targets / 5 + 5


def test_about_twenty_five_targets_share_a_moment() -> None:
    grid = grid_seconds(100, 15.0)
    slots = [first_slot(f"cache-{index}", 15.0, 0.0, grid) for index in range(100)]
    moments = {round(slot, 3) % 15 for slot in slots}

    assert len(moments) == 4
    assert grid_seconds(0, 15.0) == grid_seconds(1, 15.0) == 5.0
    assert grid_seconds(100_000, 15.0) == 0.25


def test_what_is_due_together_is_taken_together() -> None:
    taken = follow(agenda(info=15.0, clients=30.0, memory=60.0), NOW + 60)

    assert [sorted(names) for _, names in taken].count(["info"]) == 2
    assert [sorted(names) for _, names in taken].count(["clients", "info", "memory"]) == 1
    assert [at - taken[0][0] for at, _ in taken] == [0.0, 15.0, 30.0, 45.0]


def test_nothing_is_due_before_its_time() -> None:
    found = agenda(info=15.0)
    due = found.due
    assert due is not None
    assert found.take(due - 0.01) == []
    assert found.due == due
    # A timer may ring a little early.
    assert found.take(due - 0.001) == ["info"]
    assert found.due == due + 15.0


def test_slots_that_were_missed_are_not_made_up_for() -> None:
    found = agenda(info=15.0)
    due = found.due
    assert due is not None
    assert found.take(due + 100) == ["info"]
    assert found.due == due + 105
    assert found.take(due + 104) == []


def test_a_sampler_that_wants_to_run_sooner() -> None:
    found = agenda(info=15.0, slowlog=15.0)
    due = found.due
    assert due is not None
    found.bring_forward("slowlog", due - 5)
    assert follow(found, due) == [(due - 5, ["slowlog"]), (due, ["info", "slowlog"])]
    # Later than its slot is not sooner.
    found.bring_forward("slowlog", due + 20)
    assert found.due == due + 15
    assert found.take(due + 15) == ["info", "slowlog"]


def test_a_clock_that_is_set_back_stops_nothing() -> None:
    found = agenda(info=15.0, slowlog=15.0)
    found.bring_forward("slowlog", NOW + 1)
    assert found.take(NOW - 3600) == []
    assert found.due is not None
    assert NOW - 3600 < found.due <= NOW - 3600 + 15


def test_without_samplers_nothing_is_ever_due() -> None:
    assert agenda().due is None
