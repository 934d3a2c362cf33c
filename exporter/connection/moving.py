"""A host whose name is given another address, while a connection to the old one stands."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Final

from exporter.connection.names import Name, is_name, name_of
from exporter.errors import TargetError
from exporter.log import get_logger
from exporter.model.target import Address

log = get_logger(__name__)

# How long a follower waits for the resolver; the connection is used meanwhile.
_PATIENCE_SECONDS: Final = 5.0
# Whoever moves a name may be quicker than the server at the new address is up.
_RETRY_SECONDS: Final = 10.0
_ATTEMPTS: Final = 3


Peer = Callable[[], str]
Renew = Callable[[], Coroutine[Any, Any, None]]
GiveUp = Callable[[TargetError], None]


def follower_of(address: Address, *, peer: Peer, renew: Renew, give_up: GiveUp) -> "Follower | None":
    """Return the follower that resolves the host again; None where the configuration has an address."""
    if address.path or not is_name(address.host):
        return None
    return Follower(name_of(address.host), peer=peer, renew=renew, give_up=give_up)


class Follower:
    """Has a connection renewed once the host is no longer at the address where it leads to.

    `peer` tells that address, empty for no connection. `renew` opens a connection to one of the new addresses
    and raises `TargetError` where that fails; after some attempts `give_up` is called with the error: whoever
    goes by the name cannot reach the server. A resolver that fails or hangs changes nothing.
    """

    def __init__(self, name: Name, *, peer: Peer, renew: Renew, give_up: GiveUp) -> None:
        self._name = name
        self._peer = peer
        self._renew = renew
        self._give_up = give_up
        self._seen = -1
        self._failures = 0
        self._retry_at = 0.0
        self._task: asyncio.Task[None] | None = None

    def look(self) -> None:
        """The connection is going to be used: see whether it is time to look, or whether others have."""
        is_retry = self._failures > 0 and time.monotonic() >= self._retry_at
        if self._name.is_due or self._name.version != self._seen or is_retry:
            self.look_now(ask=self._name.is_due)

    def look_now(self, *, ask: bool = True) -> None:
        """Look in the background where the host is, by what the resolver says now (`ask`) or has said."""
        if self._task is None:
            self._task = asyncio.create_task(self._follow(ask))
            self._task.add_done_callback(self._done)

    def _done(self, _: "asyncio.Task[None]") -> None:
        self._task = None

    async def _follow(self, ask: bool) -> None:
        if ask:
            with suppress(OSError):
                async with asyncio.timeout(_PATIENCE_SECONDS):
                    await self._name.look_up()
        self._seen = self._name.version
        peer = self._peer()
        if not peer or not self._name.has_left(peer):
            self._failures = 0
            return
        try:
            await self._renew()
        except TargetError as error:
            self._failed(error)
        else:
            self._failures = 0
            now = ", ".join(self._name.addresses)
            log.info("a host has another address: connected anew", host=self._name.host, was=peer, now=now)

    def _failed(self, error: TargetError) -> None:
        self._failures += 1
        self._retry_at = time.monotonic() + _RETRY_SECONDS
        if self._failures >= _ATTEMPTS:
            self._failures = 0
            self._give_up(error)

    async def close(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
