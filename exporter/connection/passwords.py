"""Passwords that change while the daemon runs: kept until a server refuses them, then read anew."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from functools import lru_cache
from typing import Any, Final

from exporter.config.fields import required_environment, text_from_file
from exporter.connection.minting import mint
from exporter.errors import Reason, TargetError
from exporter.log import get_logger
from exporter.model.secret import Secret
from exporter.model.target import Credentials, PasswordSource, Target
from exporter.timing.backoff import exponential_backoff

log = get_logger(__name__)

# A program whose passwords are refused, or that fails, is asked again at growing distances.
_FIRST_PAUSE_SECONDS: Final = 5.0
_LAST_PAUSE_SECONDS: Final = 60.0
_MAX_SOURCES: Final = 4096


class Passwords:
    """The passwords of one source.

    All connections that use it share what was read, so that a program runs once for a cluster, and a password
    that one server has refused is not tried on the next.

    `run` starts a program, `monotonic` tells the seconds.
    """

    def __init__(
        self,
        source: PasswordSource,
        *,
        run: Callable[[Sequence[str]], Coroutine[Any, Any, Secret]] = mint,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.source = source
        self._run = run
        self._monotonic = monotonic
        self._value: Secret | None = None
        self._refused: Secret | None = None
        self._running: asyncio.Task[Secret] | None = None
        self._pauses = _pauses()
        self._next_run_at = 0.0
        self._failure: TargetError | None = None

    @property
    def is_awaited(self) -> bool:
        """Whether a program is under way."""
        return self._running is not None

    async def current(self) -> Secret:
        """Return the password to log in with: the last one read, unless a server has refused it.

        Raises `TargetError` (authentication) where there is none.
        """
        if self._value is None or self._value == self._refused:
            await self._read()
        assert self._value is not None
        return self._value

    async def renew(self, refused: Secret) -> Secret:
        """A server has refused this one: what the source says now, which may be the same.

        Raises `TargetError` (authentication) where it says nothing.
        """
        if self._value == refused:
            self._refused = refused
            await self._read()
        assert self._value is not None
        if self._value != refused:
            log.info("a server has refused the password: read it again", source=str(self.source))
        return self._value

    def accepted(self, password: Secret) -> None:
        """A server has let us in with this one."""
        if password == self._refused:
            # Another server refuses it, for which a new one each time would be no help.
            self._refused = None
        else:
            self._pauses, self._next_run_at = _pauses(), 0.0

    async def _read(self) -> None:
        if self.source.command:
            self._value = await self._mint()
            return
        try:
            self._value = _read_now(self.source)
        except ValueError as error:
            # It may be about to be written: what was good before may still be.
            if self._value is None:
                raise TargetError(Reason.AUTH, f"{self.source}: {error}") from None

    async def _mint(self) -> Secret:
        """Run the program for a password; return the last one where it ran a moment ago."""
        if self._running is None or self._running.get_loop() is not asyncio.get_running_loop():
            if self._monotonic() < self._next_run_at:
                return self._last()
            self._running = asyncio.create_task(self._run(self.source.command))
            self._running.add_done_callback(self._ended)
        # Whoever gives up waiting does not stop it: what it prints is for the next attempt.
        return await asyncio.shield(self._running)

    def _last(self) -> Secret:
        if self._failure is not None:
            raise self._failure.copy()
        assert self._value is not None
        return self._value

    def _ended(self, task: asyncio.Task[Secret]) -> None:
        if self._running is task:
            self._running = None
        self._next_run_at = self._monotonic() + next(self._pauses)
        if task.cancelled():
            return
        error = task.exception()
        self._failure = error.copy() if isinstance(error, TargetError) else None
        if error is None:
            self._value = task.result()


class FixedPassword:
    """One that stands in the configuration, and so never changes."""

    source = None
    is_awaited = False

    def __init__(self, password: Secret) -> None:
        self._password = password

    async def current(self) -> Secret:
        """The password."""
        return self._password

    async def renew(self, refused: Secret) -> Secret:
        """There is no other."""
        return self._password

    def accepted(self, password: Secret) -> None:
        """That makes no difference."""


def passwords_of(credentials: Credentials) -> Passwords | FixedPassword:
    """Where the password of these is to be had; the same object for the same source."""
    if credentials.source is None:
        return FixedPassword(credentials.password)
    return _shared(credentials.source)


@lru_cache(maxsize=_MAX_SOURCES)
def _shared(source: PasswordSource) -> Passwords:
    return Passwords(source)


def _read_now(source: PasswordSource) -> Secret:
    if source.file is not None:
        if source.file.exists() and not source.file.is_file():
            # A pipe can be read once, and whoever reads it again waits for ever.
            raise ValueError(f"{source.file} is not a regular file, which could be read again")
        return Secret(text_from_file(source.file))
    return Secret(required_environment(source.variable))


def timed_out(target: Target, *, is_connected: bool) -> TargetError:
    """The error of a request without an answer in time; the reason is `auth` while a password is awaited."""
    passwords = passwords_of(target.credentials)
    if not is_connected and passwords.is_awaited:
        return TargetError(Reason.AUTH, f"{target.address}: {passwords.source} has given no password yet")
    return TargetError(Reason.TIMEOUT, f"{target.address}: no answer in time")


def _pauses() -> Iterator[float]:
    return exponential_backoff(_FIRST_PAUSE_SECONDS, _LAST_PAUSE_SECONDS)
