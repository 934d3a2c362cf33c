"""Cluster nodes are read from what one of them knows of all.

Sources of the formats: https://redis.io/docs/latest/commands/ (cluster-shards, cluster-slots, cluster-nodes);
clusterGenNodesDescription and addShardReplyForClusterShards in src/cluster.c of Redis 7.0.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from exporter.discovery.asking import text

# A node of which these are said has no address yet, or none any more.
_UNKNOWN: Final = frozenset({"noaddr", "handshake"})
# A node that is to be called by its hostname, and has none.
_NO_HOSTNAME: Final = "?"


@dataclass(frozen=True, slots=True)
class Node:
    """One node as the cluster announces it.

    `endpoint` is the host by which the cluster wants it to be reached: empty for that which was asked. `ip`
    and `hostname` are what else it is known by. A port is 0 where there is none. A primary that has failed
    and whose slots others have is a replica: as such it comes back.
    """

    id: str
    endpoint: str
    ip: str
    hostname: str
    port: int
    tls_port: int
    is_replica: bool

    @property
    def hosts(self) -> Sequence[str]:
        """All that the node is known by."""
        return (self.endpoint, self.ip, self.hostname)


def read_shards(reply: Any) -> Sequence[Node]:
    """The nodes in a reply of CLUSTER SHARDS, with what they announce; nothing of one that is none."""
    shards = [_fields(shard) for shard in reply] if isinstance(reply, list) else []
    return [node for shard in shards for node in _nodes_of_shard(shard)]


def _nodes_of_shard(shard: Mapping[str, Any]) -> Iterator[Node]:
    listed = shard.get("nodes")
    nodes = [_fields(node) for node in listed] if isinstance(listed, list) else []
    # Before Redis 7.2 a primary that was replaced is a shard of its own, without slots.
    has_primary = any(_word(node.get("role")) == "master" and not _has_failed(node) for node in nodes)
    is_served_by_others = has_primary or not shard.get("slots")
    for fields in nodes:
        node = _node_of_shard(fields)
        if node is not None:
            yield replace(node, is_replica=True) if is_served_by_others and _has_failed(fields) else node


def _has_failed(node: Mapping[str, Any]) -> bool:
    return _word(node.get("health")).startswith("fail")


def _node_of_shard(fields: Mapping[str, Any]) -> Node | None:
    port, tls_port = _port(fields.get("port")), _port(fields.get("tls-port"))
    if not port and not tls_port:
        return None
    ip, hostname = _word(fields.get("ip")), _word(fields.get("hostname"))
    endpoint = _endpoint(fields.get("endpoint"), ip)
    is_replica = _word(fields.get("role")) == "replica"
    return Node(_word(fields.get("id")), endpoint, ip, hostname, port, tls_port, is_replica)


def _endpoint(value: Any, ip: str) -> str:
    """Empty where the client is to stay with the host that it has asked."""
    endpoint = _word(value)
    return ip if endpoint == _NO_HOSTNAME else endpoint


def read_nodes(reply: str, *, over_tls: bool) -> Sequence[Node]:
    """The nodes in a reply of CLUSTER NODES that was asked for with or without TLS.

    It does not tell which host is preferred: the hostname where TLS is used, since certificates bear names.
    """
    return list(_read_lines(reply, over_tls))


def _read_lines(reply: str, over_tls: bool) -> Iterator[Node]:
    for line in reply.splitlines():
        fields = line.split()
        flags = set(fields[2].split(",")) if len(fields) >= 8 else _UNKNOWN
        if flags & _UNKNOWN:
            continue
        where, _, extra = fields[1].partition("@")
        host, _, digits = where.rpartition(":")
        # After the port of the bus: the hostname, and from Redis 7.2 on key=value pairs.
        hostname = next((part for part in extra.split(",")[1:] if part and "=" not in part), "")
        ip, port = host.strip("[]"), _port(digits)
        if port:
            endpoint = hostname if over_tls and hostname else ip
            ports = (0, port) if over_tls else (port, 0)
            is_replaced = "fail" in flags and len(fields) == 8
            yield Node(fields[0], endpoint, ip, hostname, *ports, "slave" in flags or is_replaced)


def prefer_slots(nodes: Sequence[Node], reply: Any) -> Sequence[Node]:
    """Return the same nodes, with the hosts that a reply of CLUSTER SLOTS prefers.

    That knows only nodes with slots, and their replicas.
    """
    endpoints: dict[str, Any] = {}
    for entry in reply if isinstance(reply, list) else ():
        for node in entry[2:] if isinstance(entry, list) else ():
            if isinstance(node, list) and len(node) >= 3:
                endpoints[text(node[2])] = node[0]
    return [
        replace(node, endpoint=_endpoint(endpoints[node.id], node.ip)) if node.id in endpoints else node
        for node in nodes
    ]


def _fields(pairs: Any) -> Mapping[str, Any]:
    """Return the pairs of a flat list of names and values."""
    if not isinstance(pairs, list):
        return {}
    return {text(name): value for name, value in zip(pairs[::2], pairs[1::2], strict=False)}


def _word(value: Any) -> str:
    return "" if value is None else text(value).strip("[]")


def _port(value: Any) -> int:
    digits = _word(value)
    is_port = digits.isascii() and digits.isdecimal() and len(digits) <= 5
    return int(digits) if is_port and int(digits) < 65_536 else 0
