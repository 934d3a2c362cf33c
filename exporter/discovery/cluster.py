"""The nodes of a Redis Cluster."""

import time
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any, Final

from exporter.config.discovery import CLUSTER_LABEL, ClusterSection
from exporter.connection import Connection
from exporter.discovery.addresses import AddressMap
from exporter.discovery.asking import Informants, require_few, text
from exporter.discovery.base import Finding, Found, Template
from exporter.discovery.cluster_nodes import Node, prefer_slots, read_nodes, read_shards
from exporter.errors import UNSUPPORTED_REASONS, Reason, ReplyError, TargetError
from exporter.model.target import Address

# CLUSTER SHARDS is of Redis 7.0; who does not know it, or refuses it, is asked again after this long.
_RETRY_SECONDS: Final = 600.0


class ClusterSource:
    """Asks one node for all; a failed node stays in the list, since that it is down is news."""

    def __init__(self, section: ClusterSection) -> None:
        self.name = f"cluster {', '.join(map(str, section.urls))}"
        self.interval_seconds = section.refresh_interval.seconds
        self.refused: Sequence[str] = ()
        self._replicas = section.replicas
        self._labels = {CLUSTER_LABEL: section.cluster_name}
        self._cluster_name = section.labels.get(CLUSTER_LABEL, section.cluster_name)
        self._addresses = AddressMap(section.addresses)
        self._over_tls = section.server_tls
        # What the nodes are asked with is what the first URL or the section says.
        self._template = Template.of_servers(section, section.urls[0])
        seeds = [Template.of(section, url).access(url.address) for url in section.urls]
        self.informants = Informants(seeds, self._template.access)
        self._no_shards_until = 0.0

    async def find(self) -> Sequence[Found]:
        """The nodes, as the first that answers lists them."""
        nodes, asked = await self.informants.ask(self._ask)
        findings = [(node, self._finding(node, asked)) for node in nodes]
        self.informants.learn(finding.address for _, finding in findings)
        made = self._template.make_all(
            [finding for node, finding in findings if self._replicas or not node.is_replica]
        )
        self.refused = made.refused
        return made.found

    async def _ask(self, connection: Connection) -> tuple[Sequence[Node], Address]:
        asked = connection.target.address
        if time.monotonic() >= self._no_shards_until:
            (shards,) = await connection.pipeline([("CLUSTER", "SHARDS")])
            require_few(len(shards) if isinstance(shards, list) else 0, asked)
            if nodes := read_shards(_checked(shards, asked, UNSUPPORTED_REASONS)):
                require_few(len(nodes), asked)
                return nodes, asked
            self._no_shards_until = time.monotonic() + _RETRY_SECONDS
        reply, slots = await connection.pipeline([("CLUSTER", "NODES"), ("CLUSTER", "SLOTS")])
        lines = text(_checked(reply, asked))
        require_few(lines.count("\n"), asked)
        nodes = read_nodes(lines, over_tls=asked.tls)
        if not nodes:
            # A node lists itself at least.
            raise TargetError(Reason.PROTOCOL, f"{asked}: does not list the nodes of its cluster")
        return prefer_slots(nodes, slots), asked

    def _finding(self, node: Node, asked: Address) -> Finding:
        """Return a node as a finding, with the address that it has as seen from the node that named it."""
        ports = (node.tls_port, node.port) if self._over_tls else (node.port, node.tls_port)
        port = ports[0] or ports[1]
        host = node.endpoint or asked.host
        place = self._addresses.find(node.hosts, port) or (host, port)
        address = replace(asked, host=place[0], port=place[1], path="", database=0, tls=self._over_tls)
        facts = {
            "source": "cluster",
            "cluster": self._cluster_name,
            "role": "replica" if node.is_replica else "master",
            "node_id": node.id,
            "announced_host": host,
            "announced_port": str(port),
        }
        return Finding(address, self._labels, facts)


def _checked(reply: Any, asked: Address, accepted: Collection[Reason] = ()) -> Any:
    """A reply; raises `TargetError` for an error of other kinds than those accepted."""
    if isinstance(reply, ReplyError) and reply.reason not in accepted:
        raise TargetError(reply.reason, f"{asked}: {reply}")
    return reply
