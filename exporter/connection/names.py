"""Host names: their addresses, looked up again and again, in threads that nothing else depends on."""

import asyncio
import ipaddress
import queue
import socket
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from functools import lru_cache
from typing import Any, Final, Literal, TypeVar

AnswerT = TypeVar("AnswerT")

Users = Literal["targets", "discovery", "receivers"]
"""Who wants to know; each has threads of its own, so that what hangs for one is not felt by the others."""

# So old may be what a standing connection goes by.
LOOK_UP_SECONDS: Final = 60.0
# A resolver that hangs occupies a thread for half a minute; further names wait for one to be free.
_MOST_THREADS: Final = 64
# A name whose last look-up took as long as this is looked up in other, fewer threads: no name that the
# resolver knows waits behind those that it does not answer for.
_SLOW_SECONDS: Final = 2.0
_MOST_SLOW_THREADS: Final = 16
_MOST_NAMES: Final = 4096
# A name whose addresses leave and return within this time names several servers in turn.
_ROTATION_SECONDS: Final = 600.0
_RETURNS_OF_A_ROTATION: Final = 2


class Name:
    """The addresses of one host as the resolver told them last; all connections to the host share them.

    `version` grows whenever they become others. Looked up at most once at a time.
    """

    def __init__(self, host: str, users: Users = "targets") -> None:
        self.host = host
        self._users: Users = users
        self._is_slow = False
        self.addresses: tuple[str, ...] = ()
        self.version = 0
        # Which address a port was reached at last: of several, all connections are to take the same.
        self.reached: dict[int, str] = {}
        self._tried_at = -LOOK_UP_SECONDS
        self._left_at: dict[str, float] = {}
        self._returned_at: list[float] = []
        self._asking: asyncio.Future[tuple[str, ...]] | None = None

    @property
    def is_due(self) -> bool:
        """Whether it is time to look it up again."""
        return not 0 <= time.monotonic() - self._tried_at < LOOK_UP_SECONDS

    async def look_up(self) -> tuple[str, ...]:
        """Ask the resolver.

        Raises `socket.gaierror` where it knows no addresses, or cannot tell.
        """
        loop = asyncio.get_running_loop()
        if self._asking is None or self._asking.get_loop() is not loop:
            self._tried_at = time.monotonic()
            self._asking = loop.run_in_executor(_threads(self._users, self._is_slow), self._ask)
            self._asking.add_done_callback(self._answered)
        # Whoever gives up waiting does not stop it: the next one wants to know as well.
        return await asyncio.shield(self._asking)

    def _ask(self) -> tuple[str, ...]:
        """In a thread: what the resolver says, and how long that takes."""
        began = time.monotonic()
        try:
            return look_up(self.host)
        finally:
            self._is_slow = time.monotonic() - began >= _SLOW_SECONDS

    def _answered(self, asked: "asyncio.Future[tuple[str, ...]]") -> None:
        if self._asking is asked:
            self._asking = None
        if not asked.cancelled() and asked.exception() is None:
            self.note(asked.result(), time.monotonic())

    async def to_connect(self, port: int, patience_seconds: float) -> Sequence[str]:
        """Resolve the addresses to connect to, the one that was reached last first.

        Where the resolver fails or does not answer in time, its last answer stands.

        Raises `socket.gaierror`.
        """
        try:
            async with asyncio.timeout(patience_seconds):
                addresses = await self.look_up()
        except TimeoutError:
            if not self.addresses:
                raise socket.gaierror(socket.EAI_AGAIN, "the name server does not answer") from None
            addresses = self.addresses
        except socket.gaierror as error:
            if error.errno != socket.EAI_AGAIN or not self.addresses:
                raise
            addresses = self.addresses
        reached = self.reached.get(port)
        return sorted(addresses, key=lambda address: address != reached)

    def note(self, addresses: tuple[str, ...], at: float) -> None:
        """The resolver has answered, at that moment (monotonic seconds)."""
        before, now = set(self.addresses), set(addresses)
        self._returned_at += [at for address in now - before if address in self._left_at]
        self._returned_at = [one for one in self._returned_at if at - one < _ROTATION_SECONDS]
        left = dict.fromkeys(before - now, at)
        self._left_at = {
            address: moment
            for address, moment in {**self._left_at, **left}.items()
            if address not in now and at - moment < _ROTATION_SECONDS
        }
        self.addresses = addresses
        self.version += now != before

    def has_left(self, address: str) -> bool:
        """Whether the host is no longer to be found at this address.

        A name that stands for one of several servers in turn, as those of readers do, is still there.
        """
        if not self.addresses or address in self.addresses:
            return False
        is_rotating = len(self._returned_at) >= _RETURNS_OF_A_ROTATION
        return not (is_rotating and address in self._left_at)


@lru_cache(_MOST_NAMES)
def name_of(host: str, users: Users = "targets") -> Name:
    """The name that all connections of these users to this host share."""
    return Name(host, users)


def is_name(host: str) -> bool:
    """Whether a host is a name, and not an address."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return True
    return False


def look_up(host: str) -> tuple[str, ...]:
    """The addresses of a host by the machine's resolver, the preferred one first; takes as long as it takes.

    Raises `socket.gaierror`.
    """
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise socket.gaierror(socket.EAI_NONAME, "that cannot be the name of a host") from None
    return tuple(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


async def ask_in_thread(users: Users, question: Callable[[], AnswerT], patience_seconds: float) -> AnswerT:
    """Have something else looked up in the threads of these users, for so long at most.

    Raises `TimeoutError`, and what the question raises.
    """
    asked = asyncio.get_running_loop().run_in_executor(_threads(users, False), question)
    async with asyncio.timeout(patience_seconds):
        return await asked


class _Threads(Executor):
    """A few threads that do not keep the process from ending, as those of the standard library would."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._work: queue.SimpleQueue[tuple[Future[Any], Callable[..., Any], tuple[Any, ...]]]
        self._work = queue.SimpleQueue()
        self._idle = threading.Semaphore(0)
        self._count = 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **_: Any) -> "Future[Any]":
        """Call the function as soon as a thread is free."""
        future: Future[Any] = Future()
        self._work.put((future, fn, args))
        if not self._idle.acquire(blocking=False) and self._count < self._most:
            self._count += 1
            threading.Thread(target=self._run, name="resolver", daemon=True).start()
        return future

    def _run(self) -> None:
        while True:
            future, fn, args = self._work.get()
            if future.set_running_or_notify_cancel():
                try:
                    result = fn(*args)
                except BaseException as error:
                    future.set_exception(error)
                else:
                    future.set_result(result)
            self._idle.release()


@lru_cache
def _threads(users: Users, is_slow: bool) -> _Threads:
    return _Threads(_MOST_SLOW_THREADS if is_slow else _MOST_THREADS)
