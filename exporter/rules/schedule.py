"""When a group is evaluated: at fixed moments that differ from group to group."""

from dataclasses import dataclass

from exporter.rules.model import GroupKey


def phase_ms(key: GroupKey, interval_ms: int) -> int:
    """How long after a multiple of the interval a group is due: a hash of its file and name.

    The same in every process, so that a restart does not move the evaluations.
    """
    digest = 0xCBF29CE484222325
    for byte in str(key).encode():
        digest = ((digest ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    # The upper bits of FNV-1a are the better mixed ones.
    return (digest >> 16) % interval_ms


@dataclass(frozen=True, slots=True)
class Turn:
    """One evaluation that is due: for which moment, and how many slots before it were missed."""

    at_ms: int
    missed: int


class Timetable:
    """The slots of one group; times are milliseconds since the epoch."""

    def __init__(self, interval_ms: int, phase: int, now_ms: int) -> None:
        self.interval_ms = interval_ms
        self.phase_ms = phase
        self.due_ms = self.slot_before(now_ms) + interval_ms

    def slot_before(self, at_ms: int) -> int:
        """The latest slot that is not after a moment."""
        return at_ms - (at_ms - self.phase_ms) % self.interval_ms

    def wait_ms(self, now_ms: int) -> int:
        """How long until the next slot; 0 when it is due."""
        if self.due_ms - now_ms > self.interval_ms:
            # The clock has been set back.
            self.due_ms = self.slot_before(now_ms) + self.interval_ms
        return max(0, self.due_ms - now_ms)

    def take(self, now_ms: int) -> Turn:
        """The slot to evaluate now that one is due: the latest; the ones between are lost."""
        slot = max(self.due_ms, self.slot_before(now_ms))
        missed = (slot - self.due_ms) // self.interval_ms
        self.due_ms = slot + self.interval_ms
        return Turn(slot, missed)
