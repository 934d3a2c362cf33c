"""The slots of a group."""

from hypothesis import given
from hypothesis import strategies as st

from exporter.rules.model import GroupKey
from exporter.rules.schedule import Timetable, Turn, phase_ms

intervals = st.integers(1, 3_600_000)
moments = st.integers(0, 4_000_000_000_000)


def test_groups_have_phases_of_their_own_that_do_not_change() -> None:
    keys = [GroupKey("rules.yml", f"group-{number}") for number in range(100)]
    phases = [phase_ms(key, 60_000) for key in keys]
    assert phases == [phase_ms(key, 60_000) for key in keys]
    assert len(set(phases)) > 90
    assert sum(phase < 30_000 for phase in phases) in range(30, 71)


@given(intervals, moments, st.data())
def test_slots_lie_an_interval_apart_at_the_phase(interval: int, now: int, data: st.DataObject) -> None:
    phase = data.draw(st.integers(0, interval - 1))
    table = Timetable(interval, phase, now)
    slot = table.slot_before(now)
    assert now - interval < slot <= now
    assert (slot - phase) % interval == 0
    assert table.due_ms == slot + interval


def test_on_time_nothing_is_missed() -> None:
    table = Timetable(15_000, 4_000, 20_000)
    assert table.wait_ms(20_000) == 14_000
    assert table.take(34_000) == Turn(34_000, 0)
    assert table.take(49_010) == Turn(49_000, 0)


def test_a_late_evaluation_takes_the_latest_slot_and_skips_the_others() -> None:
    table = Timetable(15_000, 4_000, 20_000)
    assert table.wait_ms(70_000) == 0
    assert table.take(70_000) == Turn(64_000, 2)
    assert table.wait_ms(70_000) == 9_000


def test_a_clock_that_was_set_back_does_not_stop_it() -> None:
    table = Timetable(15_000, 4_000, 1_000_000)
    assert table.wait_ms(100_000) <= 15_000
