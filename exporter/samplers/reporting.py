"""Whether there is news of a target: rules wait for it."""

from collections.abc import Callable, Iterable


class Reporting:
    """Which samplers of a target have had no pass yet since news of all of them was asked for.

    `names` are those that are asked; moments are monotonic seconds.
    """

    def __init__(self, names: Iterable[str], at: float) -> None:
        self._names = frozenset(names)
        self._asked_at = at
        self._unheard = set(self._names)

    @property
    def is_complete(self) -> bool:
        """Whether nobody has to be waited for."""
        return not self._unheard

    def begin(self, at: float) -> None:
        """Ask for news; what is under way at that moment is none."""
        self._asked_at = at
        self._unheard = set(self._names)

    def note(self, heard: Iterable[str], began: float, is_awaited: Callable[[str], bool]) -> bool:
        """These have had their pass, which began at that moment; whether that has made the news complete.

        `is_awaited` tells of the others whether they will have one.
        """
        if not self._unheard or began < self._asked_at:
            return False
        self._unheard.difference_update(heard)
        if any(is_awaited(name) for name in self._unheard):
            return False
        self._unheard.clear()
        return True
