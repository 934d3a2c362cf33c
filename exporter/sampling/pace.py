"""Pacing of scans: a share of the server's time, a number of keys per second, a bound on its latency."""

from dataclasses import dataclass
from typing import Final

# A SCAN step of this size holds the server for a tenth of a millisecond. At full speed, and where few of the
# keys are asked about, it may be more, as long as nobody has to wait for a whole millisecond because of it,
# neither at the server nor here.
BUDGET_BATCH: Final = 200
FULL_BATCH: Final = 400
_LEAST_BATCH: Final = 10
# What SCAN alone takes the server for a key: where round trips vary by more, they do not tell.
_LEAST_SECONDS_PER_KEY: Final = 0.5e-6
_MOST_CAUTION: Final = 64.0
_LONGEST_PAUSE_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits on the cost of a scan.

    `share`: the part of the server's time that it may take, None for all of it. `keys_per_second`: None for
    no limit. `latency_seconds`: from here on a step counts as slow.
    """

    share: float | None = 0.01
    keys_per_second: float | None = None
    latency_seconds: float = 0.025


class Pace:
    """Sizes the steps and the pauses between them.

    A step's time is what passed between sending its commands and having its replies, less the shortest round
    trip (`note_round_trip`): what the server has spent on it at most, waiting behind other clients included.
    So a busy server is asked less often. A slow step halves the batch and doubles the pauses; at full speed
    there are none. `busy` is the server's part of the last step's time; `rest` is the part of the last pause
    that the server is owed, also by others that walk there: `keys_per_second` is not. `is_capped`: that was
    what made the pause so long.
    """

    def __init__(self, budget: Budget, most: int | None = None) -> None:
        """`most`: names a step, where nothing is asked about them."""
        self._budget = budget
        self._most = most or (FULL_BATCH if budget.share is None else BUDGET_BATCH)
        self._round_trip = 0.0
        self._caution = 1.0
        self.batch = self._most
        self.rest = 0.0
        self.busy = 0.0
        self.is_capped = False

    def take(self, most: int) -> None:
        """So many names a step at most, from now on."""
        self._most = most
        self.batch = min(self.batch, most)

    @property
    def is_slow(self) -> bool:
        """Whether the server has taken long of late."""
        return self._caution > 1.0

    @property
    def is_unlimited(self) -> bool:
        """Whether there is no bound on the share of the server's time."""
        return self._budget.share is None

    def note_round_trip(self, seconds: float) -> None:
        """How long the emptiest command takes; the shortest counts, forgotten slowly."""
        self._round_trip = min(seconds, self._round_trip * 1.1) if self._round_trip else seconds

    def pause(self, seconds: float, keys: int, *, strained: bool = False) -> float:
        """The pause in seconds after a step that took so long and saw so many keys.

        `strained`: the server forks or is short of memory, and gets four times the rest.
        """
        busy = max(seconds - self._round_trip, seconds * 0.05, keys * _LEAST_SECONDS_PER_KEY)
        self.busy = busy
        self._adapt(busy)
        pause = 0.0
        if self._budget.share is not None:
            pause = busy * (1 / self._budget.share - 1) * self._caution
        if strained:
            pause = max(4 * pause, busy)
        self.rest = min(pause, _LONGEST_PAUSE_SECONDS)
        if self._budget.keys_per_second is not None:
            wanted = keys / self._budget.keys_per_second - seconds
            self.is_capped = wanted > pause
            pause = max(pause, wanted)
        return min(pause, _LONGEST_PAUSE_SECONDS)

    def _adapt(self, busy: float) -> None:
        if busy > self._budget.latency_seconds:
            self.batch = max(_LEAST_BATCH, self.batch // 2)
            self._caution = min(_MOST_CAUTION, self._caution * 2)
        else:
            self._caution = max(1.0, self._caution * 0.8)
            if busy < self._budget.latency_seconds / 2:
                self.batch = min(self._most, self.batch + self.batch // 8 + 1)

    def shrink(self) -> bool:
        """The replies of a step were too large: take smaller ones; False where that is not possible."""
        self.batch //= 4
        fits = self.batch >= 1
        self.batch = max(1, self.batch)
        return fits
