"""When each sampler of one target is due: at fixed moments, which samplers share where they can."""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from exporter.samplers.slot import SamplerPlan

# Phases are spread over this span.
_CYCLE_SECONDS: Final = 3600.0
_LEAST_SLOTS: Final = 3
# How many targets are to share a moment, and between what distances of these moments that is tried for.
_TOGETHER: Final = 25
_FINEST_SECONDS: Final = 0.25
_COARSEST_SECONDS: Final = 5.0
# What is to run apart does so this long before the others: little enough that the processor still has at hand
# what it needs for both, which after a pause it has not. Targets that share a moment do so one after the
# other: what is done for one would count as the time of the next.
_APART_SECONDS: Final = 0.01
_APART_STEP_SECONDS: Final = 0.001
_APART_STEPS: Final = 40
# What is due so soon is done now: timers may ring a little early.
_EARLY_SECONDS: Final = 0.002


@dataclass(slots=True)
class _Entry:
    """One sampler: its next slot, and when it wants to run before that."""

    plan: SamplerPlan
    slot: float
    soon: float | None = None

    @property
    def due(self) -> float:
        return self.slot if self.soon is None else min(self.slot, self.soon)


class Agenda:
    """The slots of one target's samplers; all times are epoch seconds.

    A target's phase is fixed by its name, so that many targets are spread over the interval and a restart
    changes nothing. Slots that were missed are not made up for.
    """

    def __init__(self, instance: str, plans: Iterable[SamplerPlan], now: float, grid_seconds: float) -> None:
        self._instance = instance
        self._grid_seconds = grid_seconds
        self._entries = [_Entry(plan, self._first_slot(plan, now)) for plan in plans]

    def _first_slot(self, plan: SamplerPlan, now: float) -> float:
        return first_slot(
            self._instance, plan.interval_seconds, now, self._grid_seconds, apart=plan.spec.apart
        )

    @property
    def due(self) -> float | None:
        """The next moment at which something is due; None where there is nothing at all."""
        return min([entry.due for entry in self._entries], default=None)

    def take(self, now: float) -> Sequence[str]:
        """The samplers that are due now, which are next due at a later slot."""
        self._notice_clock(now)
        due = [entry for entry in self._entries if entry.due <= now + _EARLY_SECONDS]
        for entry in due:
            entry.soon = None
            if entry.slot <= now + _EARLY_SECONDS:
                missed = max(0.0, now - entry.slot) // entry.plan.interval_seconds
                entry.slot += (missed + 1) * entry.plan.interval_seconds
        return [entry.plan.spec.name for entry in due]

    def bring_forward(self, name: str, at: float) -> None:
        """Run a sampler once more at this moment, if that is before its next slot."""
        for entry in self._entries:
            if entry.plan.spec.name == name and at < entry.slot:
                entry.soon = at

    def begin_anew(self, now: float) -> None:
        """The clock has been set: slots begin anew from now."""
        for entry in self._entries:
            entry.slot = self._first_slot(entry.plan, now)
            entry.soon = None

    def _notice_clock(self, now: float) -> None:
        """Where the clock has been set back, slots begin anew from now."""
        for entry in self._entries:
            if entry.due > now + entry.plan.interval_seconds + _EARLY_SECONDS:
                entry.slot = self._first_slot(entry.plan, now)
                entry.soon = None


def first_slot(
    name: str, interval_seconds: float, now: float, grid_seconds: float, *, apart: bool = False
) -> float:
    """The next moment at which the samplers of this interval of a target are due.

    Such moments are `grid_seconds` apart, or less where the interval is short. Intervals that divide each
    other share their moments; `apart` are those that are not to meet the others.
    """
    grid = min(grid_seconds, interval_seconds / _LEAST_SLOTS)
    slots = round(_CYCLE_SECONDS / grid)
    digest = zlib.crc32(name.encode())
    phase = digest % slots * grid
    if apart:
        phase -= _APART_SECONDS + digest // slots % _APART_STEPS * _APART_STEP_SECONDS
    return now + interval_seconds - (now - phase) % interval_seconds


def grid_seconds(targets: int, interval_seconds: float) -> float:
    """How far the moments are to lie apart at which that many targets are sampled, each at this interval.

    To wake up costs as much as sampling a target does, so that some twenty-five are to share it; but they
    are not to keep the daemon from other things for long.
    """
    wanted = min(max(interval_seconds * _TOGETHER / max(targets, 1), _FINEST_SECONDS), _COARSEST_SECONDS)
    # Only moments that divide the interval come back to the same place in the next one.
    return interval_seconds / max(1, round(interval_seconds / wanted))
