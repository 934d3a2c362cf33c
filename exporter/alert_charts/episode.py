"""Episodes: the times in which an alert fired."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Episode:
    """One time of firing, in epoch milliseconds; `pending_ms`: since then it was pending.

    `end_ms` None: it fires, or nobody knows when it ended.
    """

    pending_ms: int
    start_ms: int
    end_ms: int | None

    def lasted_ms(self, now_ms: int) -> int:
        """How long it was, or is by now."""
        return max(0, (now_ms if self.end_ms is None else self.end_ms) - self.start_ms)
