"""Time as an argument: everything that asks for the time is handed a `Clock`."""

import time
from dataclasses import dataclass
from typing import Final, Protocol

# Unlike the monotonic clock this one runs on while the machine is suspended; only Linux has it.
_UPTIME_CLOCK: Final[int] = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
# What the wall clock is off by less than this is followed without a word: NTP does it all the time.
_LEAST_JUMP_SECONDS: Final = 0.5
# At most this part of the time that passes is taken back where the wall clock is behind.
_SLEW_RATIO: Final = 0.1
# Without a look at the machine's clocks time goes on for so long: who is stopped and goes on must not find
# that much time has passed before everybody has been told.
_LONGEST_STEP_SECONDS: Final = 2.0
_LEAST_STANDSTILL_SECONDS: Final = 5.0
# Between the readings of the two clocks the process may have had to wait.
_READING_SECONDS: Final = 0.02
_READINGS: Final = 5


class Clock(Protocol):
    """Tells the time of day and measures spans."""

    def now(self) -> float:
        """Seconds since the Unix epoch."""
        ...

    def monotonic(self) -> float:
        """Seconds since an arbitrary moment; never goes back."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        """Seconds since the Unix epoch."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds since an arbitrary moment, those included that the machine was suspended for."""
        return time.clock_gettime(_UPTIME_CLOCK)


@dataclass(frozen=True, slots=True)
class Leap:
    """A leap of the clock, as `SteadyClock.look` has found it, in seconds.

    `jumped`: by how much the wall clock was set, forward or (negative) back; 0: it was not. `stood`: how long
    the process or the whole machine stood still; 0: it did not. `moved`: by how much `now` moves at once.
    """

    jumped: float
    stood: float
    moved: float


class SteadyClock:
    """The time of day that goes on evenly, whatever happens to the wall clock of the machine.

    It is that of the wall clock at the last `look`, plus the monotonic time since. So it leaps only in
    `look`, which is to be called about once a second, and whose caller tells all parts that remember moments.
    Until then nothing is in the future, and no timer is over because of a leap.
    """

    def __init__(self, machine: Clock) -> None:
        self._machine = machine
        self._seen = self._base = machine.now()
        self._looked_at = machine.monotonic()

    def now(self) -> float:
        """Seconds since the Unix epoch."""
        return self._expected(self._machine.monotonic())

    def monotonic(self) -> float:
        """Seconds since an arbitrary moment, those included that the machine was suspended for."""
        return self._machine.monotonic()

    def begin(self) -> None:
        """Go by the machine's clock from now on."""
        self._seen, self._looked_at = self._read()
        self._base = self._seen

    @property
    def is_off(self) -> bool:
        """Whether `look` is going to find something."""
        return self._compare(*self._read()) is not None

    def look(self) -> Leap | None:
        """Read the machine's clocks and follow them; returns the leap, if there was one."""
        wall, moment = self._read()
        leap, passed, now = self._compare(wall, moment), moment - self._looked_at, self._expected(moment)
        self._seen, self._looked_at = wall, moment
        self._base = max(wall, now - _SLEW_RATIO * passed) if leap is None else wall
        return leap

    def _expected(self, moment: float) -> float:
        """Return what `now` says at a moment of the monotonic clock."""
        return self._base + min(moment - self._looked_at, _LONGEST_STEP_SECONDS)

    def _compare(self, wall: float, moment: float) -> Leap | None:
        passed = moment - self._looked_at
        jumped = wall - self._seen - passed
        is_jump, has_stood = abs(jumped) >= _LEAST_JUMP_SECONDS, passed >= _LEAST_STANDSTILL_SECONDS
        if not is_jump and not has_stood:
            return None
        moved = wall - self._expected(moment)
        return Leap(jumped if is_jump else 0.0, passed if has_stood else 0.0, moved)

    def _read(self) -> tuple[float, float]:
        """Read the wall clock and the monotonic one at the same moment."""
        for _ in range(_READINGS):
            before = self._machine.monotonic()
            wall = self._machine.now()
            after = self._machine.monotonic()
            if after - before < _READING_SECONDS:
                break
        return wall, (before + after) / 2


def to_milliseconds(seconds: float) -> int:
    """Convert epoch seconds to the whole milliseconds in which samples are stamped."""
    return round(seconds * 1000)
