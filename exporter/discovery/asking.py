"""Asking one of several servers of which any will do."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final, TypeVar

from exporter.connection import Connection
from exporter.errors import DiscoveryError, Reason, TargetError
from exporter.model.target import Address, Target

AnswerT = TypeVar("AnswerT")

TIMEOUT_SECONDS: Final = 5.0
"""How long one server may take for all that it is asked at once."""

MAX_SERVERS: Final = 2_000
"""How many servers one may tell of: a cluster has a thousand at most, as Redis recommends."""

_MAX_KNOWN: Final = 1_000
_MAX_REPLY_BYTES: Final = 4 << 20
# What comes of reading an answer of another form than that of any server that is known.
_OF_OTHER_FORMS: Final = (LookupError, TypeError, ValueError, AttributeError, RecursionError)


class Informants:
    """The servers that a source asks: those that are configured, and others that these have told of.

    Who answered last is asked first; where it does not, the others follow in turn, also over several rounds:
    a round that is cut off is gone on with by the next one. `access` is the way to the others; where it is
    not given they are asked as the first seed is.
    """

    def __init__(self, seeds: Sequence[Target], access: Callable[[Address], Target] | None = None) -> None:
        self._seeds = list(seeds)
        self._access = access or self._like_first
        self._known: list[Target] = []
        self._next = 0

    def _like_first(self, address: Address) -> Target:
        return replace(self._seeds[0], instance=address.instance, address=address)

    @property
    def _all(self) -> list[Target]:
        return [*self._seeds, *self._known]

    @property
    def others(self) -> Sequence[Address]:
        """Those that were learnt of."""
        return [server.address for server in self._known]

    def learn(self, addresses: Iterable[Address]) -> None:
        """These could be asked as well: they take the place of the ones learnt before."""
        seeds = {seed.address for seed in self._seeds}
        asked = self._all[self._next].address
        others = [address for address in dict.fromkeys(addresses) if address not in seeds]
        self._known = [self._access(address) for address in others[:_MAX_KNOWN]]
        places = [server.address for server in self._all]
        self._next = places.index(asked) if asked in places else 0

    async def ask(self, question: Callable[[Connection], Awaitable[AnswerT]]) -> AnswerT:
        """The first answer; raises `DiscoveryError` with the errors where nobody answers."""
        failures: dict[Address, TargetError] = {}
        servers = self._all
        for _ in servers:
            server = servers[self._next]
            try:
                return await _ask(server, question)
            except TargetError as error:
                failures[server.address] = error
            # Before the next one is asked, which may take the rest of the round.
            self._next = (self._next + 1) % len(servers)
        raise _failure([failures[server.address] for server in servers])


async def _ask(server: Target, question: Callable[[Connection], Awaitable[AnswerT]]) -> AnswerT:
    connection = Connection(
        server,
        timeout_seconds=TIMEOUT_SECONDS,
        name="redis-vigil-discovery",
        max_reply_bytes=_MAX_REPLY_BYTES,
    )
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            return await question(connection)
    except TimeoutError:
        raise TargetError(Reason.TIMEOUT, f"{server.address}: no answer in time") from None
    except _OF_OTHER_FORMS as error:
        text = f"{server.address}: its answer cannot be read ({type(error).__name__})"
        raise TargetError(Reason.PROTOCOL, text) from error
    finally:
        await connection.close()


def require_few(count: int, asked: Address) -> None:
    """Raises `TargetError` where one tells of more servers than `MAX_SERVERS`."""
    if count > MAX_SERVERS:
        raise TargetError(Reason.PROTOCOL, f"{asked}: tells of more than {MAX_SERVERS:,} servers")


def _failure(errors: Sequence[TargetError]) -> DiscoveryError:
    """One line for all who did not answer; the seeds' errors come first."""
    more = "; the others do not answer either" if len(errors) > 1 else ""
    return DiscoveryError(f"{errors[0]}{more}", errors[0].reason)


def text(value: object) -> str:
    """A reply's bytes, or its number, as text; nothing of what is neither."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value) if isinstance(value, int | float | str) else ""
