"""`Job`: periodic work of a part of the daemon, as the part declares it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Job:
    """Work that is to be done every so often, whatever becomes of it each time.

    `name` is a label of metrics. `interval_seconds` is asked before each run, so that it follows the
    configuration. A run that is not over after `deadline_seconds` is cut off. `at_once`: the first run is at
    the start, not an interval later.
    """

    name: str
    run: Callable[[], Awaitable[object]]
    interval_seconds: Callable[[], float]
    deadline_seconds: float
    at_once: bool = False


def every(seconds: float) -> Callable[[], float]:
    """An interval that stays the same."""
    return lambda: seconds
