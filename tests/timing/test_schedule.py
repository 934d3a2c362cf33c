"""Slots of periodic work, in milliseconds and in seconds."""

from hypothesis import given
from hypothesis import strategies as st

from exporter.timing.schedule import Schedule, Tick

intervals = st.integers(1, 3_600_000)
moments = st.integers(0, 4_000_000_000_000)


@given(intervals, moments, st.data())
def test_slots_lie_an_interval_apart_at_the_phase(interval: int, now: int, data: st.DataObject) -> None:
    phase = data.draw(st.integers(0, interval - 1))
    schedule = Schedule(interval, phase, now)

    assert now < schedule.due <= now + interval
    assert (schedule.due - phase) % interval == 0


def test_on_time_nothing_is_missed() -> None:
    schedule = Schedule(15_000, 4_000, 20_000)

    assert schedule.due == 34_000
    assert schedule.pop_due(33_999) is None
    assert schedule.pop_due(34_000) == Tick(34_000, 0)
    assert schedule.pop_due(49_010) == Tick(49_000, 0)


def test_a_late_run_takes_the_latest_slot_and_skips_the_others() -> None:
    schedule = Schedule(15_000, 4_000, 20_000)

    assert schedule.pop_due(70_000) == Tick(64_000, 2)
    assert schedule.due == 79_000


def test_a_clock_that_was_set_back_does_not_stop_it() -> None:
    schedule = Schedule(15_000, 4_000, 1_000_000)

    assert schedule.pop_due(100_000) is None
    assert schedule.due == 109_000


def test_a_timer_may_ring_a_little_early() -> None:
    schedule = Schedule(15.0, 4.0, 20.0, 0.002)

    assert schedule.pop_due(33.99) is None
    assert schedule.pop_due(33.999) == Tick(34.0, 0)
    assert schedule.due == 49.0


def test_a_run_ahead_of_the_next_slot_does_not_move_it() -> None:
    schedule = Schedule(15.0, 4.0, 20.0)
    schedule.expedite(25.0)
    assert schedule.pop_due(25.0) == Tick(25.0, 0)
    assert schedule.due == 34.0
    # Later than the slot is not sooner.
    schedule.expedite(40.0)
    assert schedule.due == 34.0


class PlainRules:
    """The slots of a group of rules as release 0.1 computed them."""

    def __init__(self, interval: int, phase: int, now: int) -> None:
        self.interval, self.phase = interval, phase
        self.due = self.slot_before(now) + interval

    def slot_before(self, at: int) -> int:
        return at - (at - self.phase) % self.interval

    def pop_due(self, now: int) -> tuple[int, int] | None:
        if self.due - now > self.interval:
            self.due = self.slot_before(now) + self.interval
        if now < self.due:
            return None
        slot = max(self.due, self.slot_before(now))
        missed = (slot - self.due) // self.interval
        self.due = slot + self.interval
        return slot, missed


class PlainSampler:
    """The slots of a sampler as release 0.1 computed them, with runs ahead of them."""

    def __init__(self, interval: float, phase: float, now: float) -> None:
        self.interval, self.phase = interval, phase
        self.begin(now)

    def begin(self, now: float) -> None:
        self.slot = now + self.interval - (now - self.phase) % self.interval
        self.soon: float | None = None

    @property
    def due(self) -> float:
        return self.slot if self.soon is None else min(self.slot, self.soon)

    def expedite(self, at: float) -> None:
        if at < self.slot:
            self.soon = at

    def pop_due(self, now: float) -> bool:
        if self.due > now + self.interval + 0.002:
            self.begin(now)
        if self.due > now + 0.002:
            return False
        self.soon = None
        if self.slot <= now + 0.002:
            missed = max(0.0, now - self.slot) // self.interval
            self.slot += (missed + 1) * self.interval
        return True


# Steps of a clock, mostly on and sometimes back.
steps = st.lists(st.one_of(st.integers(0, 40_000), st.integers(-200_000, 200_000)), max_size=40)


@given(st.integers(1, 60_000), st.integers(0, 60_000), moments, steps)
def test_rules_are_due_when_they_were_in_release_0_1(
    interval: int, phase: int, now: int, moves: list[int]
) -> None:
    phase %= interval
    schedule, plain = Schedule(interval, phase, now), PlainRules(interval, phase, now)
    for move in moves:
        now += move
        tick = schedule.pop_due(now)
        assert (None if tick is None else (tick.at, tick.missed)) == plain.pop_due(now)
        assert schedule.due == plain.due


@given(
    st.sampled_from([0.1, 1.0, 15.0, 60.0]),
    st.floats(0, 60),
    st.lists(st.tuples(st.integers(-200_000, 200_000), st.none() | st.floats(-5, 90)), max_size=40),
)
def test_samplers_are_due_when_they_were_in_release_0_1(
    interval: float, phase: float, moves: list[tuple[int, float | None]]
) -> None:
    now = 1_700_000_000.123
    schedule, plain = Schedule(interval, phase, now, 0.002), PlainSampler(interval, phase, now)
    for move, soon in moves:
        now += move / 1000
        assert (schedule.pop_due(now) is not None) == plain.pop_due(now)
        if soon is not None:
            schedule.expedite(now + soon)
            plain.expedite(now + soon)
        assert schedule.due == plain.due
