"""A pause of Python's cycle collector, for as long as queries run.

What a large query makes is looked through again and again by the collector, and with it all that the daemon
holds: a tenth of a second each time at 2,000 servers. Queries make no cycles: what they leave goes at once.
Others do (exceptions and their frames above all), so that the collector has to see what is young.
"""

import gc
import time
from typing import Final

# Where queries never end, cycles of others are looked for after so long nevertheless.
_LONGEST_SECONDS: Final = 600.0
# So many new objects are looked through in some ten milliseconds, and with those of the time before in 25.
_MANY_NEW: Final = 12_000


class CollectorPause:
    """Counts who wants the collector to rest; it goes on when nobody does."""

    def __init__(self) -> None:
        self._wanted_by = 0
        self._was_enabled = False
        self._since = 0.0

    def begin(self) -> None:
        """One more wants it to rest."""
        self._wanted_by += 1
        if self._wanted_by == 1:
            self._was_enabled = gc.isenabled()
            self._since = time.monotonic()
            gc.disable()

    def end(self) -> None:
        """One no longer does."""
        self._wanted_by -= 1
        if not self._was_enabled:
            return
        if self._wanted_by == 0:
            if _are_many_new():
                # They count as old: to look through all of them now would hold the event loop up. After each
                # query that would be a leak, since the old are looked through next to never.
                gc.freeze()
                gc.unfreeze()
            gc.enable()
        elif time.monotonic() - self._since > _LONGEST_SECONDS:
            self._since = time.monotonic()
            gc.collect(1)


def _are_many_new() -> bool:
    # What is old and goes is taken off the count, which so tells too few. To list very many takes long.
    return gc.get_count()[0] > _MANY_NEW or len(gc.get_objects(generation=0)) > _MANY_NEW
