"""A cursor in the slow log: finds the entries that are new, and counts those dropped before they were read.

Entries are numbered on from 0 since the server started; SLOWLOG RESET empties the log and numbers go on. So
the highest number ever seen tells exactly how many entries came since, of which those that are not read are
lost.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from exporter.samplers.slowlog.entries import Entry

# `slowlog-max-len` in redis.conf.
DEFAULT_CAPACITY: Final = 128


@dataclass(frozen=True, slots=True)
class Delta:
    """The difference between two snapshots of the log.

    `entries` are the new ones, oldest first; `lost` came and went unread. `uncertain`: an unknown number was
    lost besides, which nobody can count. `reset`: somebody emptied the log.
    """

    entries: Sequence[Entry] = ()
    lost: int = 0
    uncertain: bool = False
    reset: bool = False


class SlowlogCursor:
    """The place in one server's log up to which entries have been counted.

    It is opened by `begin`; from then on `advance` is given what the log holds.
    """

    def __init__(self) -> None:
        self._last_id: int | None = None
        self._length = 0
        self._longest = 0
        self.is_open = False

    @property
    def capacity(self) -> int:
        """The most entries that the log has been seen to hold."""
        return self._longest

    def begin(self, newest: Sequence[Entry], length: int, *, starts_at_zero: bool) -> None:
        """Start behind the entries that are in the log: none of them is new.

        `starts_at_zero`: if the log is empty, then since nothing was ever logged.
        """
        self.is_open = True
        if newest:
            self._last_id = newest[0].id
        elif starts_at_zero:
            self._last_id = -1
        self._note_length(length)

    def restart(self) -> None:
        """Go back to the beginning: after a restart numbers start at 0, and the log is empty."""
        self._last_id = -1
        self._length = 0

    def count_new(self, newest: Sequence[Entry]) -> int:
        """Return how many entries are new, given the newest of the log; `advance` needs so many."""
        if not newest:
            return 0
        if self._last_id is None:
            # Nothing is known of before: all that is there is new.
            return max(self._longest, newest[0].id + 1)
        if newest[0].id < self._last_id:
            return newest[0].id + 1
        return newest[0].id - self._last_id

    def advance(self, newest: Sequence[Entry], length: int, *, capacity: int = 0) -> Delta:
        """Go on to the newest entries of a log of this length, given newest first.

        `capacity` is how many the log can hold, 0 for unknown.
        """
        if newest and self._last_id is not None and newest[0].id < self._last_id:
            # Numbers have gone back: another server answers, or the same one started again.
            self.restart()
            delta = self._account(newest, length, capacity)
            return Delta(delta.entries, delta.lost, uncertain=True)
        return self._account(newest, length, capacity)

    def _account(self, newest: Sequence[Entry], length: int, capacity: int) -> Delta:
        if not newest:
            reset = length < self._length
            self._note_length(length)
            return Delta(reset=reset)
        highest = newest[0].id
        uncertain = False
        if self._last_id is None:
            # Numbers were not known while the log was empty. As long as it is not full, none was dropped.
            self._last_id = min(newest[-1].id - 1, highest - length)
            uncertain = self._last_id >= 0 and length >= (capacity or DEFAULT_CAPACITY)
        came = highest - self._last_id
        entries = [entry for entry in reversed(newest) if entry.id > self._last_id]
        reset = length < min(self._length + came, capacity or self._longest)
        self._last_id = highest
        self._note_length(length)
        return Delta(entries, came - len(entries), uncertain, reset)

    def _note_length(self, length: int) -> None:
        self._length = length
        self._longest = max(self._longest, length)
