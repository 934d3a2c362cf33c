"""Keeps an eye on the server during a scan: whether it is still the same, how it is, and in which role."""

from typing import Final

from exporter.clock import Clock
from exporter.connection import Connection, value_of
from exporter.errors import Reason, TargetError
from exporter.keyspace import condition
from exporter.sampling.pace import Pace
from exporter.sampling.server_info import ServerInfo

_LOOK_SECONDS: Final = 5.0
LINKED_REPLICA: Final = "linked_replica"


class ServerChangedError(Exception):
    """Behind the address there is another server, or another life of it: cursors mean nothing there."""


class WrongRoleError(Exception):
    """The server has a role in which it is not to be scanned."""


class Guard:
    """Asks INFO every few seconds, and whenever the connection is a new one.

    `run_id` is that of the server which the scan is about, empty until it is known; `run_on` the role in
    which it may be scanned: `primary` (as which `prefer_replica` counts here), `replica`, `any`, or a replica
    in the place of its primary (`LINKED_REPLICA`). `no_touch` tells whether reading a key can be kept
    from counting as a use of it.
    """

    def __init__(self, connection: Connection, run_on: str, pace: Pace, clock: Clock) -> None:
        self.server = ServerInfo()
        self.run_id = ""
        self.no_touch = False
        self._connection = connection
        self._run_on = run_on
        self._pace = pace
        self._clock = clock
        self._connects = -1
        self._looked_at = 0.0

    async def poll(self) -> None:
        """`refresh`, if it is time."""
        due = self._looked_at + _LOOK_SECONDS
        if self._connection.connects != self._connects or self._clock.monotonic() >= due:
            await self.refresh()

    async def refresh(self) -> None:
        """How the server is now.

        Raises `ServerChangedError`, `WrongRoleError`, and `TargetError` also for a server that is loading.
        """
        # Timed without what it takes to connect.
        (reply,), seconds = await self._connection.timed_pipeline([("PING",)])
        value_of(reply)
        self.no_touch = self._connection.is_untouching
        self._pace.note_round_trip(seconds)
        server = await condition.observe(self._connection, self._clock.now())
        self._connects = self._connection.connects
        self._looked_at = self._clock.monotonic()
        if self.run_id and server.run_id != self.run_id:
            raise ServerChangedError
        if not self._is_ours(server):
            raise WrongRoleError
        self.server = server
        if server.loading:
            raise TargetError(Reason.LOADING, f"{self._connection.target.address}: loading the dataset")

    def _is_ours(self, server: ServerInfo) -> bool:
        if self._run_on == "any":
            return True
        if self._run_on == LINKED_REPLICA:
            return condition.is_replica(server) and (server.is_linked or server.loading)
        return condition.is_replica(server) == (self._run_on == "replica")

    @property
    def is_strained(self) -> bool:
        """Whether the server is to be spared."""
        return condition.is_strained(self.server)
