"""The nodes of a Redis Cluster.

Source of the format: https://redis.io/docs/latest/commands/cluster-nodes/.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from exporter.config.discovery import CLUSTER_LABEL, ClusterSection
from exporter.connection import Connection
from exporter.discovery.asking import ask_any, text
from exporter.discovery.base import Template
from exporter.model.target import Address, Target

# A node of which these are said has no address yet, or none any more.
_UNKNOWN: Final = frozenset({"noaddr", "handshake"})


class ClusterSource:
    """Asks one node for all; a failed node stays in the list, since that it is down is news."""

    def __init__(self, section: ClusterSection) -> None:
        self.name = f"cluster {', '.join(map(str, section.urls))}"
        self.interval_seconds = section.refresh_interval.seconds
        self._replicas = section.replicas
        self._labels = {CLUSTER_LABEL: section.cluster_name}
        self._seeds = [Template.of(section, url).make(url.address, {}) for url in section.urls]
        # What the nodes are asked with is what the first URL or the section says.
        self._template = Template.of(section, section.urls[0])

    async def find(self) -> Sequence[Target]:
        """The nodes, as the first of the given ones that answers lists them."""
        return await ask_any(self._seeds, self._ask)

    async def _ask(self, connection: Connection) -> Sequence[Target]:
        reply = text(await connection.execute("CLUSTER", "NODES"))
        seed = connection.target.address
        return [
            self._template.make(address, self._labels)
            for address in read_nodes(reply, seed, replicas=self._replicas)
        ]


def read_nodes(reply: str, seed: Address, *, replicas: bool) -> Iterator[Address]:
    """The addresses in a reply of CLUSTER NODES; a node that does not know its own address has the seed's."""
    for line in reply.splitlines():
        fields = line.split()
        if len(fields) < 8:
            continue
        flags = set(fields[2].split(","))
        if flags & _UNKNOWN or (not replicas and "slave" in flags):
            continue
        where, _, _ = fields[1].partition("@")
        host, _, port = where.rpartition(":")
        if port.isdecimal() and int(port):
            yield replace(seed, host=host.strip("[]") or seed.host, port=int(port), path="", database=0)
