"""Completeness tells from which moment on the store holds all that was written."""

from typing import Final

# Later than any sample.
_NOTHING: Final = 1 << 62


class Completeness:
    """All that any source has written later than `after_ms` is held.

    `newest_ms` is the newest of it (0: there is nothing). Times are in milliseconds.
    """

    def __init__(self) -> None:
        self.after_ms = _NOTHING
        self.newest_ms = 0

    def note(self, timestamp_ms: int) -> None:
        """Note a sample: the first one is where it begins."""
        if self.after_ms == _NOTHING:
            self.after_ms = timestamp_ms - 1
        self.newest_ms = max(self.newest_ms, timestamp_ms)

    def drop(self, until_ms: int) -> None:
        """Note that something of up to a moment was dropped (milliseconds)."""
        self.after_ms = max(self.after_ms, until_ms)

    def shift(self, by_ms: int) -> None:
        """Note that everything was moved in time (milliseconds)."""
        if self.after_ms != _NOTHING:
            self.after_ms += by_ms
            self.newest_ms += by_ms
