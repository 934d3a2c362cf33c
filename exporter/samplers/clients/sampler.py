"""The clients sampler: CLIENT LIST, unless the list would be long."""

from typing import Final

from exporter.config.samplers.clients import ClientsSection
from exporter.connection import Client
from exporter.errors import Reason, TargetError
from exporter.model.sample import Family, Kind
from exporter.samplers.clients import aggregate, connections
from exporter.samplers.clients.changes import ClientChanges, note_authors
from exporter.samplers.clients.entry import ClientList
from exporter.sampling.base import SamplerContext, SamplerSpec

LISTED: Final = Family(
    "redis_clients_listed",
    Kind.GAUGE,
    "Connections that are counted one by one; 0 where there are too many of them.",
)
_LIST: Final = "CLIENT LIST"
_LABELS: Final = ("name", "user", "host", "db", "library")


# A list of so many connections is asked for in each pass; a longer one less often in proportion, so that what
# it costs the server and us stays the same.
_CLIENTS_PER_PASS: Final = 250


class ClientsSampler:
    """Counts the connections of one server."""

    def __init__(self, context: SamplerContext[ClientsSection]) -> None:
        self._settings = context.settings
        self._table = context.table
        self._facts = context.facts
        self._support = context.support
        self._caps = {label: context.new_cap(label, self._settings.max_values) for label in _LABELS}
        self._ids = context.new_cap("id", self._settings.max_connections)
        self._passes_to_skip = 0
        self._changes = ClientChanges(context.events)
        self._clock = context.clock

    async def sample(self, connection: Client, at: float) -> None:
        """One pass (see `Sampler`)."""
        settings, table = self._settings, self._table
        if self._facts.server.connected_clients > settings.max_clients:
            table.set(LISTED, 0.0)
            return
        if self._passes_to_skip > 0:
            self._passes_to_skip -= 1
            table.carry_over()
            return
        answers = await self._support.ask(connection, {_LIST: ("CLIENT", "LIST")})
        reply = answers[_LIST]
        if not isinstance(reply, bytes):
            raise TargetError(Reason.PROTOCOL, "CLIENT LIST did not answer with a text")
        clients = ClientList(reply, settings.max_clients)
        self._passes_to_skip = len(clients) // _CLIENTS_PER_PASS
        table.set(LISTED, float(len(clients)))
        await aggregate.write_aggregate(clients, table, self._caps)
        self._changes.note(clients, self._clock.monotonic())
        note_authors(clients, self._facts.authors, at)
        if settings.per_connection:
            limit = settings.max_connections
            await connections.write_connections(
                clients, table, at, limit=limit, with_port=settings.include_port
            )
            self._ids.leave_out(len(clients) - limit)

    async def close(self) -> None:
        """Nothing to let go of."""


SPEC: Final = SamplerSpec(
    "clients",
    ClientsSection,
    (LISTED, *aggregate.FAMILIES, *connections.FAMILIES),
    ClientsSampler,
    on_sentinel=True,
)
