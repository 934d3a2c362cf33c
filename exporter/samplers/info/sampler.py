"""The INFO sampler: one command, all sections, under redis_exporter's names."""

from typing import Final

from exporter.config.samplers.info import InfoSection
from exporter.connection import Client, Command, Reply, value_of
from exporter.errors import Reason, ReplyError, TargetError
from exporter.samplers.info.command_times import CommandTimes
from exporter.samplers.info.fields.catalogue import FAMILIES
from exporter.samplers.info.reading import InfoReader
from exporter.samplers.info.sections import cluster, tile38
from exporter.sampling import keyspace_stats
from exporter.sampling.base import SamplerContext, SamplerSpec
from exporter.sampling.server_info import ServerInfo

_CLUSTER_INFO: Final = "CLUSTER INFO"
_CLUSTER_NODES: Final = "CLUSTER NODES"
# A server that does not know `INFO ALL` answers to a plain `INFO`.
_NOT_ALL: Final = frozenset({Reason.REPLY, Reason.UNKNOWN_COMMAND})


class InfoSampler:
    """Reads INFO of one server."""

    def __init__(self, context: SamplerContext[InfoSection]) -> None:
        self._table = context.table
        self._facts = context.facts
        self._support = context.support
        self._reader = InfoReader(context)
        # Whether the server tells all sections at once, and which connection it was that told so.
        self._knows_all = True
        self._connects = 0

    async def sample(self, connection: Client, at: float) -> None:
        """Run one pass (see `Sampler`)."""
        reply, cluster_reply = await self._ask(connection)
        await self._read(reply, connection, at)
        if connection.connects != self._connects:
            # Another server may answer by now.
            self._knows_all = self._knows_all or self._connects > 0
            self._connects = connection.connects
        if isinstance(cluster_reply, bytes):
            cluster.write_cluster(cluster_reply, self._table)
            self._facts.slots.note_epochs(*cluster.epochs(cluster_reply))
        if self._facts.server.engine == "tile38":
            await self._ask_tile38(connection)
        await self._update_slots(connection)

    async def close(self) -> None:
        """Do nothing: there is no connection of its own."""

    async def _ask(self, connection: Client) -> tuple[bytes, Reply]:
        """Return the replies to INFO, and to CLUSTER INFO where the server is part of a cluster."""
        asked: list[Command] = [("INFO", "ALL") if self._knows_all else ("INFO",)]
        if self._facts.server.cluster_enabled and self._support.is_due(_CLUSTER_INFO):
            asked.append(("CLUSTER", "INFO"))
        reply, *rest = await connection.pipeline(asked)
        if not reply or (isinstance(reply, ReplyError) and reply.reason in _NOT_ALL and self._knows_all):
            self._knows_all = False
            reply = await connection.execute("INFO")
        cluster_reply = self._support.check_reply(_CLUSTER_INFO, rest[0]) if rest else None
        return _as_text(reply, connection), cluster_reply

    async def _read(self, reply: bytes, connection: Client, at: float) -> None:
        try:
            await self._reader.read(reply, at)
        except TargetError:
            if not self._knows_all:
                raise
            # Some servers answer with next to nothing to a section that they do not know.
            await self._reader.read(_as_text(await connection.execute("INFO"), connection), at)
            self._knows_all = False

    async def _ask_tile38(self, connection: Client) -> None:
        """Ask Tile38 what it tells by a command of its own."""
        command = ("SERVER", "EXT")
        answers = await self._support.ask(connection, {tile38.NAME: command}, required=False)
        tile38.write_statistics(answers.get(tile38.NAME), self._table)

    async def _update_slots(self, connection: Client) -> None:
        """Learn now and then which slots this node of a cluster holds."""
        slots = self._facts.slots
        if self._facts.server.cluster_enabled and slots.is_due and self._support.is_due(_CLUSTER_NODES):
            (nodes,) = await connection.pipeline([("CLUSTER", "NODES")])
            slots.update(self._support.check_reply(_CLUSTER_NODES, nodes))


def _as_text(reply: Reply, connection: Client) -> bytes:
    text = value_of(reply)
    if not isinstance(text, bytes):
        raise TargetError(Reason.PROTOCOL, f"{connection.target.address}: INFO did not answer with a text")
    return text


SPEC: Final = SamplerSpec(
    "info",
    InfoSection,
    (*FAMILIES, *keyspace_stats.FAMILIES),
    InfoSampler,
    decides_up=True,
    needs=(),
    provides=(ServerInfo, CommandTimes),
    on_sentinel=True,
)
