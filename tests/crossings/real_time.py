"""What servers do by themselves takes real time, of which a daemon in fast time sees nothing."""

import time
from collections.abc import Callable
from typing import Final

_PATIENCE_SECONDS: Final = 30.0


def wait(condition: Callable[[], object]) -> None:
    """Until a condition holds."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "the servers did not get there"
        time.sleep(0.02)


def rest(seconds: float) -> None:
    """For so long."""
    time.sleep(seconds)
