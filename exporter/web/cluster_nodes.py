"""`/discover-cluster-nodes`: the nodes of a cluster for Prometheus' http_sd, as redis_exporter lists them.

Source: discoverClusterNodesHandler in exporter/http.go of https://github.com/oliver006/redis_exporter. It
knows one cluster; here `target` names a node of the one that is meant, else all that are watched are listed.
"""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from exporter.config.web import WebSection
from exporter.connection import Connection
from exporter.discovery.asking import Informants, require_few, text
from exporter.discovery.cluster_nodes import read_nodes
from exporter.errors import DiscoveryError, TargetError
from exporter.model.target import Address, Target
from exporter.web.asked_target import ProbeError, find_target
from exporter.web.directory import CurrentConfig, Targets
from exporter.web.json_pieces import json_response

PATH: Final = "/discover-cluster-nodes"
_MAX_AT_ONCE: Final = 4
_CLUSTER_LABEL: Final = "cluster"
_NO_CLUSTER: Final = (
    "The discovery endpoint is only available on a redis cluster: no server that is watched is a node of one"
)


def routes(targets: Targets, current: CurrentConfig) -> Sequence[Route]:
    """The route."""
    room = asyncio.Semaphore(_MAX_AT_ONCE)

    async def discover(request: Request) -> Response:
        asked = request.query_params.get("target", "")
        try:
            async with room:
                nodes = await _nodes_of(asked, targets, current.config.web)
        except ProbeError as error:
            return PlainTextResponse(f"{error}\n", error.status)
        except (DiscoveryError, TargetError) as error:
            return PlainTextResponse(f"Couldn't fetch the cluster's nodes: {error}\n", 500)
        return await json_response([{"targets": nodes, "labels": {}}])

    return (Route(PATH, discover, methods=["GET"]),)


async def _nodes_of(asked: str, targets: Targets, web: WebSection) -> list[str]:
    """The URLs of all nodes of one cluster, or of all that are watched; each once."""
    if asked:
        _, target = find_target(asked, targets.runners, web.probe_allow)
        return await _ask([target], web.cluster_hostnames)
    groups = list(_clusters(targets))
    if not groups:
        raise ProbeError(400, _NO_CLUSTER)
    found: dict[str, None] = {}
    for group in groups:
        # A node without the label of a cluster may be one of those that others have named.
        if str(group[0].address) not in found:
            found |= dict.fromkeys(await _ask(group, web.cluster_hostnames))
    return list(found)


def _clusters(targets: Targets) -> Iterator[Sequence[Target]]:
    """The nodes that are watched, by their clusters as far as these are known."""
    groups: dict[str, list[Target]] = {}
    for runner in targets.runners:
        if runner.facts.server.cluster_enabled:
            name = runner.target.labels.get(_CLUSTER_LABEL)
            groups.setdefault(name or str(runner.target.address), []).append(runner.target)
    yield from groups.values()


async def _ask(nodes: Sequence[Target], hostnames: bool) -> list[str]:
    """What the first that answers lists; raises `DiscoveryError`, and `ProbeError` for a server alone."""

    async def question(connection: Connection) -> list[str]:
        address = connection.target.address
        lines = text(await connection.execute("CLUSTER", "NODES"))
        require_few(lines.count("\n"), address)
        return [
            str(_address(host, node.tls_port or node.port, address))
            for node in read_nodes(lines, over_tls=address.tls)
            if (host := (node.hostname if hostnames else "") or node.ip or address.host)
        ]

    return await Informants(nodes).ask(question)


def _address(host: str, port: int, asked: Address) -> Address:
    return Address(host, port, tls=asked.tls)
