"""`/discover-cluster-nodes` on a real cluster of two nodes, and of a server that is none."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import pytest
from starlette.applications import Starlette

from exporter.clock import SystemClock
from exporter.config.main import Config
from exporter.config.samplers import SamplersSection
from exporter.model.labels import Labels
from exporter.model.target import Address, Target
from exporter.samplers.registry import SAMPLERS
from exporter.samplers.runner import TargetRunner
from exporter.samplers.slot import SamplerPlan
from exporter.store import Store
from exporter.web import cluster_nodes
from tests.conftest import StartServer
from tests.live.daemon import wait_until
from tests.samplers.sampling import run_async
from tests.servers import RealServer, free_port

HOSTNAMES = ("one.example.com", "")


@dataclass
class Watched:
    """Some servers that have been sampled once, and a configuration."""

    runners: Sequence[TargetRunner]
    config: Config


@asynccontextmanager
async def asked(
    *targets: Target, hostnames: bool = False, allow: Sequence[str] = ()
) -> AsyncIterator[httpx.AsyncClient]:
    plans = [SamplerPlan(spec, SamplersSection().info, 15.0, 2.0) for spec in SAMPLERS if spec.name == "info"]
    runners = [
        TargetRunner(one, plans, store=Store(), clock=SystemClock(), timeout_seconds=2.0) for one in targets
    ]
    for runner in runners:
        await runner.check_health()
    web = {"cluster_hostnames": hostnames, "probe_allow": list(allow)}
    watched = Watched(runners, Config.model_validate({"web": web}))
    app = Starlette(routes=list(cluster_nodes.routes(watched, watched)))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://vigil") as client:
        yield client
    for runner in runners:
        await runner.close()


def target(server: RealServer, **labels: str) -> Target:
    return Target(server.instance, Address(server.host, server.port), labels=Labels(labels))


@pytest.fixture
def cluster(start_server: StartServer) -> Sequence[RealServer]:
    nodes = [start_server("--cluster-enabled", "yes") for _ in HOSTNAMES]
    nodes[0].command("CLUSTER", "MEET", "127.0.0.1", nodes[1].port)
    for node, hostname in zip(nodes, HOSTNAMES, strict=True):
        node.command("CONFIG", "SET", "cluster-announce-hostname", hostname)
    # Each knows its own address when the other one has told.
    wait_until(lambda: all(_knows_both(node) for node in nodes), 30.0, "both know each other")
    return nodes


def _knows_both(node: RealServer) -> bool:
    text = str(node.client.execute_command("CLUSTER", "NODES"))
    return text.count("127.0.0.1:") == 2 and HOSTNAMES[0] in text and "handshake" not in text


def test_the_nodes_of_the_clusters_that_are_watched(cluster: Sequence[RealServer]) -> None:
    async def scenario() -> None:
        urls = {node.url for node in cluster}
        for targets in ([target(cluster[0])], [target(one) for one in cluster]):
            async with asked(*targets) as client:
                answer = await client.get(cluster_nodes.PATH)
                assert answer.headers["content-type"] == "application/json"
                (group,) = answer.json()
                assert group["labels"] == {}
                assert sorted(group["targets"]) == sorted(urls)
        one, two = cluster
        async with asked(target(one, cluster="shop"), target(two, cluster="shop"), hostnames=True) as client:
            (group,) = (await client.get(cluster_nodes.PATH)).json()
            assert sorted(group["targets"]) == sorted([f"redis://one.example.com:{one.port}", two.url])

    run_async(scenario)


def test_the_cluster_of_a_server_that_is_named(cluster: Sequence[RealServer], server: RealServer) -> None:
    async def scenario() -> None:
        one, two = cluster
        async with asked(target(one), target(server), allow=[f".*:{two.port}"]) as client:
            for name in (one.instance, one.url, two.url):
                (group,) = (await client.get(cluster_nodes.PATH, params={"target": name})).json()
                assert sorted(group["targets"]) == sorted([one.url, two.url])
            stranger = await client.get(cluster_nodes.PATH, params={"target": f"127.0.0.1:{free_port()}"})
            assert stranger.status_code == 403
            assert "web.probe_allow does not match" in stranger.text
            alone = await client.get(cluster_nodes.PATH, params={"target": server.url})
            assert alone.status_code == 500
            assert alone.text.startswith("Couldn't fetch the cluster's nodes: ")

    run_async(scenario)


def test_without_a_cluster(server: RealServer) -> None:
    async def scenario() -> None:
        async with asked(target(server)) as client:
            answer = await client.get(cluster_nodes.PATH)
            assert answer.status_code == 400
            assert answer.text.startswith("The discovery endpoint is only available on a redis cluster")

    run_async(scenario)
