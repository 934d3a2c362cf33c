"""The identity of a server is asked at each address, so that one that is found twice is monitored once."""

import asyncio
import re
from collections.abc import Iterable, Sequence
from ipaddress import ip_address
from typing import Final

from exporter.connection import Connection
from exporter.connection.names import is_name, name_of
from exporter.discovery.asking import text
from exporter.errors import TargetError
from exporter.model.target import Address, Target

_TIMEOUT_SECONDS: Final = 2.0
# However many there are: the rest is told apart once it has been sampled.
_ROUND_SECONDS: Final = 10.0
_AT_A_TIME: Final = 50
_RUN_ID: Final = re.compile(r"^run_id:(\S+)\r?$", re.MULTILINE)
# Forty digits: some servers that are none of Redis say just zeros.
_REAL_RUN_ID: Final = re.compile(r"(?!(.)\1*$)[0-9a-f]{40}")

Place = tuple[str, int]
"""Where a server is: its host in lower case and port, or the path of its socket and 0."""


def place_of(address: Address) -> Place:
    """The place of an address; the database and TLS make no difference."""
    return (address.path, 0) if address.path else (address.host.lower(), address.port)


def places_of(address: Address) -> frozenset[Place]:
    """Return the address, and the one that its host's name leads to, as far as that is known.

    It is left out where a name stands for several servers.
    """
    place = place_of(address)
    if address.path or not is_name(address.host):
        return frozenset({place})
    addresses = name_of(address.host).addresses
    is_one = len(addresses) == 1 or all(ip_address(one).is_loopback for one in addresses)
    return frozenset({place, *((one.lower(), address.port) for one in addresses if is_one)})


class Identities:
    """The run ids of servers by where they are, as last heard: a server has another one after a restart."""

    def __init__(self) -> None:
        self._run_ids: dict[Place, str] = {}

    def of(self, target: Target) -> str:
        """Return the identity of a server; empty where it is not known."""
        return self._run_ids.get(place_of(target.address), "")

    def note(self, target: Target, run_id: str) -> bool:
        """Note the run id of a server; returns whether that may matter to others.

        It does where the server had another one before, or where another address has the same.
        """
        known = self.of(target)
        if run_id == known or not _REAL_RUN_ID.fullmatch(run_id):
            return False
        is_shared = run_id in self._run_ids.values()
        self._run_ids[place_of(target.address)] = run_id
        return bool(known) or is_shared

    def forget(self, targets: Iterable[Target]) -> None:
        """These may be other servers than before."""
        for target in targets:
            self._run_ids.pop(place_of(target.address), None)

    def keep_only(self, targets: Iterable[Target]) -> None:
        """Nothing else is needed any more."""
        places = {place_of(target.address) for target in targets}
        self._run_ids = {place: run_id for place, run_id in self._run_ids.items() if place in places}

    async def ask(self, targets: Sequence[Target]) -> None:
        """Ask these servers; of one that does not say nothing becomes known."""
        room = asyncio.Semaphore(_AT_A_TIME)

        async def ask(target: Target) -> None:
            async with room:
                self.note(target, await _ask_run_id(target))

        tasks = [asyncio.create_task(ask(target)) for target in targets]
        if not tasks:
            return
        try:
            await asyncio.wait(tasks, timeout=_ROUND_SECONDS)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _ask_run_id(target: Target) -> str:
    connection = Connection(target, timeout_seconds=_TIMEOUT_SECONDS, name="redis-vigil-discovery")
    try:
        match = _RUN_ID.search(text(await connection.execute("INFO", "server")))
        return match[1] if match else ""
    except TargetError:
        return ""
    finally:
        await connection.close()
