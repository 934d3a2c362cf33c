"""The forecast tells when a pass will end, whether in time, and how many keys it can ask about until then."""

from dataclasses import dataclass
from typing import Final

from exporter.config.samplers.keyspace import KeyspaceSection
from exporter.errors import TargetError
from exporter.keyspace.guard import Guard
from exporter.keyspace.keyspace_sample import KeyspaceSample
from exporter.keyspace.plan import SamplePlan, adapt, is_adaptive, seconds_to_take
from exporter.keyspace.speed import Speed
from exporter.sampling.pace import BUDGET_BATCH, FULL_BATCH, Pace

# The plan is looked at after so many steps, and changed where the number of keys differs by more than this.
_STEPS: Final = 25
_NOTABLE: Final = 0.1
# From this part of the interval on a pass can be said to be late.
_SETTLED: Final = 0.1


# Things that a pass can wait for most; see `Forecast`.
HOLD_UPS: Final = ("server", "strain", "slowness", "keys_per_second", "budget")


@dataclass(frozen=True, slots=True)
class Forecast:
    """The rest of a pass: how long it takes, and what it waits for.

    `remaining_seconds`: how much longer it takes at its present pace; None while that is not known.
    `is_late`: it will not end within the interval. `held_up_by` is what it waits for most: `server` (does not
    answer), `strain` (it forks, or is near its memory limit), `slowness` (answers take longer than
    `slow_after`), `keys_per_second` or `budget`.
    """

    remaining_seconds: float | None
    is_late: bool
    held_up_by: str


class Forecaster:
    """Learns from the steps of a pass when it will end, and plans what to ask so that it ends in time."""

    def __init__(self, section: KeyspaceSection, pace: Pace, guard: Guard) -> None:
        self._section = section
        self._pace = pace
        self._guard = guard
        self._speed = Speed()
        self._steps = 0
        self._sample: KeyspaceSample | None = None
        self._seen = self._asked = 0

    def note(self, now: float, sample: KeyspaceSample) -> None:
        """A step has ended `now` (monotonic)."""
        if sample is not self._sample:
            self._sample, self._seen, self._asked = sample, sample.scanned, sample.asked
        seen, asked = sample.scanned - self._seen, sample.asked - self._asked
        self._seen, self._asked = sample.scanned, sample.asked
        self._speed.note(now, self._pace.busy, seen, asked)
        self._steps += 1

    def adapt(self, sample: KeyspaceSample, keys_left: int, spent_seconds: float) -> None:
        """Plan what to ask about, so that the pass is over in time; `keys_left` are those not seen yet."""
        if not is_adaptive(self._section) or not self._speed.is_known or self._steps % _STEPS:
            return
        seconds_left = seconds_to_take(self._section) - spent_seconds
        plan = adapt(self._speed, sample.most_keys, keys_left, max(0.0, seconds_left))
        if _differ(plan, sample.plan):
            sample.change_plan(plan)
            self._pace.take(BUDGET_BATCH if plan is None else FULL_BATCH)

    def forecast(self, keys_left: int, spent_seconds: float, trouble: TargetError | None) -> Forecast:
        """With so many keys to see yet; `trouble` is why the server cannot be asked now."""
        remaining = self._speed.seconds_for(keys_left) if self._speed.is_known else None
        interval = self._section.interval
        # At first all keys are asked about, until it is known what that costs.
        is_late = (
            remaining is not None
            and interval is not None
            and spent_seconds > _SETTLED * interval.seconds
            and spent_seconds + remaining > interval.seconds
        )
        return Forecast(remaining, is_late, "server" if trouble is not None else self._brake)

    @property
    def _brake(self) -> str:
        if self._guard.is_strained:
            return "strain"
        if self._pace.is_slow:
            return "slowness"
        return "keys_per_second" if self._pace.is_capped else "budget"


def _differ(one: SamplePlan | None, other: SamplePlan | None) -> bool:
    if one is None or other is None:
        return one is not other
    return abs(one.most - other.most) > _NOTABLE * other.most
