"""Everybody who remembers moments, and what becomes of these when the clock has leapt."""

from dataclasses import dataclass

from exporter.alerting.manager import AlertManager
from exporter.clock import Leap, to_milliseconds
from exporter.housekeeping import Housekeeping
from exporter.rules.manager import RuleManager
from exporter.samplers.target_manager import TargetManager
from exporter.state.history import SampleHistory
from exporter.store import Store
from exporter.targets import Targets


@dataclass(frozen=True, slots=True)
class ClockFollowers:
    """The parts of the daemon that go on as if nothing had been."""

    store: Store
    samples: SampleHistory
    rules: RuleManager
    alerting: AlertManager
    house: Housekeeping
    target_manager: TargetManager
    targets: Targets

    def follow(self, leap: Leap) -> None:
        """The clock has leapt, and nobody has asked for the time since.

        Samples move with a clock that went back, or they would lie in the future. They stay where they are
        when it went forward: the machine may have been suspended without knowing it, and a counter that moved
        on meanwhile must not look as if it had done so within a second.
        """
        if leap.moved < 0:
            self.store.shift(to_milliseconds(leap.moved))
            self.samples.rewrite()
        self.rules.follow_clock(leap)
        self.alerting.follow_clock(leap)
        # The counters as they were before: what looks for an increase has to see both values.
        self.house.write()
        self.target_manager.follow_clock(leap.jumped)
        self.targets.open_gate()
