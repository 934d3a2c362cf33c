"""The daemon's own clock, beside one of a machine that is set, slewed and stopped."""

import time

import pytest

from exporter.clock import Leap, SteadyClock, SystemClock

START = 1_700_000_000.0


class Machine:
    """The clocks of a machine: what has passed by the monotonic one; by how much the wall clock was set."""

    def __init__(self) -> None:
        self.passed = 5000.0
        self.ahead = 0.0

    def now(self) -> float:
        return START - 5000.0 + self.passed + self.ahead

    def monotonic(self) -> float:
        return self.passed


def watched(machine: Machine, seconds: int = 3) -> SteadyClock:
    """A clock that was looked at every second."""
    clock = SteadyClock(machine)
    for _ in range(seconds):
        machine.passed += 1
        assert clock.look() is None
    return clock


@pytest.mark.parametrize("seconds", [-72_000.0, -7200.0, -600.0, -1.0, 1.0, 7200.0, 72_000.0])
def test_it_leaps_only_when_it_is_looked_at(seconds: float) -> None:
    machine = Machine()
    clock = watched(machine)
    machine.ahead = seconds
    machine.passed += 0.5
    assert clock.now() == START + 3.5
    was_off = clock.is_off
    assert clock.look() == Leap(seconds, 0.0, seconds)
    assert clock.now() == START + 3.5 + seconds
    machine.passed += 1
    assert (was_off, clock.is_off) == (True, False)
    assert clock.look() is None
    assert clock.now() == START + 4.5 + seconds


def test_a_machine_that_stood_still_has_not_aged_until_somebody_looks() -> None:
    machine = Machine()
    clock = watched(machine)
    machine.passed += 3600
    assert clock.now() == START + 3 + 2
    leap = clock.look()
    assert leap == Leap(0.0, 3600.0, 3598.0)
    assert clock.now() == START + 3603


def test_a_machine_that_was_stopped_without_knowing_it_looks_as_if_its_clock_was_set() -> None:
    machine = Machine()
    clock = watched(machine)
    # A hypervisor goes on with a guest: its monotonic clock has not moved, its wall clock is put right.
    machine.ahead = 3600.0
    machine.passed += 1
    assert clock.look() == Leap(3600.0, 0.0, 3600.0)


def test_a_clock_that_was_set_back_by_what_the_machine_stood_still() -> None:
    machine = Machine()
    clock = watched(machine)
    machine.passed += 3600
    machine.ahead = -3600.0
    leap = clock.look()
    assert leap is not None
    assert (leap.jumped, leap.stood) == (-3600.0, 3600.0)
    assert leap.moved == -2
    assert clock.now() == START + 3


@pytest.mark.parametrize("rate", [-0.005, 0.005, -0.09, 0.3])
def test_a_clock_that_is_slewed_is_followed_without_a_word(rate: float) -> None:
    machine = Machine()
    clock = watched(machine)
    before = clock.now()
    for _ in range(600):
        machine.passed += 1
        machine.ahead += rate
        assert clock.look() is None
        assert before < clock.now() <= before + 1 + max(0.0, rate) + 1e-6
        before = clock.now()
    assert clock.now() == pytest.approx(machine.now())


def test_a_little_is_taken_back_without_going_back() -> None:
    machine = Machine()
    clock = watched(machine)
    machine.ahead = -0.4
    moments = []
    for _ in range(10):
        machine.passed += 1
        assert clock.look() is None
        moments.append(clock.now())
    assert moments == sorted(moments)
    assert moments[-1] == pytest.approx(machine.now())


def test_an_event_loop_that_was_late_catches_up_without_a_word() -> None:
    machine = Machine()
    clock = watched(machine)
    machine.passed += 4
    assert clock.look() is None
    assert clock.now() == START + 7


def test_readings_between_which_the_process_had_to_wait_are_taken_again() -> None:
    machine = Machine()
    clock = watched(machine)
    waits = [1.0, 0.0]
    wall = machine.now

    def now() -> float:
        found = wall()
        machine.passed += waits.pop(0) if waits else 0.0
        return found

    machine.now = now  # type: ignore[method-assign]  # between two readings the process has to wait
    assert clock.look() is None


def test_what_passed_before_it_begins_is_no_standstill() -> None:
    machine = Machine()
    clock = SteadyClock(machine)
    machine.passed += 100
    clock.begin()
    assert clock.now() == START + 100
    assert not clock.is_off


def test_the_machines_clock_counts_what_it_was_suspended_for() -> None:
    before = time.monotonic()
    assert SystemClock().monotonic() >= before
