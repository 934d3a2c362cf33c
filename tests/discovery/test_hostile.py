"""Clusters and sentinels whose answers are endless, huge or none: the source says why."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from exporter.config.discovery import ClusterSection, DiscoverySection, SentinelSection
from exporter.discovery.base import Finding, Template
from exporter.discovery.cluster import ClusterSource
from exporter.discovery.manager import build_sources
from exporter.discovery.sentinel import SentinelSource
from exporter.errors import DiscoveryError, Reason
from exporter.model.target import Address
from tests.samplers.canned import canned_server

_NODE = "%040x 10.0.%d.%d:6379@16379 master - 0 0 1 connected %d\n"
_NODES = "".join(_NODE % (n, n // 250, n % 250, n) for n in range(20_000))
_LISTED = [[b"id", b"a", b"port", 6379, b"ip", b"10.0.0.1", b"role", b"master"]]
_SHARD = [b"slots", [0, 1], b"nodes", _LISTED]
_MASTER = [b"name", b"m", b"ip", b"10.0.0.1", b"port", b"6379"]


def failure(kind: type[ClusterSource] | type[SentinelSource], replies: Mapping[str, Any]) -> DiscoveryError:
    """How a round ends with one server that answers so."""

    async def story() -> DiscoveryError:
        async with canned_server(dict(replies)) as port:
            section = {"urls": [f"redis://127.0.0.1:{port}"]}
            source = (
                ClusterSource(ClusterSection.model_validate({"name": "c", **section}))
                if kind is ClusterSource
                else SentinelSource(SentinelSection.model_validate(section))
            )
            with pytest.raises(DiscoveryError) as caught:
                await source.find()
            return caught.value

    return asyncio.run(story())


@pytest.mark.parametrize(
    ("replies", "words"),
    [
        ({"CLUSTER SHARDS": Exception("ERR unknown command"), "CLUSTER NODES": _NODES}, "more than 2,000"),
        ({"CLUSTER SHARDS": [_SHARD] * 2_001}, "more than 2,000"),
        ({"CLUSTER SHARDS": [[b"nodes", _LISTED * 2_001]]}, "more than 2,000"),
        ({"CLUSTER": b"!*2147483647\r\n:1\r\n"}, "elements"),
        ({"CLUSTER": b"!$999999999\r\n" + b"x" * 100_000}, "too large"),
    ],
)
def test_a_cluster(replies: Mapping[str, Any], words: str) -> None:
    error = failure(ClusterSource, replies)
    assert error.reason is Reason.PROTOCOL
    assert words in str(error)


@pytest.mark.parametrize(
    ("replies", "words"),
    [
        ({"SENTINEL MASTERS": [_MASTER] * 2_001}, "more than 2,000"),
        ({"SENTINEL MASTERS": [_MASTER], "SENTINEL SLAVES": [_MASTER] * 2_001}, "more than 2,000"),
        ({"SENTINEL MASTERS": 5}, "does not answer as a sentinel"),
        ({"SENTINEL MASTERS": [7]}, "does not answer as a sentinel"),
        ({"SENTINEL MASTERS": [None]}, "does not answer as a sentinel"),
    ],
)
def test_a_sentinel(replies: Mapping[str, Any], words: str) -> None:
    error = failure(SentinelSource, replies)
    assert error.reason is Reason.PROTOCOL
    assert words in str(error)


# What a cluster, a sentinel or an API server may announce as the host of a server.
NO_HOSTS = [
    "",
    "?",
    "a b",
    "a\nb",
    "a\0b",
    "\ud800",
    "h" * 256,
    "http://x",
    "u@h",
    "h/1?x",
    "[::1]",
    "a:b",
    "$(x)",
]


@pytest.mark.parametrize("host", NO_HOSTS)
def test_what_is_announced_as_a_host_and_is_none_costs_itself(host: str) -> None:
    template = Template.of(SentinelSection.model_validate({"urls": ["redis://s:26379"]}))
    hosts = [host, "good", "fd00::1", "bücher.example"]
    made = template.make_all([Finding(Address(host=one, port=7)) for one in hosts])
    assert [found.target.instance for found in made.found] == ["good:7", "[fd00::1]:7", "bücher.example:7"]
    (refused,) = made.refused
    assert refused.isprintable()
    assert len(refused) < 300


def test_labels_and_names_that_no_page_could_be_written_with_are_mended() -> None:
    template = Template.of(
        SentinelSection.model_validate({"urls": ["redis://s:26379"], "instance": "{role}"})
    )
    finding = Finding(Address(host="a", port=7), {"x": "\udcff"}, {"role": "\ud800"})
    (found,) = template.make_all([finding]).found
    assert (found.target.instance, found.target.labels.get("x")) == ("\ufffd", "\ufffd")


def test_sources_that_look_the_same_are_told_apart() -> None:
    servers = [{"names": ["_redis._tcp.example.com"], "nameservers": [f"127.0.0.{n}"]} for n in (1, 2)]
    clusters = [{"api_server": f"https://token@k{n}.example.com"} for n in (1, 2)]
    section = DiscoverySection.model_validate({"dns": servers, "kubernetes": clusters})
    names = [source.name for source in build_sources(section)]
    assert names == [
        "dns SRV _redis._tcp.example.com",
        "dns SRV _redis._tcp.example.com (2)",
        "kubernetes endpointslice everywhere of k1.example.com",
        "kubernetes endpointslice everywhere of k2.example.com",
    ]
