"""Replies of CLUSTER SHARDS, SLOTS and NODES, as servers give them."""

from typing import Any

import pytest

from exporter.discovery.cluster_nodes import Node, prefer_slots, read_nodes, read_shards

NODES = """\
07c37df 127.0.0.1:30004@31004,hostname4 slave e7d1eec 0 1426238317239 4 connected
67ed2db 127.0.0.1:30002@31002,,tls-port=0,shard-id=ab34 master - 0 1426238316232 2 connected 5461-10922
292f8b3 [2001:db8::1]:30003@31003 master,fail - 0 1426238318243 3 disconnected 10923-16383
6ec2392 :0@0 master,noaddr - 0 0 5 disconnected
7ec2392 10.0.0.9:30009@0 handshake - 0 0 5 disconnected
e7d1eec :30001@31001 myself,master - 0 0 1 connected 0-5460
"""


def shard(*nodes: dict[str, Any], slots: bool = True) -> list[Any]:
    """As a server of RESP2 writes one shard."""
    flat = [[item for pair in node.items() for item in (pair[0].encode(), pair[1])] for node in nodes]
    return [b"slots", [0, 8000] if slots else [], b"nodes", flat]


def node(**fields: Any) -> dict[str, Any]:
    known = {"id": b"a", "port": 7000, "ip": b"10.0.0.5", "endpoint": b"10.0.0.5", "role": b"master"}
    return {name.replace("_", "-"): value for name, value in {**known, **fields}.items() if value != "none"}


@pytest.mark.parametrize(
    ("fields", "endpoint"),
    [
        ({}, "10.0.0.5"),
        ({"endpoint": b"redis-1.test", "hostname": b"redis-1.test"}, "redis-1.test"),
        # An unknown endpoint: the one that was asked.
        ({"endpoint": None}, ""),
        ({"endpoint": b""}, ""),
        # A hostname is preferred and the node has none.
        ({"endpoint": b"?", "hostname": b""}, "10.0.0.5"),
        ({"endpoint": b"?", "ip": b""}, ""),
    ],
)
def test_the_preferred_endpoint_of_a_node(fields: dict[str, Any], endpoint: str) -> None:
    (found,) = read_shards([shard(node(**fields))])
    assert found.endpoint == endpoint


def test_ports_and_roles_of_shards() -> None:
    replica = node(id=b"b", role=b"replica", tls_port=7001, health=b"fail")
    only_tls = node(id=b"c", port="none", tls_port=7002)
    nowhere = node(id=b"d", port="none")
    found = read_shards([shard(node(), replica), shard(only_tls, nowhere)])
    assert [(one.id, one.port, one.tls_port, one.is_replica) for one in found] == [
        ("a", 7000, 0, False),
        ("b", 7000, 7001, True),
        ("c", 0, 7002, False),
    ]


def test_a_primary_that_was_replaced_is_a_replica() -> None:
    gone, heir = node(id=b"gone", health=b"fail"), node(id=b"heir", health=b"online")
    replica = node(id=b"replica", role=b"replica", health=b"fail")
    added = node(id=b"added", health=b"online")

    def primaries(*shards: list[Any]) -> list[str]:
        return [one.id for one in read_shards(list(shards)) if not one.is_replica]

    # Redis 7.0, and from 7.2 on.
    assert primaries(shard(heir), shard(gone, slots=False)) == ["heir"]
    assert primaries(shard(gone, heir)) == ["heir"]
    # Nobody has taken over, and one that has no slots yet.
    assert primaries(shard(gone, replica), shard(added, slots=False)) == ["gone", "added"]
    line = "a 10.0.0.1:1@2 master,fail - 0 0 1 disconnected"
    lines = f"{line}\n{line} 0-9\n"
    assert [one.is_replica for one in read_nodes(lines, over_tls=False)] == [True, False]


@pytest.mark.parametrize("reply", [None, 7, b"x", [], [7], [[b"nodes"]], [[b"nodes", [7, [b"port", b"x"]]]]])
def test_what_is_no_reply_of_shards(reply: Any) -> None:
    assert read_shards(reply) == []


def test_nodes_without_tls() -> None:
    assert list(read_nodes(NODES, over_tls=False)) == [
        Node("07c37df", "127.0.0.1", "127.0.0.1", "hostname4", 30004, 0, True),
        Node("67ed2db", "127.0.0.1", "127.0.0.1", "", 30002, 0, False),
        Node("292f8b3", "2001:db8::1", "2001:db8::1", "", 30003, 0, False),
        Node("e7d1eec", "", "", "", 30001, 0, False),
    ]


def test_nodes_over_tls_have_their_hostnames_since_certificates_do() -> None:
    first, second, *_ = read_nodes(NODES, over_tls=True)
    assert (first.endpoint, first.tls_port) == ("hostname4", 30004)
    assert second.endpoint == "127.0.0.1"


def test_the_endpoints_that_slots_prefer() -> None:
    nodes = read_nodes(NODES, over_tls=False)
    slots = [
        [0, 5460, [b"one.test", 30001, b"e7d1eec", [b"ip", b"10.0.0.1"]], [None, 30004, b"07c37df", []]],
        [5461, 10922, [b"?", 30002, b"67ed2db"]],
        [7],
        7,
    ]
    assert {one.id: one.endpoint for one in prefer_slots(nodes, slots)} == {
        "07c37df": "",
        "67ed2db": "127.0.0.1",
        "292f8b3": "2001:db8::1",
        "e7d1eec": "one.test",
    }
    assert prefer_slots(nodes, RuntimeError("refused")) == nodes
