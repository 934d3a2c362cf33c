"""The schedule of one target's samplers, which share moments where they can."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from exporter.samplers.slot import SamplerPlan
from exporter.timing.schedule import Schedule
from exporter.timing.spread import offset

# What is due so soon is done now: timers may ring a little early.
_TOLERANCE_SECONDS: Final = 0.002


@dataclass(frozen=True, slots=True)
class ScheduledSampler:
    """One sampler and its slots."""

    name: str
    schedule: Schedule[float]


class TargetSchedule:
    """The slots of one target's samplers; all times are epoch seconds.

    A target's phase is fixed by its name, so that many targets are spread over the interval and a restart
    changes nothing. `spread_seconds` is the distance of the moments that targets share.
    """

    def __init__(
        self, instance: str, plans: Iterable[SamplerPlan], now: float, spread_seconds: float
    ) -> None:
        self._samplers = [
            ScheduledSampler(plan.spec.name, _schedule(instance, plan, now, spread_seconds)) for plan in plans
        ]

    @property
    def due(self) -> float | None:
        """The next moment at which something is due; None where there is nothing at all."""
        return min([sampler.schedule.due for sampler in self._samplers], default=None)

    def pop_due(self, now: float) -> Sequence[str]:
        """Return the samplers that are due now, which are next due at a later slot."""
        return [sampler.name for sampler in self._samplers if sampler.schedule.pop_due(now) is not None]

    def expedite(self, name: str, at: float) -> None:
        """Run a sampler once more at this moment, if that is before its next slot."""
        for sampler in self._samplers:
            if sampler.name == name:
                sampler.schedule.expedite(at)

    def restart(self, now: float) -> None:
        """Begin all slots anew from now, after the clock was set."""
        for sampler in self._samplers:
            sampler.schedule.restart(now)


def _schedule(instance: str, plan: SamplerPlan, now: float, spread_seconds: float) -> Schedule[float]:
    phase = offset(instance, plan.interval_seconds, spread_seconds, isolated=plan.spec.isolated)
    return Schedule(plan.interval_seconds, phase, now, _TOLERANCE_SECONDS)
