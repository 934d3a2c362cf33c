"""Moments at a fixed distance, at which something periodic is due."""

from dataclasses import dataclass
from typing import Generic, TypeVar

Moment = TypeVar("Moment", int, float)


@dataclass(frozen=True, slots=True)
class Tick(Generic[Moment]):
    """A run that is due: its moment, and how many slots before it were missed."""

    at: Moment
    missed: int


class Schedule(Generic[Moment]):
    """The slots `phase + n * interval` of something periodic, and at most one run ahead of the next of them.

    Times are since the epoch, all in one unit: milliseconds as int, or seconds as float. What is due within
    `tolerance` is due now, since a timer may ring a little early. Slots that were missed are not made up for.
    `due` is when the next run is due.
    """

    __slots__ = ("_expedited", "_next_slot", "_tolerance", "due", "interval", "phase")

    def __init__(self, interval: Moment, phase: Moment, now: Moment, tolerance: Moment | None = None) -> None:
        self.interval: Moment = interval
        self.phase: Moment = phase
        self._tolerance: Moment = now - now if tolerance is None else tolerance
        self.restart(now)

    def restart(self, now: Moment) -> None:
        """Begin anew at the first slot after this moment; a run ahead of it is dropped."""
        self._expedited: Moment | None = None
        self._next_slot: Moment = now + self.interval - (now - self.phase) % self.interval
        self.due: Moment = self._next_slot

    def expedite(self, at: Moment) -> None:
        """Run once more at this moment, if that is before the next slot."""
        if at < self._next_slot:
            self._expedited = self.due = at

    def notice_clock(self, now: Moment) -> None:
        """Begin anew where the clock has been set back, which shows in a run that is due too late."""
        if self.due > now + self.interval + self._tolerance:
            self.restart(now)

    def pop_due(self, now: Moment) -> Tick[Moment] | None:
        """The run that is due now, which is over with that; None where there is none.

        Of several slots that have passed it is the latest.
        """
        self.notice_clock(now)
        latest = now + self._tolerance
        if self.due > latest:
            return None
        at, missed = self.due, 0
        if self._next_slot <= latest:
            missed = int(max(now - self._next_slot, 0) // self.interval)
            at = self._next_slot + missed * self.interval
            self._next_slot += (missed + 1) * self.interval
        self._expedited = None
        self.due = self._next_slot
        return Tick(at, missed)
