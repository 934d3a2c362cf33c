"""The speed of a pass is learnt from its steps: how long it still takes, and what can be asked until then."""

from typing import Final

# Of what a key costs that is seen and asked about, the part for being seen: SCAN took 0.6 us of the server's
# CPU, type, TTL and memory 1.3 us more (Redis 7.0).
_SEEN: Final = 0.3
_ASKED: Final = 1 - _SEEN
# Steps further back count less and less: some hundred of them are remembered.
_FADING: Final = 0.99
_LEAST_STEPS: Final = 20


class Speed:
    """Sums over the last steps. Of their time `busy` seconds are the server's, the rest is waiting."""

    def __init__(self) -> None:
        self._steps = 0
        self._busy = self._wall = self._seen = self._asked = 0.0
        self._last: float | None = None

    def note(self, now: float, busy: float, seen: int, asked: int) -> None:
        """A step has ended `now` (monotonic); it has seen and asked about so many keys."""
        if self._last is not None:
            self._steps += 1
            self._busy = self._busy * _FADING + busy
            self._wall = self._wall * _FADING + max(now - self._last, busy)
            self._seen = self._seen * _FADING + seen
            self._asked = self._asked * _FADING + asked
        self._last = now

    @property
    def is_known(self) -> bool:
        """Whether there were enough steps to judge by."""
        return self._steps >= _LEAST_STEPS and self._seen > 0 and self._busy > 0

    def seconds_for(self, keys: float) -> float:
        """How long so many more keys take, at the pace of the last steps; 0 while it is not known."""
        return keys * self._wall / self._seen if self.is_known else 0.0

    def share_within(self, keys: float, seconds: float) -> float:
        """The ratio of so many keys that can be asked about in time; may be below 0, or above 1."""
        if not keys:
            return 1.0
        whole = self._busy / (_SEEN * self._seen + _ASKED * self._asked)
        busy_left = seconds * self._busy / self._wall
        return (busy_left / (whole * keys) - _SEEN) / _ASKED
