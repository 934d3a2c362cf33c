"""When samplers are due."""

from collections.abc import Sequence

from exporter.config.samplers.base import SamplerSection
from exporter.samplers.registry import SAMPLERS
from exporter.samplers.slot import SamplerPlan
from exporter.samplers.target_schedule import TargetSchedule

NOW = 1_700_000_000.123
SPECS = {spec.name: spec for spec in SAMPLERS}


def schedule(**intervals: float) -> TargetSchedule:
    plans = [
        SamplerPlan(SPECS[name], SamplerSection(), interval, 5.0) for name, interval in intervals.items()
    ]
    return TargetSchedule("cache-1", plans, NOW, 1.0)


def follow(found: TargetSchedule, until: float) -> list[tuple[float, Sequence[str]]]:
    """What is popped at each moment at which something is due, until a moment."""
    popped = []
    while found.due is not None and found.due <= until:
        due = found.due
        popped.append((due, found.pop_due(due)))
    return popped


def test_what_is_due_together_is_popped_together() -> None:
    popped = follow(schedule(info=15.0, clients=30.0, memory=60.0), NOW + 60)

    assert [sorted(names) for _, names in popped].count(["info"]) == 2
    assert [sorted(names) for _, names in popped].count(["clients", "info", "memory"]) == 1
    assert [at - popped[0][0] for at, _ in popped] == [0.0, 15.0, 30.0, 45.0]


def test_nothing_is_due_before_its_time() -> None:
    found = schedule(info=15.0)
    due = found.due
    assert due is not None
    assert found.pop_due(due - 0.01) == []
    assert found.due == due
    # A timer may ring a little early.
    assert found.pop_due(due - 0.001) == ["info"]
    assert found.due == due + 15.0


def test_slots_that_were_missed_are_not_made_up_for() -> None:
    found = schedule(info=15.0)
    due = found.due
    assert due is not None
    assert found.pop_due(due + 100) == ["info"]
    assert found.due == due + 105
    assert found.pop_due(due + 104) == []


def test_a_sampler_that_wants_to_run_sooner() -> None:
    found = schedule(info=15.0, slowlog=15.0)
    due = found.due
    assert due is not None
    found.expedite("slowlog", due - 5)
    assert follow(found, due) == [(due - 5, ["slowlog"]), (due, ["info", "slowlog"])]
    # Later than its slot is not sooner.
    found.expedite("slowlog", due + 20)
    assert found.due == due + 15
    assert found.pop_due(due + 15) == ["info", "slowlog"]


def test_a_clock_that_is_set_back_stops_nothing() -> None:
    found = schedule(info=15.0, slowlog=15.0)
    found.expedite("slowlog", NOW + 1)
    assert found.pop_due(NOW - 3600) == []
    assert found.due is not None
    assert NOW - 3600 < found.due <= NOW - 3600 + 15


def test_without_samplers_nothing_is_ever_due() -> None:
    assert schedule().due is None
