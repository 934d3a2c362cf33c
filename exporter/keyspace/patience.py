"""Waiting for a server that cannot be asked."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Final, TypeVar

from exporter.clock import Clock
from exporter.errors import Reason, ReplyError, TargetError
from exporter.sampling.pace import Pace
from exporter.timing.backoff import exponential_backoff

_FIRST_RETRY_SECONDS: Final = 0.5
_LAST_RETRY_SECONDS: Final = 30.0

Result = TypeVar("Result")


class Patience:
    """Does things again and again where the server cannot be asked, for at most `seconds` (None: for ever).

    `trouble` tells what is being waited for, None where all is well (see `relax`).
    """

    def __init__(
        self,
        seconds: float | None,
        pace: Pace,
        clock: Clock,
        sleep: Callable[[float], Awaitable[object]],
    ) -> None:
        self.trouble: TargetError | None = None
        self._seconds = seconds
        self._pace = pace
        self._clock = clock
        self._sleep = sleep
        self._failing_since: float | None = None

    def relax(self) -> None:
        """The server answers."""
        self._failing_since = self.trouble = None

    async def insist(self, work: Callable[[], Awaitable[Result]]) -> Result:
        """Do something.

        Raises `TargetError` where the server refuses a command, its replies are too large however small the
        steps, or patience has ended.
        """
        delays = _delays()
        while True:
            try:
                return await work()
            except TargetError as error:
                if isinstance(error, ReplyError) and error.is_unsupported:
                    raise
                if error.reason is Reason.PROTOCOL and not self._pace.shrink():
                    raise
                if self._failing_since is None:
                    delays, self._failing_since = _delays(), self._clock.monotonic()
                self.trouble = error
                waited = self._clock.monotonic() - self._failing_since
                if self._seconds is not None and waited > self._seconds:
                    raise
            await self._sleep(next(delays))


def _delays() -> Iterator[float]:
    return exponential_backoff(_FIRST_RETRY_SECONDS, _LAST_RETRY_SECONDS)
