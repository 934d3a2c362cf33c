"""Servers that close connections nobody has used for a while (`timeout` in redis.conf, load balancers)."""

from typing import Final

# Redis looks at its clients once a second, and counts whole seconds.
_JITTER_SECONDS: Final = 2.0
# A connection that is closed sooner was not idle.
_LEAST_SECONDS: Final = 0.9


class IdleCloses:
    """Estimates after how long a server closes idle connections: such a close is no news of the server.

    It takes two closes of the same age after which the same run of the server was found well. A connection
    that gets older shows that there is no such limit any more.
    """

    def __init__(self) -> None:
        self._suspected: float | None = None
        self._limit_seconds: float | None = None
        self._asked_about: float | None = None

    def is_news(self, idle_seconds: float) -> bool:
        """Return whether to sample the server, which has closed a connection that was idle for so long."""
        limit = self._limit_seconds
        if limit is not None and -_JITTER_SECONDS / 2 <= idle_seconds - limit <= 2 * _JITTER_SECONDS:
            return False
        self._asked_about = idle_seconds if idle_seconds >= _LEAST_SECONDS else None
        return True

    def found(self, is_same_run: bool) -> None:
        """Note that the server answers; `is_same_run`: it is the same run as before."""
        age, self._asked_about = self._asked_about, None
        if age is None or not is_same_run:
            return
        if self._suspected is not None and abs(age - self._suspected) <= _JITTER_SECONDS:
            self._limit_seconds = min(age, self._suspected)
        self._suspected = age

    def stood(self, idle_seconds: float) -> None:
        """Note that a connection is still open after having been idle for so long."""
        if self._limit_seconds is not None and idle_seconds > self._limit_seconds + 2 * _JITTER_SECONDS:
            self._suspected = self._limit_seconds = None
