"""`Job`: periodic work of a part of the daemon, as the part declares it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Job:
    """Work that is to be done every so often, whatever becomes of it each time.

    `name` is a label of metrics. `interval_seconds` is asked before each run, so that it follows the
    configuration. A run that is not over after `deadline_seconds` is cut off. `at_once`: the first run is at
    the start, not an interval later. `from_end`: the interval begins when a run is over, so that after one
    that takes long no run has to be left out. A run that raises `JobError` has failed, and its part has said
    so.
    """

    name: str
    run: Callable[[], Awaitable[object]]
    interval_seconds: Callable[[], float]
    deadline_seconds: float
    at_once: bool = False
    from_end: bool = False


class Jobs(Protocol):
    """Runs jobs; for parts whose jobs come and go."""

    def add(self, job: Job) -> None:
        """Run another job."""
        ...

    async def remove(self, name: str) -> None:
        """Run a job no more; a run under way is cancelled."""
        ...

    def run_soon(self, name: str) -> None:
        """Run a job now, unless it is being run."""
        ...


def every(seconds: float) -> Callable[[], float]:
    """An interval that stays the same."""
    return lambda: seconds
