"""CLUSTER INFO: how a node sees its cluster."""

from typing import Final

from exporter.connection import Connection
from exporter.model.sample import Family, Kind
from exporter.samplers.base import SamplerContext, SamplerSpec
from exporter.samplers.info.parser import parse_number, split_lines

# Kinds of messages on the cluster bus, as `clusterGetMessageTypeString` in cluster.c names them.
_MESSAGES: Final = (
    "ping",
    "pong",
    "meet",
    "fail",
    "publish",
    "publishshard",
    "auth-req",
    "auth-ack",
    "update",
    "mfstart",
    "module",
)
_RENAMED: Final = {
    "cluster_stats_messages_sent": "cluster_messages_sent_total",
    "cluster_stats_messages_received": "cluster_messages_received_total",
}
_FIELDS: Final = (
    "cluster_state",
    "cluster_slots_assigned",
    "cluster_slots_ok",
    "cluster_slots_pfail",
    "cluster_slots_fail",
    "cluster_nodes_pfail",
    "cluster_nodes_fail",
    "cluster_voting_nodes_pfail",
    "cluster_voting_nodes_fail",
    "cluster_known_nodes",
    "cluster_size",
    "cluster_current_epoch",
    "cluster_my_epoch",
    *_RENAMED,
    *(f"cluster_stats_messages_{kind}_{way}" for kind in _MESSAGES for way in ("sent", "received")),
    "total_cluster_links_buffer_limit_exceeded",
)
FAMILIES: Final = {
    field: Family(
        f"redis_{_RENAMED.get(field, field).replace('-', '_')}",
        Kind.GAUGE,
        f"CLUSTER INFO field {field}.",
    )
    for field in _FIELDS
}


class ClusterSampler:
    """Reads CLUSTER INFO of one node."""

    def __init__(self, context: SamplerContext) -> None:
        self._table = context.table
        self._facts = context.facts

    async def sample(self, connection: Connection, at: float) -> None:
        """One pass (see `Sampler`); nothing where the server is not part of a cluster."""
        if not self._facts.cluster_enabled:
            return
        reply = await connection.execute("CLUSTER", "INFO")
        for line in split_lines(reply) if isinstance(reply, bytes) else ():
            field, _, text = line.partition(":")
            family, value = FAMILIES.get(field), parse_number(text)
            if family is not None and value is not None:
                self._table.set(family, value)

    async def close(self) -> None:
        """Nothing to let go of."""


SPEC: Final = SamplerSpec("cluster", tuple(FAMILIES.values()), ClusterSampler)
