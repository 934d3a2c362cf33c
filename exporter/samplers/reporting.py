"""Waits for a pass of every sampler of a target, before rules are evaluated."""

from collections.abc import Callable, Iterable


class Reporting:
    """The samplers of a target that have had no pass yet since a report of all of them was asked for.

    `names` are those that are asked; moments are monotonic seconds.
    """

    def __init__(self, names: Iterable[str], at: float) -> None:
        self._names = frozenset(names)
        self._asked_at = at
        self._unheard = set(self._names)

    @property
    def is_complete(self) -> bool:
        """Whether every sampler has reported."""
        return not self._unheard

    def begin(self, at: float) -> None:
        """Ask for a report; passes under way at that moment do not count."""
        self._asked_at = at
        self._unheard = set(self._names)

    def note(self, heard: Iterable[str], began: float, is_awaited: Callable[[str], bool]) -> bool:
        """Note passes that began at this moment; return whether that has made the report complete.

        `is_awaited` tells of the others whether they will have one.
        """
        if not self._unheard or began < self._asked_at:
            return False
        self._unheard.difference_update(heard)
        if any(is_awaited(name) for name in self._unheard):
            return False
        self._unheard.clear()
        return True
