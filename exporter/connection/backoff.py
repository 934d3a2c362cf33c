"""Attempts to connect that come at growing distances."""

import time
from collections.abc import Iterator
from typing import Final

from exporter.errors import TargetError
from exporter.timing.backoff import exponential_backoff

_FIRST_SECONDS: Final = 0.1
_LAST_SECONDS: Final = 5.0
# A timer may ring that much too early.
_TIMER_SECONDS: Final = 0.005


class Backoff:
    """When the next attempt is to be made, and what the last one failed of."""

    def __init__(self) -> None:
        self._delays = _delays()
        self._retry_at = 0.0
        self._error: TargetError | None = None

    def require_turn(self) -> None:
        """Raises the error of the last attempt, if it is too early for the next one."""
        if self._error is not None and time.monotonic() < self._retry_at:
            raise self._error.copy()

    @property
    def pause_seconds(self) -> float:
        """How long to wait for the next attempt; 0 where it may be made now."""
        seconds = 0.0 if self._error is None else max(0.0, self._retry_at - time.monotonic())
        return seconds and seconds + _TIMER_SECONDS

    def failed(self, error: TargetError) -> None:
        """An attempt has failed: wait longer than before."""
        self._retry_at = time.monotonic() + next(self._delays)
        self._error = error.copy()

    def succeeded(self) -> None:
        """We are connected."""
        self._delays = _delays()
        self._error = None


def _delays() -> Iterator[float]:
    return exponential_backoff(_FIRST_SECONDS, _LAST_SECONDS)
