"""What is said about a clock that was set, and in which order things happen."""

import asyncio

from prometheus_client import CollectorRegistry

from exporter.clock import Leap, SteadyClock
from exporter.clock_watch import ClockWatch
from tests.test_clock import START, Machine


class Witness:
    """Notes what happens when."""

    def __init__(self) -> None:
        self.machine = Machine()
        self.clock = SteadyClock(self.machine)
        self.registry = CollectorRegistry()
        self.events: list[object] = []
        self.watch = ClockWatch(self.clock, self.registry, self._prepare, self._follow)

    async def _prepare(self) -> None:
        # Whatever is under way goes on by the time that it began with.
        self.events.append(("prepare", self.clock.now()))
        self.machine.passed += 0.25
        await asyncio.sleep(0)

    def _follow(self, leap: Leap) -> None:
        self.events.append((leap, self.clock.now(), self.value("redis_vigil_clock_jumps_total", "back")))

    def value(self, name: str, direction: str = "") -> float | None:
        return self.registry.get_sample_value(name, {"direction": direction} if direction else {})

    def look(self, passed: float, ahead: float) -> None:
        self.machine.passed += passed
        self.machine.ahead += ahead
        asyncio.run(self.watch.look())


def test_a_jump_is_told_once_and_counted() -> None:
    witness = Witness()
    witness.look(1, 0)
    assert witness.events == []
    # Both are there from the start: who asks for an increase must see the first.
    assert witness.value("redis_vigil_clock_jumps_total", "back") == 0
    assert witness.value("redis_vigil_clock_jumps_total", "forward") == 0
    witness.look(1, -600)
    leap = Leap(-600.0, 0.0, -600.0)
    assert witness.events == [("prepare", START + 2), (leap, START + 2.25 - 600, 0.0)]
    assert witness.value("redis_vigil_clock_jumps_total", "back") == 1
    assert witness.value("redis_vigil_clock_last_jump_seconds") == -600
    witness.look(1, 0)
    assert len(witness.events) == 2
    witness.look(1, 30)
    assert witness.value("redis_vigil_clock_jumps_total", "forward") == 1
    assert witness.value("redis_vigil_clock_last_jump_seconds") == 30
    assert witness.value("redis_vigil_standstills_total") == 0


def test_a_standstill_is_counted_with_its_seconds() -> None:
    witness = Witness()
    witness.look(90, 0)
    assert witness.value("redis_vigil_standstills_total") == 1
    assert witness.value("redis_vigil_standstill_seconds_total") == 90.25
    assert witness.value("redis_vigil_clock_jumps_total", "forward") == 0


def test_a_jump_that_is_undone_while_everybody_prepares_is_none() -> None:
    witness = Witness()
    prepare = witness._prepare

    async def undo() -> None:
        await prepare()
        witness.machine.ahead = 0.0

    witness.watch._prepare = undo
    witness.look(1, 7200)
    # Those who were told to wait are told to go on.
    assert witness.events[1:] == [(Leap(0.0, 0.0, 0.0), START + 1.25, 0.0)]
    assert witness.value("redis_vigil_clock_jumps_total", "forward") == 0
