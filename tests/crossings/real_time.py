"""What servers do by themselves takes real time, of which a daemon in fast time sees nothing."""

import time
from collections.abc import Callable
from typing import Final

import redis

_PATIENCE_SECONDS: Final = 30.0


def wait(condition: Callable[[], object]) -> None:
    """Until a condition holds; an error reply says that it does not yet."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not _holds(condition):
        assert time.monotonic() < deadline, "the servers did not get there"
        time.sleep(0.02)


def _holds(condition: Callable[[], object]) -> bool:
    try:
        return bool(condition())
    except redis.ResponseError:
        return False


def rest(seconds: float) -> None:
    """For so long."""
    time.sleep(seconds)
